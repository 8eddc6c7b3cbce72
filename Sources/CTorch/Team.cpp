#include "Team.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <atomic>
#include <exception>

namespace {

struct Work {
    const std::function<void(int64_t)> &body;
    const int64_t count;
    std::atomic<int64_t> next = 0;
    std::atomic<bool> failed = false;
    std::exception_ptr failure;

    void run() {
        for (int64_t i; (i = next++) < count && !failed;) {
            try {
                body(i);
            } catch (...) {
                if (!failed.exchange(true)) failure = std::current_exception();
            }
        }
    }
};

using Parallel = void (*)(void (*)(void *), void *, unsigned threads, unsigned flags);

}  // namespace

// The entry that compilers call for `omp parallel`, of the OpenMP that libtorch has loaded: its threads stand ready,
// and a second pool would take the cores from them. By name, because this compiler's own OpenMP is another one. All
// that libtorch is built with have it (GNU's, LLVM's, Intel's); without it the caller does the work alone.
void seehear::share_among_threads(int64_t count, const std::function<void(int64_t)> &body) {
    static const auto parallel = reinterpret_cast<Parallel>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
    Work work{body, count};
    const auto threads = std::min<int64_t>(at::get_num_threads(), count);
    if (parallel != nullptr && threads > 1 && !at::in_parallel_region()) {
        parallel([](void *work) { static_cast<Work *>(work)->run(); }, &work, static_cast<unsigned>(threads), 0);
    } else {
        work.run();
    }
    if (work.failure) std::rethrow_exception(work.failure);
}

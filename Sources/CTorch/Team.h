// Work for the threads that libtorch computes with.
#pragma once

#include <cstdint>
#include <functional>

namespace seehear {

// Calls body with 0 ..< count, each once, from as many threads as libtorch may use, and returns when all are done. What
// a call throws is thrown here; the others then may or may not have run.
void share_among_threads(int64_t count, const std::function<void(int64_t)> &body);

}  // namespace seehear

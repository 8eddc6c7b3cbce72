// What every file of this target shares: handles, and the one place where C++ exceptions end.
#pragma once

#include <ATen/ATen.h>
#include <c10/util/Exception.h>

#include <new>
#include <stdexcept>
#include <string>

#include "include/CTorch.h"

struct SHTensorImpl {
    at::Tensor value;
};

namespace seehear {

// A callback reported failure. The cause travels with it: the backward pass may run on another thread than the one that
// reads sh_last_error.
struct CallbackFailed : std::runtime_error {
    using std::runtime_error::runtime_error;
};

SHStatus remember(SHStatus status, const char *message) noexcept;

// The host's numbers became a tensor, or a tensor the host's numbers: on a device somebody waits for that.
void count_transfer() noexcept;

inline SHTensor own(at::Tensor t) { return new SHTensorImpl{std::move(t)}; }
inline const at::Tensor &in(SHTensor t) {
    TORCH_CHECK(t != nullptr, "a tensor handle is null");
    return t->value;
}
inline std::optional<at::Tensor> maybe(SHTensor t) {
    return t == nullptr ? std::nullopt : std::optional<at::Tensor>(t->value);
}
inline at::IntArrayRef ints(const int64_t *p, int32_t n) { return {p, static_cast<size_t>(n)}; }
inline at::ScalarType scalar(SHScalarType t) { return static_cast<at::ScalarType>(t); }
inline at::Device device(SHDevice d) {
    return d.cuda_index < 0 ? at::Device(at::kCPU) : at::Device(at::kCUDA, static_cast<at::DeviceIndex>(d.cuda_index));
}

// The host allocator reports exhaustion as a plain c10::Error; its wording is all that tells it from others.
inline bool says_out_of_memory(const std::string &message) {
    return message.find("DefaultCPUAllocator") != std::string::npos ||
           message.find("CUDA out of memory") != std::string::npos ||
           message.find("CUDA error: out of memory") != std::string::npos ||
           message.find("CUDNN_STATUS_ALLOC_FAILED") != std::string::npos ||
           message.find("CUBLAS_STATUS_ALLOC_FAILED") != std::string::npos;
}

template <class Body>
SHStatus guard(Body &&body) noexcept {
    try {
        body();
        return SH_OK;
    } catch (const CallbackFailed &e) {
        return remember(SH_CALLBACK, e.what());
    } catch (const c10::OutOfMemoryError &e) {
        return remember(SH_OUT_OF_MEMORY, e.what_without_backtrace());
    } catch (const c10::Error &e) {
        const char *what = e.what_without_backtrace();
        return remember(says_out_of_memory(what) ? SH_OUT_OF_MEMORY : SH_ERROR, what);
    } catch (const std::bad_alloc &) {
        return remember(SH_OUT_OF_MEMORY, "the host has no memory left");
    } catch (const std::exception &e) {
        return remember(SH_ERROR, e.what());
    } catch (...) {
        return remember(SH_ERROR, "an unknown C++ exception");
    }
}

// An operation with one tensor as its result.
template <class Body>
SHStatus make(SHTensor *out, Body &&body) noexcept {
    return guard([&] { *out = own(body()); });
}

}  // namespace seehear

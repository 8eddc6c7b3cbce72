// The library itself: versions, threads, and the CUDA half that is opened at run time.
#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <dlfcn.h>
#include <torch/version.h>

#include <cstdlib>

#include "Guard.h"
#include "HostMemory.h"

using namespace seehear;

const char *sh_version(void) { return TORCH_VERSION; }

const char *sh_cpu_capability(void) {
    static const std::string name = [] {
        try {
            return at::get_cpu_capability();
        } catch (...) {
            return std::string("unknown");
        }
    }();
    return name.c_str();
}

// With what oneDNN uses: AVX-512 BF16 or AMX.
bool sh_cpu_multiplies_bf16(void) {
    return std::string_view(sh_cpu_capability()) == "AVX512" && __builtin_cpu_supports("avx512bf16");
}

SHStatus sh_configure_host(void) {
    return guard([] {
        // Activations of hundreds of megabytes come and go at every step: with 4 kB pages the kernel spends more time
        // on faulting them in than some layers on computing. libtorch reads this once, at its first allocation.
        setenv("THP_MEM_ALLOC_ENABLE", "1", 0);
        keep_host_memory();
        // Without it cuBLAS may give other bits for the same product where streams differ. Read at the first use of
        // CUDA.
        setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 0);
        at::globalContext().setFlushDenormal(false);
    });
}

SHStatus sh_set_threads(int32_t n) {
    return guard([&] {
        TORCH_CHECK(n >= 1, "a thread count must be at least 1, not ", n);
        at::set_num_threads(n);
    });
}
int32_t sh_threads(void) { return at::get_num_threads(); }

SHStatus sh_set_deterministic(bool on) {
    return guard([&] {
        // Not merely a warning: attention's backward kernels heed nothing less.
        at::globalContext().setDeterministicAlgorithms(on, /*warn_only=*/false);
        at::globalContext().setDeterministicFillUninitializedMemory(false);
        at::globalContext().setDeterministicCuDNN(on);
        at::globalContext().setBenchmarkCuDNN(false);
    });
}

SHStatus sh_set_tf32(bool on) {
    return guard([&] {
        at::globalContext().setAllowTF32CuBLAS(on);
        at::globalContext().setAllowTF32CuDNN(on);
        // Sums of products stay in single precision, also where the factors are halves.
        at::globalContext().setAllowFP16ReductionCuBLAS(false);
        at::globalContext().setAllowBF16ReductionCuBLAS(false);
    });
}

SHStatus sh_cuda_load(void) {
    return guard([] {
        static void *library = nullptr;
        if (library == nullptr) {
            // RTLD_GLOBAL: its static initialisers register kernels with the dispatcher that is already loaded.
            library = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
            if (library == nullptr) {
                const char *why = dlerror();
                TORCH_CHECK(false, why != nullptr ? why : "libtorch_cuda.so cannot be opened");
            }
        }
        TORCH_CHECK(at::detail::getCUDAHooks().hasCUDA(),
                    "libtorch_cuda.so is open, but the CUDA driver reports no device");
        at::globalContext().lazyInitDevice(at::kCUDA);
    });
}

SHStatus sh_cuda_count(int32_t *out) {
    return guard([&] { *out = at::detail::getCUDAHooks().hasCUDA() ? at::accelerator::deviceCount() : 0; });
}

// The driver's own interface: libtorch offers a device's name only behind CUDA's headers.
SHStatus sh_cuda_name(int32_t index, char *buffer, size_t capacity, int64_t *total_bytes) {
    return guard([&] {
        void *driver = dlopen("libcuda.so.1", RTLD_NOW);
        TORCH_CHECK(driver != nullptr, "libcuda.so.1 cannot be opened");
        auto get = reinterpret_cast<int (*)(int *, int)>(dlsym(driver, "cuDeviceGet"));
        auto name = reinterpret_cast<int (*)(char *, int, int)>(dlsym(driver, "cuDeviceGetName"));
        auto total = reinterpret_cast<int (*)(size_t *, int)>(dlsym(driver, "cuDeviceTotalMem_v2"));
        TORCH_CHECK(get && name && total, "libcuda.so.1 lacks a function");
        int handle = 0;
        size_t bytes = 0;
        TORCH_CHECK(get(&handle, index) == 0 && name(buffer, static_cast<int>(capacity), handle) == 0 &&
                        total(&bytes, handle) == 0,
                    "the CUDA driver does not answer for device ", index);
        *total_bytes = static_cast<int64_t>(bytes);
    });
}

SHStatus sh_cuda_memory(int32_t index, int64_t *allocated, int64_t *peak, int64_t *reserved) {
    return guard([&] {
        const auto stats = c10::getDeviceAllocator(at::kCUDA)->getDeviceStats(static_cast<c10::DeviceIndex>(index));
        *allocated = stats.allocated_bytes[0].current;
        *peak = stats.allocated_bytes[0].peak;
        *reserved = stats.reserved_bytes[0].current;
    });
}
SHStatus sh_cuda_reset_peak(int32_t index) {
    return guard([&] { c10::getDeviceAllocator(at::kCUDA)->resetPeakStats(static_cast<c10::DeviceIndex>(index)); });
}
SHStatus sh_cuda_empty_cache(void) {
    return guard([] { c10::getDeviceAllocator(at::kCUDA)->emptyCache(); });
}

SHStatus sh_synchronize(SHDevice d) {
    return guard([&] {
        if (d.cuda_index >= 0) at::accelerator::synchronizeDevice(static_cast<c10::DeviceIndex>(d.cuda_index));
    });
}

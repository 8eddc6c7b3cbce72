// Work on a CUDA device that is recorded once and started as a whole afterwards, and gradients that are known already.
//
// The classes for it are in the CUDA half of libtorch, which is opened at run time, and its headers want CUDA's own:
// they are reached by their names in the library. What is called has been the same since libtorch 2.1.
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>
#include <torch/csrc/autograd/custom_function.h>

#include <utility>

#include "Guard.h"

using namespace seehear;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

// at::cuda::CUDAGraph's members by their names in the library.
struct GraphLibrary {
    using Pool = std::pair<unsigned long long, unsigned long long>;
    void (*construct)(void *, bool);
    void (*destroy)(void *);
    void (*begin)(void *, Pool, int);
    void (*end)(void *);
    void (*replay)(void *);

    static const GraphLibrary &shared() {
        static const GraphLibrary library;
        return library;
    }

private:
    GraphLibrary() {
        find(construct, "_ZN2at4cuda9CUDAGraphC1Eb");
        find(destroy, "_ZN2at4cuda9CUDAGraphD1Ev");
        find(begin, "_ZN2at4cuda9CUDAGraph13capture_beginESt4pairIyyE21cudaStreamCaptureMode");
        find(end, "_ZN2at4cuda9CUDAGraph11capture_endEv");
        find(replay, "_ZN2at4cuda9CUDAGraph6replayEv");
    }

    template <class Function>
    static void find(Function &function, const char *name) {
        function = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
        TORCH_CHECK(function != nullptr, "this libtorch has no CUDA graphs as they are known here: it lacks ", name);
    }
};

}  // namespace

struct SHGraphImpl {
    at::Device device;
    // Captures are not allowed on the stream that everything else runs on.
    c10::Stream side;
    std::optional<c10::Stream> before;
    at::Device device_before{at::kCUDA, 0};
    bool capturing = false;
    // Room for a CUDAGraph, whose size no header at hand tells: below 300 bytes in all versions up to 2.11.
    alignas(64) unsigned char storage[2048];

    explicit SHGraphImpl(at::Device d)
        : device(d), side(c10::impl::VirtualGuardImpl(at::kCUDA).getStreamFromGlobalPool(d)) {
        GraphLibrary::shared().construct(storage, false);
    }
    ~SHGraphImpl() { GraphLibrary::shared().destroy(storage); }
    SHGraphImpl(const SHGraphImpl &) = delete;
    SHGraphImpl &operator=(const SHGraphImpl &) = delete;
};

SHStatus sh_graph_make(SHDevice d, SHGraph *out) {
    return guard([&] {
        TORCH_CHECK(d.cuda_index >= 0, "only work on a CUDA device can be recorded");
        *out = new SHGraphImpl(device(d));
    });
}

void sh_graph_free(SHGraph graph) {
    try {
        delete graph;
    } catch (...) {  // a device that is lost: there is nothing left to give back
    }
}

SHStatus sh_graph_enter(SHGraph graph) {
    return guard([&] {
        const c10::impl::VirtualGuardImpl cuda(at::kCUDA);
        cuda.synchronizeStream(cuda.getStream(graph->device));
        graph->device_before = cuda.exchangeDevice(graph->device);
        graph->before = cuda.exchangeStream(graph->side);
    });
}

SHStatus sh_graph_leave(SHGraph graph) {
    return guard([&] {
        const c10::impl::VirtualGuardImpl cuda(at::kCUDA);
        if (!graph->before) return;
        cuda.exchangeStream(*graph->before);
        cuda.setDevice(graph->device_before);
        graph->before.reset();
        cuda.synchronizeStream(graph->side);
    });
}

SHStatus sh_graph_begin(SHGraph graph) {
    return guard([&] {
        const c10::impl::VirtualGuardImpl cuda(at::kCUDA);
        cuda.synchronizeStream(graph->side);
        GraphLibrary::shared().begin(graph->storage, {0, 0}, /*cudaStreamCaptureModeGlobal*/ 0);
        graph->capturing = true;
    });
}

SHStatus sh_graph_end(SHGraph graph) {
    return guard([&] {
        if (!graph->capturing) return;
        graph->capturing = false;
        GraphLibrary::shared().end(graph->storage);
    });
}

SHStatus sh_graph_replay(SHGraph graph) {
    return guard([&] { GraphLibrary::shared().replay(graph->storage); });
}

SHStatus sh_copy_into(SHTensor target, SHTensor source) {
    return guard([&] {
        TORCH_CHECK(in(target).sizes() == in(source).sizes() && in(target).scalar_type() == in(source).scalar_type(),
                    "what was recorded takes ", in(target).scalar_type(), in(target).sizes(), ", not ",
                    in(source).scalar_type(), in(source).sizes());
        const at::NoGradGuard nothing;
        auto place = in(target);
        place.copy_(in(source), /*non_blocking=*/true);
    });
}

namespace {

// A value per sample whose gradient with respect to its inputs is at hand.
struct KnownGradient : torch::autograd::Function<KnownGradient> {
    static at::Tensor forward(AutogradContext *ctx, const at::Tensor &value, const at::Tensor &a,
                              const std::optional<at::Tensor> &b, const at::Tensor &a_gradient,
                              const std::optional<at::Tensor> &b_gradient) {
        ctx->save_for_backward({a_gradient, b_gradient.value_or(at::Tensor())});
        return value.clone();
    }
    static variable_list backward(AutogradContext *ctx, const variable_list &grads) {
        const auto saved = ctx->get_saved_variables();
        variable_list out(5);
        for (size_t i = 0; i < 2; ++i) {
            if (!saved[i].defined()) continue;
            std::vector<int64_t> rows(static_cast<size_t>(saved[i].dim()), 1);
            rows[0] = -1;
            out[i + 1] = saved[i] * grads[0].to(saved[i].scalar_type()).view(rows);
        }
        return out;
    }
};

}  // namespace

SHStatus sh_known_gradient(SHTensor value, const SHTensor *inputs, const SHTensor *gradients, int32_t n,
                           SHTensor *out) {
    return make(out, [&] {
        TORCH_CHECK(n == 1 || n == 2, "gradients of ", n, " inputs");
        for (int32_t i = 0; i < n; ++i) {
            TORCH_CHECK(in(inputs[i]).sizes() == in(gradients[i]).sizes() && in(value).dim() == 1 &&
                            in(inputs[i]).size(0) == in(value).size(0),
                        "a gradient of shape ", in(gradients[i]).sizes(), " for an input of shape ",
                        in(inputs[i]).sizes());
        }
        return at::Tensor(KnownGradient::apply(in(value), in(inputs[0]), n > 1 ? maybe(inputs[1]) : std::nullopt,
                                               in(gradients[0]), n > 1 ? maybe(gradients[1]) : std::nullopt));
    });
}

// One pass over memory each way, where libtorch's operations take two and two.
#include "LeakyReLU.h"

#include <torch/library.h>

#include <algorithm>

#include "Team.h"

// Compiled for each instruction set; the processor's best is chosen when the program starts. All give the same bits.
#define SEEHEAR_EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))

namespace {

constexpr int64_t chunk = 1 << 16;

// bf16 by its bits, the upper half of a float: inside clones the compiler does not find libtorch's conversions.
using BF16 = uint16_t;

[[gnu::always_inline]] inline float single(float x) { return x; }
[[gnu::always_inline]] inline float single(BF16 x) { return __builtin_bit_cast(float, static_cast<uint32_t>(x) << 16); }

// As libtorch: to the nearest, from the middle to the even one; what is not a number stays so.
[[gnu::always_inline]] inline void round(float x, float &to) { to = x; }
[[gnu::always_inline]] inline void round(float x, BF16 &to) {
    const auto bits = __builtin_bit_cast(uint32_t, x);
    const auto rounded = static_cast<BF16>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    to = x == x ? rounded : 0x7fc0;
}

template <class Element>
[[gnu::always_inline]] inline void forward(const Element *x, Element *y, bool *positive, int64_t count, float slope) {
    for (int64_t i = 0; i < count; ++i) {
        const float value = single(x[i]);
        positive[i] = value > 0;
        round(value > 0 ? value : value * slope, y[i]);
    }
}

template <class Element>
[[gnu::always_inline]] inline void backward(const Element *grad, const bool *positive, Element *result, int64_t count,
                                            float slope) {
    for (int64_t i = 0; i < count; ++i) {
        const float value = single(grad[i]);
        round(positive[i] ? value : value * slope, result[i]);
    }
}

SEEHEAR_EACH_PROCESSOR void forward_of(const float *x, float *y, bool *positive, int64_t count, float slope) {
    forward(x, y, positive, count, slope);
}
SEEHEAR_EACH_PROCESSOR void forward_of(const BF16 *x, BF16 *y, bool *positive, int64_t count, float slope) {
    forward(x, y, positive, count, slope);
}
SEEHEAR_EACH_PROCESSOR void backward_of(const float *grad, const bool *positive, float *result, int64_t count,
                                        float slope) {
    backward(grad, positive, result, count, slope);
}
SEEHEAR_EACH_PROCESSOR void backward_of(const BF16 *grad, const bool *positive, BF16 *result, int64_t count,
                                        float slope) {
    backward(grad, positive, result, count, slope);
}

template <class Body>
void by_chunks(int64_t count, Body body) {
    seehear::share_among_threads((count + chunk - 1) / chunk,
                                 [&](int64_t work) { body(work * chunk, std::min(chunk, count - work * chunk)); });
}

template <class Element>
void run_forward(const at::Tensor &x, at::Tensor &y, at::Tensor &positive, float slope) {
    const auto *const from = static_cast<const Element *>(x.const_data_ptr());
    auto *const to = static_cast<Element *>(y.mutable_data_ptr());
    auto *const above = positive.data_ptr<bool>();
    by_chunks(x.numel(),
              [&](int64_t first, int64_t count) { forward_of(from + first, to + first, above + first, count, slope); });
}

template <class Element>
void run_backward(const at::Tensor &grad, const at::Tensor &positive, at::Tensor &result, float slope) {
    const auto *const from = static_cast<const Element *>(grad.const_data_ptr());
    const auto *const above = positive.data_ptr<bool>();
    auto *const to = static_cast<Element *>(result.mutable_data_ptr());
    by_chunks(grad.numel(), [&](int64_t first, int64_t count) {
        backward_of(from + first, above + first, to + first, count, slope);
    });
}

std::tuple<at::Tensor, at::Tensor> value(const at::Tensor &x, double slope) {
    auto y = at::empty_like(x);
    auto positive = at::empty_like(x, x.options().dtype(at::kBool));
    if (x.scalar_type() == at::kFloat) {
        run_forward<float>(x, y, positive, static_cast<float>(slope));
    } else {
        run_forward<BF16>(x, y, positive, static_cast<float>(slope));
    }
    return {y, positive};
}

at::Tensor gradient(const at::Tensor &grad, const at::Tensor &positive, double slope) {
    auto result = at::empty_like(grad);
    if (grad.scalar_type() == at::kFloat) {
        run_backward<float>(grad, positive, result, static_cast<float>(slope));
    } else {
        run_backward<BF16>(grad, positive, result, static_cast<float>(slope));
    }
    return result;
}

}  // namespace

// Operations of libtorch's, so that what watches those sees them.
TORCH_LIBRARY_FRAGMENT(seehear, library) {
    library.def("leaky_relu(Tensor x, float slope) -> (Tensor, Tensor)");
    library.def("leaky_relu_backward(Tensor grad, Tensor positive, float slope) -> Tensor");
}
TORCH_LIBRARY_IMPL(seehear, CPU, library) {
    library.impl("leaky_relu", value);
    library.impl("leaky_relu_backward", gradient);
}

bool seehear::suits_leaky_relu(const at::Tensor &x) {
    const auto type = x.scalar_type();
    return x.is_cpu() && (type == at::kFloat || type == at::kBFloat16) && x.is_non_overlapping_and_dense();
}

std::tuple<at::Tensor, at::Tensor> seehear::leaky_relu(const at::Tensor &x, double slope) {
    using Op = std::tuple<at::Tensor, at::Tensor>(const at::Tensor &, double);
    static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("seehear::leaky_relu", "").typed<Op>();
    return op.call(x, slope);
}

at::Tensor seehear::leaky_relu_backward(const at::Tensor &grad, const at::Tensor &positive, double slope) {
    if (!suits_leaky_relu(grad) || grad.strides() != positive.strides()) {
        return at::where(positive, grad, grad * slope);
    }
    using Op = at::Tensor(const at::Tensor &, const at::Tensor &, double);
    static const auto op =
        c10::Dispatcher::singleton().findSchemaOrThrow("seehear::leaky_relu_backward", "").typed<Op>();
    return op.call(grad, positive, slope);
}

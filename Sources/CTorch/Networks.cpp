// Layers of networks whose weights are frozen.
//
// On the host, convolutions whose shapes suit it are computed by Winograd's method (Winograd.h). In single precision,
// matrix products and the other convolutions go to oneDNN by name: libtorch would give products
// and 1 × 1 convolutions to MKL, which takes AVX2 kernels on processors of other makers than its own and is then half
// as fast where there is AVX-512.
//
// libtorch keeps a layer's input for the gradient of its weights. Nobody asks for that one here, so the layers below
// keep only what the gradient of their input needs: a convolution its weight (its adjoint is a transposed convolution,
// which needs no input), a leaky ReLU one byte per element, a group norm followed by SiLU its input alone.
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>

#include "Convolution.h"
#include "Guard.h"
#include "LeakyReLU.h"
#include "Winograd.h"

using namespace seehear;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

bool for_onednn(const at::Tensor &x, const at::Tensor &weight) {
    return x.is_cpu() && x.scalar_type() == at::kFloat && weight.scalar_type() == at::kFloat && x.numel() > 0 &&
           at::globalContext().userEnabledMkldnn() && at::Context::hasMKLDNN();
}

// oneDNN's inner product: x [.., in], weight [out, in].
at::Tensor product(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias) {
    using Op = at::Tensor(const at::Tensor &, const at::Tensor &, const std::optional<at::Tensor> &, std::string_view,
                          c10::List<std::optional<at::Scalar>>, std::optional<std::string_view>);
    static const auto schema = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
    if (!schema || !for_onednn(x, weight)) return at::linear(x, weight, bias);
    return schema->typed<Op>().call(x.contiguous(), weight, bias, "none", c10::List<std::optional<at::Scalar>>(),
                                    std::nullopt);
}

bool records(const at::Tensor &t) { return at::GradMode::is_enabled() && t.requires_grad(); }

// The sizes that a transposed convolution must add at the far edge to arrive at `wanted`.
std::vector<int64_t> output_padding(const at::Tensor &grad, const at::Tensor &weight, const Geometry &g,
                                    at::IntArrayRef wanted) {
    std::vector<int64_t> extra;
    for (size_t i = 0; i < g.stride.size(); ++i) {
        const auto d = static_cast<int64_t>(i) + 2;
        const auto reached =
            (grad.size(d) - 1) * g.stride[i] - 2 * g.padding[i] + g.dilation[i] * (weight.size(d) - 1) + 1;
        extra.push_back(wanted[static_cast<size_t>(d)] - reached);
    }
    return extra;
}

bool is_pointwise(const at::Tensor &weight, const Geometry &g) {
    for (size_t i = 0; i < g.stride.size(); ++i) {
        if (weight.size(static_cast<int64_t>(i) + 2) != 1 || g.stride[i] != 1 || g.padding[i] != 0) return false;
    }
    return true;
}

// What at::convolution checks before it chooses a backend; oneDNN, called by name, does not.
void check_fit(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
               const Geometry &g) {
    TORCH_CHECK(x.dim() == weight.dim() && x.size(1) == weight.size(1), "a convolution of ", x.sizes(),
                " with a weight of ", weight.sizes(), ": the channels do not fit");
    TORCH_CHECK(!bias || bias->sizes() == at::IntArrayRef({weight.size(0)}), "a bias of ", bias->sizes(), " for ",
                weight.size(0), " channels");
    for (size_t i = 0; i < g.stride.size(); ++i) {
        const auto d = static_cast<int64_t>(i) + 2;
        TORCH_CHECK(g.stride[i] > 0 && g.dilation[i] > 0 && g.padding[i] >= 0, "a convolution with stride ",
                    g.stride[i], ", dilation ", g.dilation[i], " and padding ", g.padding[i]);
        TORCH_CHECK(x.size(d) + 2 * g.padding[i] >= g.dilation[i] * (weight.size(d) - 1) + 1, "a kernel of ",
                    weight.size(d), " is larger than the input of ", x.sizes());
    }
}

// How many elements the result of a convolution has, its borders left out of account.
int64_t result_size(const at::Tensor &x, const at::Tensor &weight, const Geometry &g, bool transposed) {
    int64_t places = x.numel() / x.size(1);
    for (const int64_t stride : g.stride) places = transposed ? places * stride : places / stride;
    return places * weight.size(transposed ? 1 : 0);
}

bool channels_innermost(const at::Tensor &t) {
    return t.dim() == 4 && t.suggest_memory_format() == at::MemoryFormat::ChannelsLast;
}

// Multiplication by multiplication. The result lies as the input does.
at::Tensor direct_convolution(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
                              const Geometry &g, bool transposed, at::IntArrayRef extra) {
    const auto innermost = at::MemoryFormat::ChannelsLast;
    if (!x.is_cpu() || !channels_innermost(x)) {
        if (!transposed && for_onednn(x, weight) && g.stride.size() == 2) {
            check_fit(x, weight, bias, g);
            return at::mkldnn_convolution(x.contiguous(), weight.contiguous(), bias, g.padding, g.stride, g.dilation,
                                          1);
        }
        return at::convolution(x, weight, bias, g.stride, g.padding, g.dilation, transposed, extra, 1);
    }
    // oneDNN takes input and weight in one order: the smaller is copied.
    if (weight.numel() > x.numel() + result_size(x, weight, g, transposed)) {
        return direct_convolution(x.contiguous(), weight, bias, g, transposed, extra).contiguous(innermost);
    }
    return at::convolution(x, weight.contiguous(innermost), bias, g.stride, g.padding, g.dilation, transposed, extra,
                           1);
}

// A product over the channels of every place, which lie side by side.
at::Tensor pointwise_convolution(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
                                 bool transposed) {
    const auto matrix = weight.flatten(1);
    return product(x.permute({0, 2, 3, 1}), transposed ? matrix.t() : matrix, bias).permute({0, 3, 1, 2});
}

at::Tensor any_convolution(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
                           const Geometry &g, bool transposed, at::IntArrayRef extra) {
    const auto w = transposed ? weight.transpose(0, 1) : weight;
    if (suits_winograd(x, weight, g)) {
        check_fit(x, w, bias, g);
        return winograd(x, weight, bias, g, transposed);
    }
    if (is_pointwise(weight, g) && x.is_cpu()) {
        check_fit(x, w, bias, g);
        if (channels_innermost(x)) return pointwise_convolution(x, weight, bias, transposed);
        if (transposed) return direct_convolution(x, w.contiguous(), bias, g, false, extra);
    }
    return direct_convolution(x, weight, bias, g, transposed, extra);
}

struct FrozenConvolution : torch::autograd::Function<FrozenConvolution> {
    static at::Tensor forward(AutogradContext *ctx, const at::Tensor &x, const at::Tensor &weight,
                              const std::optional<at::Tensor> &bias, Geometry g, bool transposed) {
        ctx->save_for_backward({weight});
        ctx->saved_data["sizes"] = x.sizes().vec();
        ctx->saved_data["stride"] = g.stride;
        ctx->saved_data["padding"] = g.padding;
        ctx->saved_data["dilation"] = g.dilation;
        ctx->saved_data["transposed"] = transposed;
        const std::vector<int64_t> none(g.stride.size(), 0);
        return any_convolution(x, weight, bias, g, transposed, none);
    }

    static variable_list backward(AutogradContext *ctx, const variable_list &grads) {
        const auto weight = ctx->get_saved_variables()[0];
        const Geometry g{ctx->saved_data["stride"].toIntVector(), ctx->saved_data["padding"].toIntVector(),
                         ctx->saved_data["dilation"].toIntVector()};
        const bool transposed = ctx->saved_data["transposed"].toBool();
        const auto sizes = ctx->saved_data["sizes"].toIntVector();
        const auto extra =
            transposed ? std::vector<int64_t>(g.stride.size(), 0) : output_padding(grads[0], weight, g, sizes);
        auto grad = any_convolution(grads[0], weight, std::nullopt, g, !transposed, extra);
        return {grad, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
    }
};

at::Tensor convolution(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias, Geometry g,
                       bool transposed) {
    if (records(x)) return FrozenConvolution::apply(x, weight, bias, g, transposed);
    const std::vector<int64_t> none(g.stride.size(), 0);
    return any_convolution(x, weight, bias, g, transposed, none);
}

struct FrozenLinear : torch::autograd::Function<FrozenLinear> {
    static at::Tensor forward(AutogradContext *ctx, const at::Tensor &x, const at::Tensor &weight,
                              const std::optional<at::Tensor> &bias) {
        ctx->save_for_backward({weight});
        return product(x, weight, bias);
    }
    static variable_list backward(AutogradContext *ctx, const variable_list &grads) {
        const auto weight = ctx->get_saved_variables()[0];
        auto grad = weight.is_cpu() ? product(grads[0], weight.t(), std::nullopt) : at::matmul(grads[0], weight);
        return {grad, at::Tensor(), at::Tensor()};
    }
};

// TF32 is for networks. What prepares their inputs, mel banks and resizing, is exact whatever the job says.
struct WithoutTF32 {
    const bool before = at::globalContext().allowTF32CuBLAS();
    WithoutTF32() { at::globalContext().setAllowTF32CuBLAS(false); }
    ~WithoutTF32() { at::globalContext().setAllowTF32CuBLAS(before); }
    WithoutTF32(const WithoutTF32 &) = delete;
    WithoutTF32 &operator=(const WithoutTF32 &) = delete;
};

at::Tensor exact_product(const at::Tensor &a, const at::Tensor &b) {
    if (!a.is_cuda()) return at::matmul(a, b);
    const WithoutTF32 scope;
    return at::matmul(a, b);
}

struct ExactProduct : torch::autograd::Function<ExactProduct> {
    static at::Tensor forward(AutogradContext *ctx, const at::Tensor &a, const at::Tensor &b) {
        ctx->save_for_backward({a, b});
        return exact_product(a, b);
    }
    static variable_list backward(AutogradContext *ctx, const variable_list &grads) {
        const auto saved = ctx->get_saved_variables();
        const auto &a = saved[0], &b = saved[1];
        at::Tensor left, right;
        if (ctx->needs_input_grad(0)) left = exact_product(grads[0], b.transpose(-2, -1)).sum_to_size(a.sizes());
        if (ctx->needs_input_grad(1)) right = exact_product(a.transpose(-2, -1), grads[0]).sum_to_size(b.sizes());
        return {left, right};
    }
};

struct LeakyReLU : torch::autograd::Function<LeakyReLU> {
    static at::Tensor forward(AutogradContext *ctx, const at::Tensor &x, double slope) {
        ctx->saved_data["slope"] = slope;
        if (!suits_leaky_relu(x)) {
            ctx->save_for_backward({x.gt(0)});
            return at::leaky_relu(x, slope);
        }
        auto [y, positive] = leaky_relu(x, slope);
        ctx->save_for_backward({positive});
        return y;
    }
    static variable_list backward(AutogradContext *ctx, const variable_list &grads) {
        const auto positive = ctx->get_saved_variables()[0];
        return {leaky_relu_backward(grads[0], positive, ctx->saved_data["slope"].toDouble()), at::Tensor()};
    }
};

struct GroupNormSiLU : torch::autograd::Function<GroupNormSiLU> {
    static at::Tensor forward(AutogradContext *ctx, const at::Tensor &x, const at::Tensor &weight,
                              const at::Tensor &bias, int64_t groups, double eps) {
        const auto n = x.size(0), c = x.size(1), area = x.numel() / (n * c);
        auto [y, mean, rstd] = at::native_group_norm(x, weight, bias, n, c, area, groups, eps);
        ctx->save_for_backward({x, mean, rstd, weight, bias});
        ctx->saved_data["groups"] = groups;
        ctx->saved_data["eps"] = eps;
        return at::silu_(y);
    }
    // Not const: the gradient that came in is let go as soon as it is used, which is a quarter of this layer's peak.
    static variable_list backward(AutogradContext *ctx, variable_list &grads) {
        const auto saved = ctx->get_saved_variables();
        const auto &x = saved[0], &mean = saved[1], &rstd = saved[2], &weight = saved[3], &bias = saved[4];
        const auto groups = ctx->saved_data["groups"].toInt();
        const auto eps = ctx->saved_data["eps"].toDouble();
        const auto n = x.size(0), c = x.size(1), area = x.numel() / (n * c);
        auto grad = std::get<0>(at::native_group_norm(x, weight, bias, n, c, area, groups, eps));
        at::silu_backward_out(grad, grads[0], grad);  // element by element, over the norm's own output
        grads[0].reset();
        const auto format = x.is_cpu() ? x.suggest_memory_format() : at::MemoryFormat::Contiguous;
        auto result = at::native_group_norm_backward(grad.contiguous(format), x.contiguous(format), mean, rstd, weight,
                                                     n, c, area, groups, {true, false, false});
        return {std::get<0>(result), at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
    }
};

}  // namespace

SHStatus sh_matmul(SHTensor a, SHTensor b, SHTensor *out) {
    return make(out, [&] {
        TORCH_CHECK(in(a).dim() >= 2 && in(b).dim() >= 2, "a product of tensors of shapes ", in(a).sizes(), " and ",
                    in(b).sizes());
        return records(in(a)) || records(in(b)) ? at::Tensor(ExactProduct::apply(in(a), in(b)))
                                                : exact_product(in(a), in(b));
    });
}
SHStatus sh_linear(SHTensor t, SHTensor weight, SHTensor bias, SHTensor *out) {
    return make(out, [&] {
        return records(in(t)) ? FrozenLinear::apply(in(t), in(weight), maybe(bias))
                              : product(in(t), in(weight), maybe(bias));
    });
}
SHStatus sh_embedding(SHTensor weight, SHTensor ids, SHTensor *out) {
    return make(out, [&] { return at::embedding(in(weight), in(ids)); });
}
SHStatus sh_layer_norm(SHTensor t, SHTensor weight, SHTensor bias, double eps, SHTensor *out) {
    return make(out, [&] {
        const int64_t width = in(t).size(-1);
        return at::layer_norm(in(t), at::IntArrayRef(&width, 1), maybe(weight), maybe(bias), eps);
    });
}

SHStatus sh_group_norm(SHTensor t, int64_t groups, SHTensor weight, SHTensor bias, double eps, bool silu,
                       SHTensor *out) {
    return make(out, [&] {
        // libtorch's kernels for CUDA read the elements in row-major order, whatever the strides say.
        auto x = in(t).contiguous(in(t).is_cpu() ? in(t).suggest_memory_format() : at::MemoryFormat::Contiguous);
        TORCH_CHECK(x.numel() > 0, "group norm of an empty tensor of shape ", x.sizes());
        if (!silu) return at::group_norm(x, groups, in(weight), in(bias), eps);
        if (records(x)) return at::Tensor(GroupNormSiLU::apply(x, in(weight), in(bias), groups, eps));
        auto y = at::group_norm(x, groups, in(weight), in(bias), eps);
        return at::silu_(y);
    });
}

SHStatus sh_batch_norm(SHTensor t, SHTensor mean, SHTensor variance, SHTensor weight, SHTensor bias, double eps,
                       bool relu, SHTensor *out) {
    return make(out, [&] {
        auto y = at::batch_norm(in(t), in(weight), in(bias), in(mean), in(variance), /*training=*/false, 0, eps, false);
        return relu ? at::relu_(y) : y;
    });
}

namespace {
void check_pool(const at::Tensor &x, int32_t dims) {
    TORCH_CHECK((dims == 2 || dims == 3) && x.dim() == dims + 2, "pooling over ", dims, " dimensions of a tensor of ",
                x.sizes());
}
}  // namespace

SHStatus sh_max_pool(SHTensor t, int32_t dims, const int64_t *kernel, const int64_t *stride, const int64_t *padding,
                     SHTensor *out) {
    return make(out, [&] {
        check_pool(in(t), dims);
        const auto k = ints(kernel, dims), s = ints(stride, dims), p = ints(padding, dims);
        const auto holes = std::vector<int64_t>(static_cast<size_t>(dims), 1);
        return dims == 2 ? at::max_pool2d(in(t), k, s, p, holes, true) : at::max_pool3d(in(t), k, s, p, holes, true);
    });
}

SHStatus sh_average_pool(SHTensor t, int32_t dims, const int64_t *kernel, const int64_t *stride, SHTensor *out) {
    return make(out, [&] {
        check_pool(in(t), dims);
        const auto k = ints(kernel, dims), s = ints(stride, dims);
        return dims == 2 ? at::avg_pool2d(in(t), k, s) : at::avg_pool3d(in(t), k, s);
    });
}

SHStatus sh_conv(SHTensor t, SHTensor weight, SHTensor bias, int32_t dims, const int64_t *stride,
                 const int64_t *padding, const int64_t *dilation, int64_t groups, SHTensor *out) {
    return make(out, [&] {
        Geometry g{ints(stride, dims).vec(), ints(padding, dims).vec(), ints(dilation, dims).vec()};
        // No network that a gradient goes through has groups, so that what libtorch keeps for it does not matter.
        if (groups != 1) {
            const std::vector<int64_t> none(g.stride.size(), 0);
            return at::convolution(in(t), in(weight), maybe(bias), g.stride, g.padding, g.dilation, false, none,
                                   groups);
        }
        return convolution(in(t), in(weight), maybe(bias), std::move(g), false);
    });
}

SHStatus sh_conv_transpose(SHTensor t, SHTensor weight, SHTensor bias, int32_t dims, const int64_t *stride,
                           const int64_t *padding, SHTensor *out) {
    return make(out, [&] {
        TORCH_CHECK(in(weight).dim() == dims + 2, "a transposed convolution over ", dims,
                    " dimensions has a weight of rank ", in(weight).dim());
        Geometry g{ints(stride, dims).vec(), ints(padding, dims).vec(),
                   std::vector<int64_t>(static_cast<size_t>(dims), 1)};
        return convolution(in(t), in(weight), maybe(bias), std::move(g), true);
    });
}

SHStatus sh_leaky_relu(SHTensor t, double slope, SHTensor *out) {
    return make(out, [&] { return records(in(t)) ? LeakyReLU::apply(in(t), slope) : at::leaky_relu(in(t), slope); });
}

SHStatus sh_attention(SHTensor q, SHTensor k, SHTensor v, SHTensor mask, bool causal, SHTensor *out) {
    return make(out, [&] { return at::scaled_dot_product_attention(in(q), in(k), in(v), maybe(mask), 0.0, causal); });
}

SHStatus sh_upsample_nearest(SHTensor t, int64_t height, int64_t width, SHTensor *out) {
    return make(out, [&] { return at::upsample_nearest2d(in(t), at::IntArrayRef({height, width})); });
}

SHStatus sh_resize_bilinear(SHTensor t, int64_t height, int64_t width, bool antialias, SHTensor *out) {
    return make(out, [&] {
        const std::array<int64_t, 2> size{height, width};
        return antialias ? at::_upsample_bilinear2d_aa(in(t), size, false)
                         : at::upsample_bilinear2d(in(t), size, false);
    });
}

SHStatus sh_power_spectrum(SHTensor t, int64_t n, SHTensor *out) {
    return make(out, [&] { return at::view_as_real(at::fft_rfft(in(t), n, -1)).square().sum(-1); });
}

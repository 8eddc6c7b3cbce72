// Layers of networks whose weights are frozen.
//
// libtorch keeps a layer's input for the gradient of its weights. Nobody asks for that one here, so the layers below
// keep only what the gradient of their input needs: a convolution its weight (its adjoint is a transposed convolution,
// which needs no input), a leaky ReLU one byte per element, a group norm followed by SiLU its input alone.
#include <torch/csrc/autograd/custom_function.h>

#include "Guard.h"

using namespace seehear;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

bool records(const at::Tensor &t) { return at::GradMode::is_enabled() && t.requires_grad(); }

struct Geometry {
    std::vector<int64_t> stride, padding, dilation;
};

// The sizes that a transposed convolution must add at the far edge to arrive at `wanted`.
std::vector<int64_t> output_padding(const at::Tensor &grad, const at::Tensor &weight, const Geometry &g,
                                    at::IntArrayRef wanted) {
    std::vector<int64_t> extra;
    for (size_t i = 0; i < g.stride.size(); ++i) {
        const auto d = static_cast<int64_t>(i) + 2;
        const auto reached = (grad.size(d) - 1) * g.stride[i] - 2 * g.padding[i] + g.dilation[i] * (weight.size(d) - 1) + 1;
        extra.push_back(wanted[static_cast<size_t>(d)] - reached);
    }
    return extra;
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
        return at::convolution(x, weight, bias, g.stride, g.padding, g.dilation, transposed, none, 1);
    }

    static variable_list backward(AutogradContext *ctx, const variable_list &grads) {
        const auto weight = ctx->get_saved_variables()[0];
        const Geometry g{ctx->saved_data["stride"].toIntVector(), ctx->saved_data["padding"].toIntVector(),
                         ctx->saved_data["dilation"].toIntVector()};
        const bool transposed = ctx->saved_data["transposed"].toBool();
        const auto sizes = ctx->saved_data["sizes"].toIntVector();
        const auto extra = transposed ? std::vector<int64_t>(g.stride.size(), 0) : output_padding(grads[0], weight, g, sizes);
        auto grad = at::convolution(grads[0], weight, std::nullopt, g.stride, g.padding, g.dilation, !transposed, extra, 1);
        return {grad, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
    }
};

at::Tensor convolution(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias, Geometry g,
                       bool transposed) {
    if (records(x)) return FrozenConvolution::apply(x, weight, bias, g, transposed);
    const std::vector<int64_t> none(g.stride.size(), 0);
    return at::convolution(x, weight, bias, g.stride, g.padding, g.dilation, transposed, none, 1);
}

struct LeakyReLU : torch::autograd::Function<LeakyReLU> {
    static at::Tensor forward(AutogradContext *ctx, const at::Tensor &x, double slope) {
        ctx->save_for_backward({x.gt(0)});
        ctx->saved_data["slope"] = slope;
        return at::leaky_relu(x, slope);
    }
    static variable_list backward(AutogradContext *ctx, const variable_list &grads) {
        const auto positive = ctx->get_saved_variables()[0];
        const double slope = ctx->saved_data["slope"].toDouble();
        return {at::where(positive, grads[0], grads[0] * slope), at::Tensor()};
    }
};

struct GroupNormSiLU : torch::autograd::Function<GroupNormSiLU> {
    static at::Tensor forward(AutogradContext *ctx, const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias,
                              int64_t groups, double eps) {
        const auto n = x.size(0), c = x.size(1), area = x.numel() / (n * c);
        auto [y, mean, rstd] = at::native_group_norm(x, weight, bias, n, c, area, groups, eps);
        ctx->save_for_backward({x, mean, rstd, weight, bias});
        ctx->saved_data["groups"] = groups;
        ctx->saved_data["eps"] = eps;
        return at::silu_(y);
    }
    static variable_list backward(AutogradContext *ctx, const variable_list &grads) {
        const auto saved = ctx->get_saved_variables();
        const auto &x = saved[0], &mean = saved[1], &rstd = saved[2], &weight = saved[3], &bias = saved[4];
        const auto groups = ctx->saved_data["groups"].toInt();
        const auto eps = ctx->saved_data["eps"].toDouble();
        const auto n = x.size(0), c = x.size(1), area = x.numel() / (n * c);
        at::Tensor grad;
        {
            const auto y = std::get<0>(at::native_group_norm(x, weight, bias, n, c, area, groups, eps));
            grad = at::silu_backward(grads[0], y);
        }
        const auto format = x.suggest_memory_format();
        auto result = at::native_group_norm_backward(grad.contiguous(format), x.contiguous(format), mean, rstd, weight, n, c,
                                                     area, groups, {true, false, false});
        return {std::get<0>(result), at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
    }
};

}  // namespace

SHStatus sh_matmul(SHTensor a, SHTensor b, SHTensor *out) { return make(out, [&] { return at::matmul(in(a), in(b)); }); }
SHStatus sh_linear(SHTensor t, SHTensor weight, SHTensor bias, SHTensor *out) {
    return make(out, [&] { return at::linear(in(t), in(weight), maybe(bias)); });
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

SHStatus sh_group_norm(SHTensor t, int64_t groups, SHTensor weight, SHTensor bias, double eps, bool silu, SHTensor *out) {
    return make(out, [&] {
        auto x = in(t).contiguous(in(t).suggest_memory_format());
        TORCH_CHECK(x.numel() > 0, "group norm of an empty tensor of shape ", x.sizes());
        if (!silu) return at::group_norm(x, groups, in(weight), in(bias), eps);
        if (records(x)) return at::Tensor(GroupNormSiLU::apply(x, in(weight), in(bias), groups, eps));
        auto y = at::group_norm(x, groups, in(weight), in(bias), eps);
        return at::silu_(y);
    });
}

SHStatus sh_conv(SHTensor t, SHTensor weight, SHTensor bias, int32_t dims, const int64_t *stride, const int64_t *padding,
                 const int64_t *dilation, SHTensor *out) {
    return make(out, [&] {
        Geometry g{ints(stride, dims).vec(), ints(padding, dims).vec(), ints(dilation, dims).vec()};
        return convolution(in(t), in(weight), maybe(bias), std::move(g), false);
    });
}

SHStatus sh_conv_transpose1d(SHTensor t, SHTensor weight, SHTensor bias, int64_t stride, int64_t padding, SHTensor *out) {
    return make(out, [&] { return convolution(in(t), in(weight), maybe(bias), {{stride}, {padding}, {1}}, true); });
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
        return antialias ? at::_upsample_bilinear2d_aa(in(t), size, false) : at::upsample_bilinear2d(in(t), size, false);
    });
}

SHStatus sh_power_spectrum(SHTensor t, int64_t n, SHTensor *out) {
    return make(out, [&] { return at::view_as_real(at::fft_rfft(in(t), n, -1)).square().sum(-1); });
}

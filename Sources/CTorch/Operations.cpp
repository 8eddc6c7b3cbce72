// Elementwise operations, reductions and shape.
#include "Guard.h"

using namespace seehear;

SHStatus sh_add(SHTensor a, SHTensor b, double alpha, SHTensor *out) {
    return make(out, [&] {
        // libtorch refuses a floating-point factor for integers, even a whole one.
        const bool unit = alpha == 1 || alpha == -1;
        return at::add(in(a), in(b), unit ? at::Scalar(static_cast<int64_t>(alpha)) : at::Scalar(alpha));
    });
}
SHStatus sh_mul(SHTensor a, SHTensor b, SHTensor *out) {
    return make(out, [&] { return at::mul(in(a), in(b)); });
}
SHStatus sh_div(SHTensor a, SHTensor b, SHTensor *out) {
    return make(out, [&] { return at::div(in(a), in(b)); });
}

SHStatus sh_affine(SHTensor t, double scale, double offset, SHTensor *out) {
    return make(out, [&] {
        auto x = scale == 1 ? in(t) : at::mul(in(t), scale);
        return offset == 0 ? x : at::add(x, offset);
    });
}

SHStatus sh_exp(SHTensor t, SHTensor *out) {
    return make(out, [&] { return at::exp(in(t)); });
}
SHStatus sh_log(SHTensor t, SHTensor *out) {
    return make(out, [&] { return at::log(in(t)); });
}
SHStatus sh_sqrt(SHTensor t, SHTensor *out) {
    return make(out, [&] { return at::sqrt(in(t)); });
}
SHStatus sh_square(SHTensor t, SHTensor *out) {
    return make(out, [&] { return at::mul(in(t), in(t)); });
}
SHStatus sh_abs(SHTensor t, SHTensor *out) {
    return make(out, [&] { return at::abs(in(t)); });
}
SHStatus sh_round(SHTensor t, SHTensor *out) {
    return make(out, [&] { return at::round(in(t)); });
}
SHStatus sh_sin(SHTensor t, SHTensor *out) {
    return make(out, [&] { return at::sin(in(t)); });
}
SHStatus sh_cos(SHTensor t, SHTensor *out) {
    return make(out, [&] { return at::cos(in(t)); });
}
SHStatus sh_clamp(SHTensor t, double low, double high, SHTensor *out) {
    return make(out, [&] { return at::clamp(in(t), low, high); });
}
SHStatus sh_tanh(SHTensor t, SHTensor *out) {
    return make(out, [&] { return at::tanh(in(t)); });
}
SHStatus sh_sigmoid(SHTensor t, SHTensor *out) {
    return make(out, [&] { return at::sigmoid(in(t)); });
}
SHStatus sh_relu(SHTensor t, SHTensor *out) {
    return make(out, [&] { return at::relu(in(t)); });
}
SHStatus sh_silu(SHTensor t, SHTensor *out) {
    return make(out, [&] { return at::silu(in(t)); });
}
SHStatus sh_gelu(SHTensor t, SHTensor *out) {
    return make(out, [&] { return at::gelu(in(t)); });
}

SHStatus sh_sum(SHTensor t, const int64_t *dims, int32_t n, bool keep, SHTensor *out) {
    return make(out, [&] { return n == 0 ? in(t).sum() : at::sum(in(t), ints(dims, n), keep); });
}
SHStatus sh_mean(SHTensor t, const int64_t *dims, int32_t n, bool keep, SHTensor *out) {
    return make(out, [&] { return n == 0 ? in(t).mean() : at::mean(in(t), ints(dims, n), keep); });
}
SHStatus sh_norm(SHTensor t, int64_t dim, bool keep, SHTensor *out) {
    return make(out, [&] { return at::norm(in(t), 2, at::IntArrayRef(&dim, 1), keep); });
}
SHStatus sh_argmax(SHTensor t, int64_t dim, SHTensor *out) {
    return make(out, [&] { return at::argmax(in(t), dim); });
}
SHStatus sh_amax(SHTensor t, int64_t dim, bool keep, SHTensor *out) {
    return make(out, [&] { return at::amax(in(t), at::IntArrayRef(&dim, 1), keep); });
}
SHStatus sh_quantile(SHTensor t, double q, SHTensor *out) {
    return make(out, [&] { return at::quantile(in(t), q, /*dim=*/1, /*keepdim=*/false, "linear"); });
}
SHStatus sh_max_abs(SHTensor t, double *out) {
    return guard([&] {
        count_transfer();
        *out = in(t).numel() == 0 ? 0 : in(t).detach().abs().max().to(at::kDouble).item<double>();
    });
}

SHStatus sh_reshape(SHTensor t, const int64_t *sizes, int32_t rank, SHTensor *out) {
    return make(out, [&] { return in(t).reshape(ints(sizes, rank)); });
}
SHStatus sh_permute(SHTensor t, const int64_t *dims, int32_t rank, SHTensor *out) {
    return make(out, [&] { return in(t).permute(ints(dims, rank)); });
}
SHStatus sh_expand(SHTensor t, const int64_t *sizes, int32_t rank, SHTensor *out) {
    return make(out, [&] { return in(t).expand(ints(sizes, rank)); });
}
SHStatus sh_repeat(SHTensor t, const int64_t *counts, int32_t rank, SHTensor *out) {
    return make(out, [&] { return in(t).repeat(ints(counts, rank)); });
}
SHStatus sh_unsqueeze(SHTensor t, int64_t dim, SHTensor *out) {
    return make(out, [&] { return in(t).unsqueeze(dim); });
}
SHStatus sh_squeeze(SHTensor t, int64_t dim, SHTensor *out) {
    return make(out, [&] { return in(t).squeeze(dim); });
}
SHStatus sh_narrow(SHTensor t, int64_t dim, int64_t start, int64_t length, SHTensor *out) {
    return make(out, [&] { return in(t).narrow(dim, start, length); });
}
SHStatus sh_index_select(SHTensor t, int64_t dim, SHTensor index, SHTensor *out) {
    return make(out, [&] { return in(t).index_select(dim, in(index)); });
}
SHStatus sh_unfold(SHTensor t, int64_t dim, int64_t size, int64_t step, SHTensor *out) {
    return make(out, [&] { return in(t).unfold(dim, size, step); });
}

namespace {
std::vector<at::Tensor> list(const SHTensor *parts, int32_t n) {
    std::vector<at::Tensor> values;
    values.reserve(static_cast<size_t>(n));
    for (int32_t i = 0; i < n; ++i) values.push_back(in(parts[i]));
    return values;
}
}  // namespace

SHStatus sh_cat(const SHTensor *parts, int32_t n, int64_t dim, SHTensor *out) {
    return make(out, [&] { return at::cat(list(parts, n), dim); });
}
SHStatus sh_stack(const SHTensor *parts, int32_t n, int64_t dim, SHTensor *out) {
    return make(out, [&] { return at::stack(list(parts, n), dim); });
}
SHStatus sh_pad(SHTensor t, const int64_t *pairs, int32_t n, double value, SHTensor *out) {
    return make(out, [&] { return at::constant_pad_nd(in(t), ints(pairs, n), value); });
}

// Winograd's convolutions: outputs by tiles of four (a line) or 4 × 4 (a picture).
//
// The inputs that a tile reads, and the weights, are values of polynomials; their convolution is the product of those.
// Both are evaluated at a few points, where the product of polynomials is one multiplication each, that is, one matrix
// product over channels for each point, and the outputs follow by interpolation. 3 × 3 weights take 36 multiplications
// for 16 outputs in place of 144; three taps of a line 6 for 4 in place of 12. More taps are cut into chunks of four,
// which read a tile and its successors: their products are summed before they are interpolated.
//
// The price is rounding: three to ten times that of a direct convolution, at most 3e-6 of a layer's result.
// Points are those with the least of it (Barabasz, Anderson, Soodhalter, Gregg: Error Analysis and Improving the
// Accuracy of Winograd Convolution for Deep Neural Networks, 2020), among those tried.
#include "Winograd.h"

#include <ATen/Version.h>
#include <torch/library.h>

#include <algorithm>
#include <array>
#include <vector>

#include "Team.h"
#include "include/CTorch.h"

using namespace seehear;

namespace {

template <size_t height, size_t width>
using Matrix = std::array<std::array<float, width>, height>;

// F(m, r) of Toom and Cook: m outputs of r taps from m + r − 1 points, the last of which is at infinity.
template <size_t m, size_t r>
struct ToomCook {
    static constexpr size_t n = m + r - 1;
    Matrix<m, n> output{};
    Matrix<n, r> weight{};
    Matrix<n, n> input{};

    constexpr explicit ToomCook(const std::array<double, n - 1> &points) {
        for (size_t p = 0; p + 1 < n; ++p) {
            // The polynomial that is zero at all other points, by the powers of its variable, and its value at this
            // one.
            std::array<double, n> zero{1};
            double value = 1;
            for (size_t q = 0; q + 1 < n; ++q) {
                if (q == p) continue;
                multiply(zero, points[q]);
                value *= points[p] - points[q];
            }
            for (size_t j = 0; j < n; ++j) input[p][j] = static_cast<float>(zero[j]);
            double power = 1;
            for (size_t j = 0; j < std::max(m, r); ++j, power *= points[p]) {
                if (j < m) output[j][p] = static_cast<float>(power);
                if (j < r) weight[p][j] = static_cast<float>(power / value);
            }
        }
        std::array<double, n> zero{1};
        for (const double point : points) multiply(zero, point);
        for (size_t j = 0; j < n; ++j) input[n - 1][j] = static_cast<float>(zero[j]);
        output[m - 1][n - 1] = weight[n - 1][r - 1] = 1;
    }

private:
    // By (variable − root).
    static constexpr void multiply(std::array<double, n> &polynomial, double root) {
        for (size_t j = n - 1; j > 0; --j) polynomial[j] = polynomial[j - 1] - root * polynomial[j];
        polynomial[0] *= -root;
    }
};

template <const auto &scheme>
struct Transforms {
    static constexpr auto of_output = scheme.output;
    static constexpr auto of_weight = scheme.weight;
    static constexpr auto of_input = scheme.input;
    static constexpr int m = static_cast<int>(of_output.size());
    static constexpr int r = static_cast<int>(of_weight[0].size());
    static constexpr int n = m + r - 1;
};

constexpr ToomCook<4, 3> four_of_three({0, 1, -1, 0.5, -2});
constexpr ToomCook<4, 4> four_of_four({0, 1, -1, 2, -2, 0.5});

// What a convolution reads and writes. Offsets are in floats, of the first channel; −1 is zero, or nowhere.
struct Convolution {
    int64_t images, inputs, height, width;             // x, channels innermost
    int64_t channels, output_height, output_width;     // y, likewise
    int64_t weight_output, weight_input;               // strides of the weight by channels of y and of x
    int64_t weight_row, weight_column, kernel_height;  // and inside its kernel
    int64_t kernel_width;
    int64_t padding, dilation;
    bool flipped;  // the kernel is read from its end: an adjoint
    int64_t groups = 1, tiles = 0, chunks = 1;

    int64_t kernel_offset(int64_t row, int64_t column) const {
        return (flipped ? kernel_height - 1 - row : row) * weight_row +
               (flipped ? kernel_width - 1 - column : column) * weight_column;
    }
    int64_t source_at(int64_t image, int64_t row, int64_t column) const {
        if (row < 0 || row >= height || column < 0 || column >= width) return -1;
        return ((image * height + row) * width + column) * inputs;
    }
    int64_t target_at(int64_t image, int64_t row, int64_t column) const {
        if (row >= output_height || column >= output_width) return -1;
        return ((image * output_height + row) * output_width + column) * channels;
    }
};

// 3 × 3 weights over a picture.
struct Picture : Convolution {
    using Scheme = Transforms<four_of_three>;
    static constexpr int dimensions = 2, n = Scheme::n, m = Scheme::m, r = Scheme::r;
    static constexpr int points = n * n, taps = r * r, outputs = m * m;
    int64_t down, across;  // tiles

    explicit Picture(const Convolution &c)
        : Convolution(c), down((c.output_height + m - 1) / m), across((c.output_width + m - 1) / m) {
        tiles = images * down * across;
    }
    int64_t weight_offset(int64_t, int64_t tap) const { return kernel_offset(tap / r, tap % r); }
    int64_t source(int64_t, int64_t tile, int64_t point) const {
        return source_at(tile / (down * across), tile / across % down * m + point / n - padding,
                         tile % across * m + point % n - padding);
    }
    int64_t target(int64_t, int64_t tile, int64_t output) const {
        return target_at(tile / (down * across), tile / across % down * m + output / m, tile % across * m + output % m);
    }
};

// Weights over a line. Positions `dilation` apart see only each other: they are a group.
template <class Transform>
struct Line : Convolution {
    using Scheme = Transform;
    static constexpr int dimensions = 1, m = Scheme::m, r = Scheme::r;
    static constexpr int points = Scheme::n, taps = r, outputs = m;

    explicit Line(const Convolution &c) : Convolution(c) {
        groups = images * dilation;
        tiles = ((output_width + dilation - 1) / dilation + m - 1) / m;
        chunks = (kernel_width + r - 1) / r;
        // The next chunk of a tile is the first of the next tile only if both are as long.
        TORCH_INTERNAL_ASSERT(chunks == 1 || m == r);
    }
    int64_t weight_offset(int64_t chunk, int64_t tap) const {
        const int64_t column = chunk * r + tap;
        return column < kernel_width ? kernel_offset(0, column) : -1;
    }
    int64_t source(int64_t group, int64_t tile, int64_t point) const {
        return source_at(group / dilation, 0, (tile * m + point) * dilation + group % dilation - padding);
    }
    int64_t target(int64_t group, int64_t tile, int64_t output) const {
        return target_at(group / dilation, 0, (tile * m + output) * dilation + group % dilation);
    }
};

// Of libtorch's memory, which is kept from one layer to the next.
class Scratch {
public:
    explicit Scratch(int64_t floats)
        : memory(at::getCPUAllocator()->allocate(static_cast<size_t>(floats) * sizeof(float))) {}
    float *get() const { return static_cast<float *>(memory.get()); }

private:
    c10::DataPtr memory;
};

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
namespace avx2 {
constexpr int lanes = 8, rows = 6;
#include "WinogradKernels.h"
}  // namespace avx2
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512vl,avx512dq"))), apply_to = function)
namespace avx512 {
constexpr int lanes = 16, rows = 14;
#include "WinogradKernels.h"
}  // namespace avx512
#pragma clang attribute pop

// Channels are a multiple of this: both instruction sets then have whole vectors to read and two to write, either way.
constexpr int64_t whole = 2 * avx512::lanes;

// As libtorch has it for its own kernels; AVX-512 comes with AVX2 and fused multiplication.
bool has_avx512() { return at::get_cpu_capability() == "AVX512"; }
bool has_avx2() { return has_avx512() || at::get_cpu_capability() == "AVX2"; }

template <class Element, class Plan>
void run(const Plan &plan, const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
         at::Tensor &y) {
    const auto convolve = has_avx512() ? avx512::convolve<Plan, Element> : avx2::convolve<Plan, Element>;
    convolve(plan, x.data_ptr<Element>(), weight.data_ptr<Element>(), bias ? bias->data_ptr<Element>() : nullptr,
             y.data_ptr<Element>());
}

template <class Plan>
void run_any(const Plan &plan, const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
             at::Tensor &y) {
    if (x.scalar_type() == at::kFloat) {
        run<float>(plan, x, weight, bias, y);
    } else {
        run<c10::BFloat16>(plan, x, weight, bias, y);
    }
}

at::Tensor convolution(const at::Tensor &input, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
                       at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed) {
    const auto x = input.contiguous(at::MemoryFormat::ChannelsLast);
    const auto reach = (weight.size(3) - 1) * dilation[1];
    const int output = transposed ? 1 : 0;
    Convolution c{.images = x.size(0),
                  .inputs = x.size(1),
                  .height = x.size(2),
                  .width = x.size(3),
                  .channels = weight.size(output),
                  .output_height = x.size(2),
                  .output_width = 0,
                  .weight_output = weight.stride(output),
                  .weight_input = weight.stride(1 - output),
                  .weight_row = weight.stride(2),
                  .weight_column = weight.stride(3),
                  .kernel_height = weight.size(2),
                  .kernel_width = weight.size(3),
                  .padding = transposed ? reach - padding[1] : padding[1],
                  .dilation = dilation[1],
                  .flipped = transposed};
    const auto grown = 2 * c.padding - reach;
    c.output_width = c.width + grown;
    if (c.kernel_height > 1) c.output_height = c.height + grown;
    auto y = at::empty({c.images, c.channels, c.output_height, c.output_width},
                       x.options().memory_format(at::MemoryFormat::ChannelsLast));
    const auto offsets = bias ? std::optional<at::Tensor>(bias->contiguous()) : std::nullopt;
    if (c.kernel_height > 1) {
        run_any(Picture(c), x, weight, offsets, y);
    } else if (c.kernel_width <= 3) {
        run_any(Line<Transforms<four_of_three>>(c), x, weight, offsets, y);
    } else {
        run_any(Line<Transforms<four_of_four>>(c), x, weight, offsets, y);
    }
    return y;
}

}  // namespace

// An operation of libtorch's, so that what watches those sees it.
TORCH_LIBRARY(seehear, library) {
    library.def(
        "winograd(Tensor x, Tensor weight, Tensor? bias, int[] padding, int[] dilation, bool transposed) -> Tensor");
}
TORCH_LIBRARY_IMPL(seehear, CPU, library) { library.impl("winograd", convolution); }

bool seehear::suits_winograd(const at::Tensor &x, const at::Tensor &weight, const Geometry &g) {
    static const bool able = has_avx2();
    const auto type = x.scalar_type();
    if (!able || !x.is_cpu() || weight.scalar_type() != type) return false;
    if (type != at::kFloat && type != at::kBFloat16) return false;
    // Products of bf16 itself are twice as fast, which a line's transforms do not win.
    const bool halves = type == at::kBFloat16 && sh_cpu_multiplies_bf16();
    if (x.dim() != 4 || weight.dim() != 4 || g.stride != std::vector<int64_t>{1, 1}) return false;
    if (weight.size(0) % whole != 0 || weight.size(1) % whole != 0) return false;
    const auto height = weight.size(2), width = weight.size(3);
    const auto reach = g.dilation[1] * (width - 1);
    if (g.padding[1] > reach || x.size(3) + 2 * g.padding[1] <= reach) return false;
    if (height == 1) {
        // Where channels and taps are few, the transforms cost what the products save; likewise where tiles are.
        const bool is_line = x.size(2) == 1 && g.padding[0] == 0 && (width == 3 || width > 5);
        return is_line && !halves && width * std::min(weight.size(0), weight.size(1)) >= 192 &&
               x.size(3) >= 64 * g.dilation[1];
    }
    const bool is_square = height == 3 && width == 3 && g.padding[0] == g.padding[1];
    return is_square && g.dilation == std::vector<int64_t>{1, 1} && x.size(2) + 2 * g.padding[0] >= 3 &&
           x.size(0) * x.size(2) * x.size(3) >= 1024;
}

at::Tensor seehear::winograd(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
                             const Geometry &g, bool transposed) {
    using Op = at::Tensor(const at::Tensor &, const at::Tensor &, const std::optional<at::Tensor> &, at::IntArrayRef,
                          at::IntArrayRef, bool);
    static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("seehear::winograd", "").typed<Op>();
    return op.call(x, weight, bias, g.padding, g.dilation, transposed);
}

// Convolutions in single precision or bf16 on the host by fewer multiplications.
#pragma once

#include <ATen/ATen.h>

#include <optional>

#include "Convolution.h"

namespace seehear {

// Whether `winograd` computes this convolution, and in less time than a direct one. It depends on shapes and on what
// the processor can do, and on nothing measured: ranks of a run that chose differently would compute other bits.
bool suits_winograd(const at::Tensor &x, const at::Tensor &weight, const Geometry &geometry);

// x [N, C, H, W]; weight [K, C, 3, 3] or [K, C, 1, taps], or, transposed, [C, K, …] for the adjoint of the convolution
// that has this weight and geometry. The result lies channels innermost.
at::Tensor winograd(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
                    const Geometry &geometry, bool transposed);

}  // namespace seehear

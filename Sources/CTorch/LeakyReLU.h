// Leaky ReLU with its gradient, for layers on the host.
#pragma once

#include <ATen/ATen.h>

#include <tuple>

namespace seehear {

// Where x is on the host, in single precision or bf16, and without gaps.
bool suits_leaky_relu(const at::Tensor &x);

// x where it is above 0, slope · x elsewhere; and where x is above 0, a byte for each element, laid out as x is.
std::tuple<at::Tensor, at::Tensor> leaky_relu(const at::Tensor &x, double slope);

// The gradient of x from that of the result.
at::Tensor leaky_relu_backward(const at::Tensor &grad, const at::Tensor &positive, double slope);

}  // namespace seehear

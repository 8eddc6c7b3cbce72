// How a convolution moves over its input.
#pragma once

#include <cstdint>
#include <vector>

namespace seehear {

// One number for each dimension behind the channels.
struct Geometry {
    std::vector<int64_t> stride, padding, dilation;
};

}  // namespace seehear

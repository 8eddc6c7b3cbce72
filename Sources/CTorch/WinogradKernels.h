// Compiled once for each instruction set, inside its namespace: `lanes` floats in a vector, `rows` of a product at
// once. Sums run in the same order whatever these are, so that all instruction sets should compute the same bits.
//
// No header's guard: this file is meant to be included several times.

typedef float Vector __attribute__((vector_size(lanes * sizeof(float)), aligned(alignof(float))));

typedef uint32_t Words __attribute__((vector_size(lanes * sizeof(uint32_t))));
typedef uint16_t Halves __attribute__((vector_size(lanes * sizeof(uint16_t)), aligned(alignof(uint16_t))));

inline Vector load(const float *from) { return *reinterpret_cast<const Vector *>(from); }
inline void store(float *to, Vector v) { *reinterpret_cast<Vector *>(to) = v; }

// bf16 is the upper half of a float.
inline Vector load(const c10::BFloat16 *from) {
    const Words words = __builtin_convertvector(*reinterpret_cast<const Halves *>(from), Words);
    return reinterpret_cast<Vector>(words << 16);
}
// To the nearest, from the middle to the even one; what is not a number stays so.
inline void store(c10::BFloat16 *to, Vector v) {
    const Words words = reinterpret_cast<Words>(v);
    const Words rounded = (words + 0x7fff + ((words >> 16) & 1)) >> 16;
    const Words number = reinterpret_cast<Words>(v == v);
    *reinterpret_cast<Halves *>(to) = __builtin_convertvector((rounded & number) | (0x7fc0 & ~number), Halves);
}

#define SEEHEAR_UNROLLED _Pragma("clang loop unroll(full)")

// to[i] = Σ matrix[i][j] · from[j]; what is zero in the matrix costs nothing.
template <const auto &matrix, int from_step, int to_step>
inline void combine(const Vector *from, Vector *to) {
    constexpr int height = static_cast<int>(std::size(matrix)), width = static_cast<int>(std::size(matrix[0]));
    SEEHEAR_UNROLLED for (int i = 0; i < height; ++i) {
        Vector sum{};
        SEEHEAR_UNROLLED for (int j = 0; j < width; ++j) {
            if (matrix[i][j] != 0) sum += matrix[i][j] * from[j * from_step];
        }
        to[i * to_step] = sum;
    }
}

// The same along the dimensions that a transform has, one or two.
template <const auto &matrix, int dimensions>
inline void transform(const Vector *from, Vector *to) {
    if constexpr (dimensions == 1) {
        combine<matrix, 1, 1>(from, to);
    } else {
        constexpr int height = static_cast<int>(std::size(matrix)), width = static_cast<int>(std::size(matrix[0]));
        Vector between[height * width];
        SEEHEAR_UNROLLED for (int j = 0; j < width; ++j) combine<matrix, width, width>(from + j, between + j);
        SEEHEAR_UNROLLED for (int i = 0; i < height; ++i) {
            combine<matrix, 1, 1>(between + i * width, to + i * height);
        }
    }
}

// c [rows, panel] = a [rows, depth] · b [depth, panel]; the rows of a are `apart` floats apart.
inline void multiply(const float *a, int64_t apart, const float *b, int64_t depth, float *c) {
    Vector left[rows], right[rows];
    SEEHEAR_UNROLLED for (int r = 0; r < rows; ++r) left[r] = right[r] = Vector{};
    for (int64_t d = 0; d < depth; ++d, b += 2 * lanes) {
        const Vector first = load(b), second = load(b + lanes);
        SEEHEAR_UNROLLED for (int r = 0; r < rows; ++r) {
            const float value = a[r * apart + d];
            left[r] += value * first;
            right[r] += value * second;
        }
    }
    SEEHEAR_UNROLLED for (int r = 0; r < rows; ++r) {
        store(c + r * 2 * lanes, left[r]);
        store(c + r * 2 * lanes + lanes, right[r]);
    }
}

// Weights of one panel of outputs and one chunk as products read them: [point, input, output of the panel]; points are
// `apart` floats apart.
template <class Plan, class Element>
void transform_weights(const Plan &plan, const Element *weight, int64_t panel, int64_t chunk, float *to,
                       int64_t apart) {
    constexpr int points = Plan::points, taps = Plan::taps;
    float gathered[taps * 2 * lanes];
    int64_t offsets[taps];
    for (int tap = 0; tap < taps; ++tap) offsets[tap] = plan.weight_offset(chunk, tap);
    for (int64_t input = 0; input < plan.inputs; ++input, to += 2 * lanes) {
        for (int tap = 0; tap < taps; ++tap) {
            const bool is_there = offsets[tap] >= 0;
            const int64_t offset = offsets[tap] + input * plan.weight_input;
            for (int k = 0; k < 2 * lanes; ++k) {
                gathered[tap * 2 * lanes + k] =
                    is_there ? static_cast<float>(weight[offset + (panel * 2 * lanes + k) * plan.weight_output]) : 0;
            }
        }
        for (int side = 0; side < 2 * lanes; side += lanes) {
            Vector from[taps], values[points];
            SEEHEAR_UNROLLED for (int t = 0; t < taps; ++t) from[t] = load(gathered + t * 2 * lanes + side);
            transform<Plan::Scheme::of_weight, Plan::dimensions>(from, values);
            SEEHEAR_UNROLLED for (int i = 0; i < points; ++i) store(to + i * apart + side, values[i]);
        }
    }
}

// What a tile reads, at every point: [point, input]; points are `apart` floats apart.
template <class Plan, class Element>
void transform_tile(const Plan &plan, const Element *x, const Element *zeros, int64_t group, int64_t tile, float *to,
                    int64_t apart) {
    constexpr int points = Plan::points;
    const Element *sources[points];
    for (int i = 0; i < points; ++i) {
        const int64_t offset = plan.source(group, tile, i);
        sources[i] = offset < 0 ? zeros : x + offset;
    }
    for (int64_t c = 0; c < plan.inputs; c += lanes) {
        Vector from[points], values[points];
        SEEHEAR_UNROLLED for (int i = 0; i < points; ++i) from[i] = load(sources[i] + c);
        transform<Plan::Scheme::of_input, Plan::dimensions>(from, values);
        SEEHEAR_UNROLLED for (int i = 0; i < points; ++i) store(to + i * apart + c, values[i]);
    }
}

// The outputs of one panel of tiles that lie one behind the other, whose values at a point are `apart` tiles apart.
// A tile's successors lie behind it, so that the chunks of a long kernel are one product.
template <class Plan, class Element>
void finish(const Plan &plan, const float *tiles, int64_t apart, const float *weights, const Element *bias,
            int64_t group, int64_t first, int64_t count, int64_t panel, std::vector<float> &products, Element *y) {
    constexpr int points = Plan::points, outputs = Plan::outputs;
    const int64_t depth = plan.chunks * plan.inputs, padded = (count + rows - 1) / rows * rows;
    products.resize(static_cast<size_t>(points * padded * 2 * lanes));
    for (int64_t i = 0; i < points; ++i) {
        for (int64_t row = 0; row < padded; row += rows) {
            multiply(tiles + (i * apart + row) * plan.inputs, plan.inputs, weights + i * depth * 2 * lanes, depth,
                     products.data() + (i * padded + row) * 2 * lanes);
        }
    }
    for (int side = 0; side < 2 * lanes; side += lanes) {
        const int64_t channel = panel * 2 * lanes + side;
        const Vector offset = bias == nullptr ? Vector{} : load(bias + channel);
        for (int64_t tile = 0; tile < count; ++tile) {
            Vector from[points], values[points];  // there are fewer outputs than points
            const float *place = products.data() + tile * 2 * lanes + side;
            SEEHEAR_UNROLLED for (int i = 0; i < points; ++i) from[i] = load(place + i * padded * 2 * lanes);
            transform<Plan::Scheme::of_output, Plan::dimensions>(from, values);
            for (int o = 0; o < outputs; ++o) {
                const int64_t target = plan.target(group, first + tile, o);
                if (target >= 0) store(y + target + channel, values[o] + offset);
            }
        }
    }
}

// Plan is one of the plans of Winograd.cpp. Between reading and writing everything is in single precision.
template <class Plan, class Element>
void convolve(const Plan &plan, const Element *x, const Element *weight, const Element *bias, Element *y) {
    constexpr int64_t points = Plan::points, megabyte = (1 << 20) / sizeof(float), panel = 2 * lanes;
    const int64_t depth = plan.chunks * plan.inputs, panels = plan.channels / panel;
    const int64_t of_panel = points * depth * panel, more = plan.chunks - 1;
    const std::vector<Element> zeros(static_cast<size_t>(plan.inputs), Element(0));
    const auto rounded = [](int64_t tiles) { return (tiles + rows - 1) / rows * rows; };
    // How many tiles fit into so much memory, in whole rows of a product.
    const auto fitting = [&](int64_t floats) {
        return std::min(std::max<int64_t>(floats / (points * plan.inputs) / rows, 1) * rows, rounded(plan.tiles));
    };

    if (panels * of_panel <= 24 * megabyte) {
        // All weights first, then tiles by as many as stay in a core's own cache.
        const Scratch weights(panels * of_panel);
        share_among_threads(panels * plan.chunks, [&](int64_t work) {
            const int64_t p = work / plan.chunks, chunk = work % plan.chunks;
            transform_weights(plan, weight, p, chunk, weights.get() + p * of_panel + chunk * plan.inputs * panel,
                              depth * panel);
        });
        const int64_t block = fitting(megabyte), held = block + more, blocks = (plan.tiles + block - 1) / block;
        share_among_threads(plan.groups * blocks, [&](int64_t work) {
            // Beyond the last tile stands what was there before: what is computed of it is not read.
            static thread_local std::vector<float> tiles, products;
            const int64_t group = work / blocks, first = work % blocks * block;
            const int64_t count = std::min(block, plan.tiles - first);
            tiles.resize(static_cast<size_t>(points * held * plan.inputs));
            for (int64_t tile = 0; tile < count + more; ++tile) {
                transform_tile(plan, x, zeros.data(), group, first + tile, tiles.data() + tile * plan.inputs,
                               held * plan.inputs);
            }
            for (int64_t p = 0; p < panels; ++p) {
                finish(plan, tiles.data(), held, weights.get() + p * of_panel, bias, group, first, count, p, products,
                       y);
            }
        });
        return;
    }
    // Weights are many: they are transformed where they are used, panel by panel, for more tiles at once.
    const int64_t block = fitting(16 * megabyte), held = block + more;
    const Scratch tiles(points * held * plan.inputs);
    for (int64_t group = 0; group < plan.groups; ++group) {
        for (int64_t first = 0; first < plan.tiles; first += block) {
            const int64_t count = std::min(block, plan.tiles - first);
            share_among_threads(count + more, [&](int64_t tile) {
                transform_tile(plan, x, zeros.data(), group, first + tile, tiles.get() + tile * plan.inputs,
                               held * plan.inputs);
            });
            share_among_threads(panels, [&](int64_t p) {
                static thread_local std::vector<float> weights, products;
                weights.resize(static_cast<size_t>(of_panel));
                for (int64_t chunk = 0; chunk < plan.chunks; ++chunk) {
                    transform_weights(plan, weight, p, chunk, weights.data() + chunk * plan.inputs * panel,
                                      depth * panel);
                }
                finish(plan, tiles.get(), held, weights.data(), bias, group, first, count, p, products, y);
            });
        }
    }
}

#undef SEEHEAR_UNROLLED

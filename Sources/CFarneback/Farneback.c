// Farnebäck's optical flow, step by step as OpenCV 5 computes it (modules/video/src/optflowgf.cpp), in its precision:
// what is a float there is one here, sums run in the same order, and borders are the same. Where little is seen the
// result hangs on the last bits, so these follow OpenCV too, as it is on a processor with AVX2. Two things differ: a
// picture is expanded once, and not for each pair that it is in; and of the blurred picture only those rows are
// computed that a level keeps.
//
// Products and sums are contracted only where this file says so (-ffp-contract=off), so that every instruction set
// computes the same bits.
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "CFarneback.h"

// Compiled for each instruction set; the processor's best is chosen when the program starts. A test asks for one alone.
#if defined(__x86_64__) && !defined(SEEHEAR_ONE_PROCESSOR)
#define EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EACH_PROCESSOR
#endif

enum {
    max_levels = 4,  // the picture itself and three halvings
    min_side = 32,   // no level is smaller, but the picture itself may be
    window = 15,     // of the box in which the motion counts as one
    margin = window / 2,
    iterations = 3,
    reach = 5,    // of the polynomial expansion
    terms = 5,    // of an expansion, and of the equations in each pixel
    border = 5,   // rows and columns that count less
    widest = 19,  // taps of a blur
    lanes = 8,    // floats in a vector of AVX2
    loose = 8,    // floats behind an expansion: pixels are read eight at a time, of which five count
};

// How rows or columns of one size lie between those of another.
struct between {
    int *index;   // per output, the lower neighbour and the upper one
    float *part;  // per output, the share of the upper
};

// A blur along rows or columns.
struct blur {
    int taps;
    float weight[widest];
};

struct level {
    int width, height;
    int64_t offset;                   // of its expansion
    struct blur blur;                 // before it is made smaller; unused at level 0, which is blurred with 1 2 1
    struct between columns, rows;     // in the blurred picture; unused at level 0
    struct between across, along;     // in the level above; unused at the top
    float *edge_columns, *edge_rows;  // how much a column or row counts
};

struct seehear_farneback {
    int width, height, levels;
    struct level level[max_levels];
    int64_t expansion_size;
    float g[reach + 1], xg[reach + 1], xxg[reach + 1];
    double ig11, ig03, ig33, ig55;
    float *picture, *blurred, *reduced;  // a whole picture each
    float *line[2];                      // a row of the picture, with more on both sides
    float *expanded[3];                  // a row that was expanded vertically, with `reach` more on both sides
    float *row[terms];                   // a row of an expansion, or of the equations
    float *flow[2], *coarser[2];         // to the right, downwards
    float *equations[terms];             // G(1,1), G(1,2), G(2,2), h(1), h(2) of each pixel
    double *column[terms];               // sums of columns, with `margin` and one more on both sides
    double *sum[terms];                  // sums of the window
};

static int64_t area(int width, int height) { return (int64_t)width * height; }

static int at_least(int value, int low) { return value < low ? low : value; }
static int at_most(int value, int high) { return value > high ? high : value; }

// Mirrored without repeating the edge.
static int mirrored(int i, int count) {
    if (count == 1) return 0;
    while (i < 0 || i >= count) i = i < 0 ? -i : 2 * (count - 1) - i;
    return i;
}

// OpenCV has two ways: one value in a pixel (the picture) lies where it lies, of two (the flow) the place is a float.
static bool make_between(struct between *between, int from, int to, bool is_flow) {
    between->index = malloc((size_t)to * 2 * sizeof *between->index);
    between->part = malloc((size_t)to * sizeof *between->part);
    if (!between->index || !between->part) return false;
    const double scale = 1 / ((double)to / from);
    for (int i = 0; i < to; ++i) {
        double at = (i + 0.5) * scale - 0.5;
        if (is_flow) at = (float)at;
        const int lower = (int)floor(at);
        between->index[2 * i] = at_most(at_least(lower, 0), from - 1);
        between->index[2 * i + 1] = at_most(lower + 1, from - 1);
        between->part[i] = (float)(at - lower);
    }
    return true;
}

static void make_blur(struct blur *blur, double sigma) {
    blur->taps = at_least((int)nearbyint(sigma * 5) | 1, 3);
    double kernel[widest], sum = 0;
    const int middle = blur->taps / 2;
    for (int i = 0; i < blur->taps; ++i) {
        kernel[i] = exp(-(i - middle) * (i - middle) / (2 * sigma * sigma));
        sum += kernel[i];
    }
    for (int i = 0; i < blur->taps; ++i) blur->weight[i] = (float)(kernel[i] / sum);
}

static bool make_edges(float **edges, int count) {
    static const float weight[border] = {0.14f, 0.14f, 0.4472f, 0.4472f, 0.4472f};
    float *edge = *edges = malloc((size_t)count * sizeof *edge);
    if (!edge) return false;
    for (int i = 0; i < count; ++i) {
        edge[i] = (i < border ? weight[i] : 1) * (i >= count - border ? weight[count - 1 - i] : 1);
    }
    return true;
}

static void make_expansion(struct seehear_farneback *f) {
    const double sigma = 1.2;
    float g[2 * reach + 1];
    double sum = 0;
    for (int i = -reach; i <= reach; ++i) sum += g[i + reach] = (float)exp(-i * i / (2 * sigma * sigma));
    for (int i = -reach; i <= reach; ++i) g[i + reach] = (float)(g[i + reach] * (1 / sum));
    for (int i = 0; i <= reach; ++i) {
        f->g[i] = g[i + reach];
        f->xg[i] = (float)((float)i * f->g[i]);
        f->xxg[i] = (float)((float)(i * i) * f->g[i]);
    }
    // The moments of the weights: of 1, x², x⁴ and x²y². What is fitted, 1 x y x² y² xy, couples only by these.
    double one = 0, two = 0, four = 0, mixed = 0;
    for (int y = -reach; y <= reach; ++y) {
        for (int x = -reach; x <= reach; ++x) {
            const float weight = g[y + reach] * g[x + reach];
            one += weight;
            two += weight * (float)x * (float)x;
            four += weight * (float)x * (float)x * (float)x * (float)x;
            mixed += weight * (float)x * (float)x * (float)y * (float)y;
        }
    }
    // The inverse of [one two two; two four mixed; two mixed four], of which [0][1] and [1][1] are used.
    const double determinant = one * (four + mixed) - 2 * two * two;
    f->ig11 = 1 / two;
    f->ig03 = -two / determinant;
    f->ig33 = (one * four - two * two) / (determinant * (four - mixed));
    f->ig55 = 1 / mixed;
}

static bool make_levels(struct seehear_farneback *f) {
    double scale = 1;
    for (f->levels = 1; f->levels < max_levels; ++f->levels) {
        scale *= 0.5;
        if (f->width * scale < min_side || f->height * scale < min_side) break;
    }
    scale = 1;
    for (int k = 0; k < f->levels; ++k, scale *= 0.5) {
        struct level *l = &f->level[k];
        l->width = (int)nearbyint(f->width * scale);
        l->height = (int)nearbyint(f->height * scale);
        l->offset = f->expansion_size;
        f->expansion_size += area(l->width, l->height) * terms;
        const double sigma = (1 / scale - 1) * 0.5;
        if (k > 0) {
            make_blur(&l->blur, sigma);
            if (!make_between(&l->columns, f->width, l->width, false) ||
                !make_between(&l->rows, f->height, l->height, false)) {
                return false;
            }
        }
        if (!make_edges(&l->edge_columns, l->width) || !make_edges(&l->edge_rows, l->height)) return false;
    }
    f->expansion_size += loose;
    for (int k = 0; k + 1 < f->levels; ++k) {
        struct level *l = &f->level[k];
        if (!make_between(&l->across, f->level[k + 1].width, l->width, true) ||
            !make_between(&l->along, f->level[k + 1].height, l->height, true)) {
            return false;
        }
        // OpenCV takes the outermost column as it is, but mixes the outermost row with itself, which rounds.
        for (int x = 0; x < l->width; ++x) {
            if (l->across.index[2 * x] == l->across.index[2 * x + 1]) l->across.part[x] = 0;
        }
    }
    return true;
}

static bool make_memory(struct seehear_farneback *f) {
    // The widest blur reaches farther to both sides than a window or an expansion.
    const size_t row = (size_t)f->width + widest - 1, all = (size_t)area(f->width, f->height);
    bool made = true;
    f->picture = malloc(all * sizeof(float));
    f->blurred = malloc(all * sizeof(float));
    f->reduced = malloc(all * sizeof(float));
    made = made && f->picture && f->blurred && f->reduced;
    for (int i = 0; i < 2; ++i) {
        f->line[i] = malloc(row * sizeof(float));
        made = made && f->line[i];
        f->flow[i] = malloc(all * sizeof(float));
        f->coarser[i] = malloc(all * sizeof(float));
        made = made && f->flow[i] && f->coarser[i];
    }
    for (int i = 0; i < 3; ++i) {
        f->expanded[i] = malloc(row * sizeof(float));
        made = made && f->expanded[i];
    }
    for (int i = 0; i < terms; ++i) {
        f->row[i] = malloc(row * sizeof(float));
        f->equations[i] = malloc(all * sizeof(float));
        f->column[i] = malloc(row * sizeof(double));
        f->sum[i] = malloc(row * sizeof(double));
        made = made && f->row[i] && f->equations[i] && f->column[i] && f->sum[i];
    }
    return made;
}

struct seehear_farneback *seehear_farneback_make(int width, int height) {
    if (width < 1 || height < 1 || width > 65536 || height > 65536) return NULL;
    struct seehear_farneback *f = calloc(1, sizeof *f);
    if (!f) return NULL;
    f->width = width;
    f->height = height;
    make_expansion(f);
    if (!make_levels(f) || !make_memory(f)) {
        seehear_farneback_free(f);
        return NULL;
    }
    return f;
}

void seehear_farneback_free(struct seehear_farneback *f) {
    if (!f) return;
    for (int k = 0; k < max_levels; ++k) {
        struct level *l = &f->level[k];
        void *parts[] = {l->columns.index, l->columns.part, l->rows.index, l->rows.part,    l->across.index,
                         l->across.part,   l->along.index,  l->along.part, l->edge_columns, l->edge_rows};
        for (size_t i = 0; i < sizeof parts / sizeof *parts; ++i) free(parts[i]);
    }
    free(f->picture);
    free(f->blurred);
    free(f->reduced);
    for (int i = 0; i < 2; ++i) free(f->line[i]), free(f->flow[i]), free(f->coarser[i]);
    for (int i = 0; i < 3; ++i) free(f->expanded[i]);
    for (int i = 0; i < terms; ++i) free(f->row[i]), free(f->equations[i]), free(f->column[i]), free(f->sum[i]);
    free(f);
}

int64_t seehear_farneback_expansion_size(const struct seehear_farneback *f) { return f->expansion_size; }

// ---- Expansion

EACH_PROCESSOR static void whole(const uint8_t *grey, float *to, int64_t count) {
    for (int64_t i = 0; i < count; ++i) to[i] = grey[i];
}

// A row with what is mirrored beside it.
static void mirror(const float *row, int width, int around, float *line) {
    memcpy(line + around, row, (size_t)width * sizeof *row);
    for (int i = 1; i <= around; ++i) {
        line[around - i] = row[mirrored(-i, width)];
        line[around + width - 1 + i] = row[mirrored(width - 1 + i, width)];
    }
}

// Level 0: 1 2 1 in both directions, exact in floats.
EACH_PROCESSOR static void soften(const float *from, int width, int height, float *to, float *sum, float *line) {
    for (int y = 0; y < height; ++y) {
        const float *above = from + area(width, mirrored(y - 1, height)), *here = from + area(width, y);
        const float *below = from + area(width, mirrored(y + 1, height));
        for (int x = 0; x < width; ++x) sum[x] = above[x] + 2 * here[x] + below[x];
        mirror(sum, width, 1, line);
        for (int x = 0; x < width; ++x) to[area(width, y) + x] = (line[x] + 2 * line[x + 1] + line[x + 2]) / 16;
    }
}

// Along the rows. OpenCV contracts in its vectors and not behind them; three taps are a case of their own.
EACH_PROCESSOR static void blur_rows(const float *from, int width, int height, const struct blur *blur,
                                     float *restrict to, float *restrict line) {
    const int taps = blur->taps, vectors = width / lanes * lanes;
    const float *weight = blur->weight;
    for (int y = 0; y < height; ++y, to += width) {
        mirror(from + area(width, y), width, taps / 2, line);
        if (taps == 3) {
            for (int x = 0; x < width; ++x) {
                to[x] = __builtin_fmaf(line[x + 1], weight[1], (line[x] + line[x + 2]) * weight[0]);
            }
            const int x = width - 1;
            if (width % 2 == 1) to[x] = __builtin_fmaf(line[x] + line[x + 2], weight[0], line[x + 1] * weight[1]);
            continue;
        }
        for (int x = 0; x < width; ++x) to[x] = line[x] * weight[0];
        for (int i = 1; i < taps; ++i) {
            for (int x = 0; x < vectors; ++x) to[x] = __builtin_fmaf(line[x + i], weight[i], to[x]);
            for (int x = vectors; x < width; ++x) to[x] += line[x + i] * weight[i];
        }
    }
}

// One row of what is blurred along the columns too.
EACH_PROCESSOR static void blur_columns(const float *from, int width, int height, const struct blur *blur, int y,
                                        float *restrict to) {
    const int middle = blur->taps / 2, vectors = blur->taps == 3 ? width : width / lanes * lanes;
    const float *weight = blur->weight + middle, *here = from + area(width, y);
    for (int x = 0; x < width; ++x) to[x] = here[x] * weight[0];
    for (int i = 1; i <= middle; ++i) {
        const float *above = from + area(width, mirrored(y - i, height));
        const float *below = from + area(width, mirrored(y + i, height));
        for (int x = 0; x < vectors; ++x) to[x] = __builtin_fmaf(below[x] + above[x], weight[i], to[x]);
        for (int x = vectors; x < width; ++x) to[x] += (below[x] + above[x]) * weight[i];
    }
}

// Points of the row that lies between two rows of the picture.
EACH_PROCESSOR static void mix_pixels(const float *upper, const float *lower, float down, const struct between *columns,
                                      int width, float *restrict to) {
    for (int x = 0; x < width; ++x) {
        const int left = columns->index[2 * x], right = columns->index[2 * x + 1];
        const float part = columns->part[x];
        const float above = __builtin_fmaf(upper[right] - upper[left], part, upper[left]);
        const float below = __builtin_fmaf(lower[right] - lower[left], part, lower[left]);
        to[x] = __builtin_fmaf(below - above, down, above);
    }
}

static void reduce(struct seehear_farneback *f, const struct level *l) {
    blur_rows(f->picture, f->width, f->height, &l->blur, f->blurred, f->line[0]);
    for (int y = 0; y < l->height; ++y) {
        for (int i = 0; i < 2; ++i) {
            blur_columns(f->blurred, f->width, f->height, &l->blur, l->rows.index[2 * y + i], f->line[i]);
        }
        mix_pixels(f->line[0], f->line[1], l->rows.part[y], &l->columns, l->width, f->reduced + area(l->width, y));
    }
}

// A row, weighted over the rows around it with g, xg and xxg.
EACH_PROCESSOR static void expand_rows(const struct seehear_farneback *f, const float *from, int width, int height,
                                       int y, float *restrict a, float *restrict b, float *restrict c) {
    const float *here = from + area(width, y);
    for (int x = 0; x < width; ++x) {
        a[x] = here[x] * f->g[0];
        b[x] = c[x] = 0;
    }
    for (int k = 1; k <= reach; ++k) {
        const float *above = from + area(width, at_least(y - k, 0));
        const float *below = from + area(width, at_most(y + k, height - 1));
        const float g = f->g[k], xg = f->xg[k], xxg = f->xxg[k];
        for (int x = 0; x < width; ++x) {
            const float p = above[x] + below[x];
            a[x] += g * p;
            b[x] += xg * (below[x] - above[x]);
            c[x] += xxg * p;
        }
    }
    for (int i = 1; i <= reach; ++i) {
        a[-i] = a[0], b[-i] = b[0], c[-i] = c[0];
        a[width - 1 + i] = a[width - 1], b[width - 1 + i] = b[width - 1], c[width - 1 + i] = c[width - 1];
    }
}

// The same along the row: the coefficients of y, x, y², x² and xy.
EACH_PROCESSOR static void expand_columns(const struct seehear_farneback *f, const float *a, const float *b,
                                          const float *c, int width, float *restrict r2, float *restrict r3,
                                          float *restrict r4, float *restrict r5, float *restrict r6) {
    float g[reach + 1], xg[reach + 1];
    double wide_g[reach + 1], wide_xxg[reach + 1];
    for (int k = 0; k <= reach; ++k) {
        g[k] = f->g[k], xg[k] = f->xg[k];
        wide_g[k] = f->g[k], wide_xxg[k] = f->xxg[k];
    }
    const double ig11 = f->ig11, ig03 = f->ig03, ig33 = f->ig33, ig55 = f->ig55;
    for (int x = 0; x < width; ++x) {
        double b1 = a[x] * g[0], b2 = 0, b3 = b[x] * g[0], b4 = 0, b5 = c[x] * g[0], b6 = 0;
#pragma clang loop unroll(full)
        for (int k = 1; k <= reach; ++k) {
            const double both = a[x + k] + a[x - k];
            b1 += both * wide_g[k];
            b4 += both * wide_xxg[k];
            b2 += (a[x + k] - a[x - k]) * xg[k];
            b3 += (b[x + k] + b[x - k]) * g[k];
            b6 += (b[x + k] - b[x - k]) * xg[k];
            b5 += (c[x + k] + c[x - k]) * g[k];
        }
        r2[x] = (float)(b3 * ig11);
        r3[x] = (float)(b2 * ig11);
        r4[x] = (float)(b1 * ig03 + b5 * ig33);
        r5[x] = (float)(b1 * ig03 + b4 * ig33);
        r6[x] = (float)(b6 * ig55);
    }
}

void seehear_farneback_expand(struct seehear_farneback *f, const uint8_t *grey, float *expansion) {
    whole(grey, f->picture, area(f->width, f->height));
    for (int k = 0; k < f->levels; ++k) {
        const struct level *l = &f->level[k];
        if (k == 0) {
            soften(f->picture, l->width, l->height, f->reduced, f->line[0], f->line[1]);
        } else {
            reduce(f, l);
        }
        float *a = f->expanded[0] + reach, *b = f->expanded[1] + reach, *c = f->expanded[2] + reach;
        for (int y = 0; y < l->height; ++y) {
            expand_rows(f, f->reduced, l->width, l->height, y, a, b, c);
            expand_columns(f, a, b, c, l->width, f->row[0], f->row[1], f->row[2], f->row[3], f->row[4]);
            float *to = expansion + l->offset + area(l->width, y) * terms;
            for (int x = 0; x < l->width; ++x) {
                for (int i = 0; i < terms; ++i) to[x * terms + i] = f->row[i][x];
            }
        }
    }
    memset(expansion + f->expansion_size - loose, 0, loose * sizeof *expansion);
}

// ---- Flow

// Eight floats, of which the first five are the terms of a pixel.
typedef float Pixel __attribute__((vector_size(8 * sizeof(float)), aligned(4)));

// The equations of a row's pixels, from what is expected to be the flow.
EACH_PROCESSOR static void set_up(struct seehear_farneback *f, const struct level *l, const float *from,
                                  const float *to, int y) {
    const int width = l->width, height = l->height;
    const int64_t start = area(width, y);
    const float *right = f->flow[0] + start, *down = f->flow[1] + start;
    float *restrict t2 = f->row[0], *restrict t3 = f->row[1], *restrict t4 = f->row[2], *restrict t5 = f->row[3];
    float *restrict t6 = f->row[4];
    const Pixel sign = {-1, -1, 1, 1, 1, 0, 0, 0}, mean = {0.5f, 0.5f, 0.5f, 0.5f, 0.25f, 0, 0, 0};
    const Pixel alone = {0.5f, 0.5f, 1, 1, 0.5f, 0, 0, 0};
    const float last_x = (float)(width - 1), last_y = (float)(height - 1);
    for (int x = 0; x < width; ++x) {
        const float at_x = (float)x + right[x], at_y = (float)y + down[x];
        Pixel t = *(const Pixel *)(from + (start + x) * terms);
        if (at_x >= 0 && at_x < last_x && at_y >= 0 && at_y < last_y) {
            const int whole_x = (int)at_x, whole_y = (int)at_y;
            const float dx = at_x - (float)whole_x, dy = at_y - (float)whole_y;
            const float *p = to + (area(width, whole_y) + whole_x) * terms, *q = p + (int64_t)width * terms;
            const Pixel there = (1 - dx) * (1 - dy) * *(const Pixel *)p + dx * (1 - dy) * *(const Pixel *)(p + terms) +
                                (1 - dx) * dy * *(const Pixel *)q + dx * dy * *(const Pixel *)(q + terms);
            t = (t + there * sign) * mean;
        } else {
            t *= alone;
        }
        t2[x] = t[0], t3[x] = t[1], t4[x] = t[2], t5[x] = t[3], t6[x] = t[4];
    }
    const float edge = l->edge_rows[y];
    const float *edges = l->edge_columns;
    float *restrict g11 = f->equations[0] + start, *restrict g12 = f->equations[1] + start;
    float *restrict g22 = f->equations[2] + start, *restrict h1 = f->equations[3] + start;
    float *restrict h2 = f->equations[4] + start;
    for (int x = 0; x < width; ++x) {
        const float dx = right[x], dy = down[x], scale = edges[x] * edge;
        const float r2 = (t2[x] + (t4[x] * dy + t6[x] * dx)) * scale;
        const float r3 = (t3[x] + (t6[x] * dy + t5[x] * dx)) * scale;
        const float r4 = t4[x] * scale, r5 = t5[x] * scale, r6 = t6[x] * scale;
        g11[x] = r4 * r4 + r6 * r6;
        g12[x] = (r4 + r5) * r6;
        g22[x] = r5 * r5 + r6 * r6;
        h1[x] = r4 * r2 + r6 * r3;
        h2[x] = r6 * r2 + r5 * r3;
    }
}

// Moves the sums of columns on to a row. OpenCV's differences are floats, and what they lose stays in the sums: pixels
// in which nothing is seen get their flow from that.
EACH_PROCESSOR static void slide(double *restrict sums, const float *add, const float *remove, int width) {
    for (int x = 0; x < width; ++x) sums[x] += (double)(add[x] - remove[x]);
}

EACH_PROCESSOR static void add(double *restrict sums, const float *row, int width) {
    for (int x = 0; x < width; ++x) sums[x] += (double)row[x];
}

// The sums of the window along a row, one after the other from the left as OpenCV has them: where nothing moves, what
// rounding leaves of a sum of zeros says on which side of the border a pixel comes from.
static void sum_window(double *const column[terms], double *const sum[terms], int width) {
    double now[terms];
    for (int i = 0; i < terms; ++i) {
        now[i] = column[i][0] * (margin + 2);
        for (int x = 1; x < margin; ++x) now[i] += column[i][x];
    }
    for (int x = 0; x < width; ++x) {
#pragma clang loop unroll(full)
        for (int i = 0; i < terms; ++i) {
            now[i] += column[i][x + margin] - column[i][x - margin - 1];
            sum[i][x] = now[i];
        }
    }
}

EACH_PROCESSOR static void solve(const double *a11, const double *a12, const double *a22, const double *b1,
                                 const double *b2, int width, float *restrict right, float *restrict down) {
    const double scale = 1. / (window * window);
    for (int x = 0; x < width; ++x) {
        const double g11 = a11[x] * scale, g12 = a12[x] * scale, g22 = a22[x] * scale;
        const double h1 = b1[x] * scale, h2 = b2[x] * scale;
        const double inverse = 1. / (g11 * g22 - g12 * g12 + 1e-3);
        right[x] = (float)((g11 * h2 - g12 * h1) * inverse);
        down[x] = (float)((g22 * h1 - g12 * h2) * inverse);
    }
}

// One step: the flow that solves the equations of all pixels in the window, and, unless it was the last, new equations.
static void step(struct seehear_farneback *f, const struct level *l, const float *from, const float *to, bool is_last) {
    const int width = l->width, height = l->height;
    double *column[terms];
    for (int i = 0; i < terms; ++i) {
        column[i] = f->column[i] + margin + 1;
        const float *first = f->equations[i];
        for (int x = 0; x < width; ++x) column[i][x] = (double)(first[x] * (float)(margin + 2));
        for (int y = 1; y < margin; ++y) add(column[i], first + area(width, at_most(y, height - 1)), width);
    }
    for (int y = 0; y < height; ++y) {
        for (int i = 0; i < terms; ++i) {
            const float *rows = f->equations[i];
            slide(column[i], rows + area(width, at_most(y + margin, height - 1)),
                  rows + area(width, at_least(y - margin - 1, 0)), width);
            for (int x = 1; x <= margin + 1; ++x) {
                column[i][-x] = column[i][0];
                column[i][width - 1 + x] = column[i][width - 1];
            }
        }
        sum_window(column, f->sum, width);
        solve(f->sum[0], f->sum[1], f->sum[2], f->sum[3], f->sum[4], width, f->flow[0] + area(width, y),
              f->flow[1] + area(width, y));
        // Rows that no window needs any more.
        if (!is_last && y > margin) set_up(f, l, from, to, y - margin - 1);
    }
    for (int y = at_least(height - margin - 1, 0); !is_last && y < height; ++y) set_up(f, l, from, to, y);
}

// The flow of the level above, at this one's size and in its pixels.
EACH_PROCESSOR static void enlarge(const struct level *l, const struct level *above, const float *from,
                                   float *restrict to) {
    for (int y = 0; y < l->height; ++y, to += l->width) {
        const float *upper = from + area(above->width, l->along.index[2 * y]);
        const float *lower = from + area(above->width, l->along.index[2 * y + 1]);
        const float down = l->along.part[y];
        for (int x = 0; x < l->width; ++x) {
            const int left = l->across.index[2 * x], right = l->across.index[2 * x + 1];
            const float part = l->across.part[x];
            const float a = upper[left] * (1 - part) + upper[right] * part;
            const float b = lower[left] * (1 - part) + lower[right] * part;
            to[x] = (a * (1 - down) + b * down) * 2;
        }
    }
}

struct seehear_flow seehear_farneback_flow(struct seehear_farneback *f, const float *from, const float *to) {
    for (int k = f->levels - 1; k >= 0; --k) {
        const struct level *l = &f->level[k];
        for (int i = 0; i < 2; ++i) {
            if (k == f->levels - 1) {
                memset(f->flow[i], 0, (size_t)area(l->width, l->height) * sizeof(float));
            } else {
                float *coarser = f->flow[i];
                f->flow[i] = f->coarser[i];
                f->coarser[i] = coarser;
                enlarge(l, l + 1, coarser, f->flow[i]);
            }
        }
        for (int y = 0; y < l->height; ++y) set_up(f, l, from + l->offset, to + l->offset, y);
        for (int i = 1; i <= iterations; ++i) step(f, l, from + l->offset, to + l->offset, i == iterations);
    }
    return (struct seehear_flow){f->flow[0], f->flow[1]};
}

EACH_PROCESSOR double seehear_farneback_mean_length(const struct seehear_farneback *f) {
    // Eight sums, whatever the width of a vector, so that all processors add in the same order.
    double sums[8] = {0};
    const int64_t count = area(f->width, f->height), whole_count = count / 8 * 8;
    const float *right = f->flow[0], *down = f->flow[1];
    for (int64_t i = 0; i < whole_count; i += 8) {
        for (int j = 0; j < 8; ++j) {
            sums[j] += (double)sqrtf(right[i + j] * right[i + j] + down[i + j] * down[i + j]);
        }
    }
    for (int64_t i = whole_count; i < count; ++i) {
        sums[i - whole_count] += (double)sqrtf(right[i] * right[i] + down[i] * down[i]);
    }
    double sum = 0;
    for (int j = 0; j < 8; ++j) sum += sums[j];
    return sum / (double)count;
}

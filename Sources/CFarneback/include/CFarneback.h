#ifndef SEEHEAR_CFARNEBACK_H
#define SEEHEAR_CFARNEBACK_H
#include <stdint.h>

/// Dense optical flow as OpenCV's calcOpticalFlowFarneback computes it with (0.5, 3, 15, 3, 5, 1.2, 0): what belongs to
/// one size of pictures, and the memory that is needed in between. Used by one thread at a time.
struct seehear_farneback;

/// For pictures of width × height, each 1…65536; NULL where there is no memory.
struct seehear_farneback *seehear_farneback_make(int width, int height);
void seehear_farneback_free(struct seehear_farneback *);

/// Floats of an expansion.
int64_t seehear_farneback_expansion_size(const struct seehear_farneback *);

/// The polynomial expansions of a grey picture (width × height, row by row), at all levels of its pyramid.
void seehear_farneback_expand(struct seehear_farneback *, const uint8_t *grey, float *expansion);

/// The flow from one expanded picture to another, in pixels: width × height values to the right, as many downwards. It
/// lies in the memory of `farneback` until the next call.
struct seehear_flow {
    const float *right, *down;
};
struct seehear_flow seehear_farneback_flow(struct seehear_farneback *, const float *from, const float *to);

/// The mean length of the last flow.
double seehear_farneback_mean_length(const struct seehear_farneback *);
#endif

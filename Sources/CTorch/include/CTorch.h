// The C face of libtorch.
//
// Ownership: every SHTensor and SHGenerator that comes out through an out-pointer belongs to the caller, who gives it
// back with sh_tensor_free or sh_generator_free; arguments are borrowed. Every function returns a status and, where it
// is not SH_OK, leaves its out-pointers untouched and a message in sh_last_error() of the same thread. No C++
// exception leaves a function of this file.
#ifndef SEEHEAR_CTORCH_H
#define SEEHEAR_CTORCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct SHTensorImpl *SHTensor;
typedef struct SHGeneratorImpl *SHGenerator;
typedef struct SHGraphImpl *SHGraph;

typedef enum SHStatus : int32_t {
    SH_OK = 0,
    SH_ERROR = 1,          // a bad argument, or an operation that libtorch refused
    SH_OUT_OF_MEMORY = 2,  // host or device memory is exhausted; smaller work may still succeed
    SH_CALLBACK = 3,       // a callback of the caller's reported failure
} SHStatus;

// The numbers are c10::ScalarType's own.
typedef enum SHScalarType : int32_t {
    SH_UINT8 = 0,
    SH_INT8 = 1,
    SH_INT16 = 2,
    SH_INT32 = 3,
    SH_INT64 = 4,
    SH_FLOAT16 = 5,
    SH_FLOAT32 = 6,
    SH_FLOAT64 = 7,
    SH_BOOL = 11,
    SH_BFLOAT16 = 15,
} SHScalarType;

// index -1 means the host.
typedef struct SHDevice {
    int32_t cuda_index;
} SHDevice;

const char *sh_last_error(void);
// For callbacks that fail: sets sh_last_error() of this thread and returns `status`.
SHStatus sh_fail(SHStatus status, const char *message);

// MARK: the library and its devices
const char *sh_version(void);
SHStatus sh_configure_host(void);
SHStatus sh_set_threads(int32_t n);
int32_t sh_threads(void);
// On: whatever has no deterministic kernel is an error. Before the first use of a CUDA device.
SHStatus sh_set_deterministic(bool on);
SHStatus sh_set_tf32(bool on);
// Opens libtorch_cuda.so once; SH_ERROR with the loader's message where it or a library it needs is absent.
SHStatus sh_cuda_load(void);
SHStatus sh_cuda_count(int32_t *out);
SHStatus sh_cuda_name(int32_t index, char *buffer, size_t capacity, int64_t *total_bytes);
SHStatus sh_cuda_memory(int32_t index, int64_t *allocated, int64_t *peak, int64_t *reserved);
SHStatus sh_cuda_reset_peak(int32_t index);
SHStatus sh_cuda_empty_cache(void);
SHStatus sh_synchronize(SHDevice device);
const char *sh_cpu_capability(void);
bool sh_cpu_multiplies_bf16(void);

// MARK: counting operations
typedef struct SHCounts {
    int64_t operations;
    int64_t product_flops;
    int64_t convolution_flops;
    int64_t attention_flops;
    int64_t bytes;  // read and written
} SHCounts;
// From zero, the operations of this thread and of the backward passes that it asks for. Waits while another thread
// counts.
SHStatus sh_count_start(void);
// On the thread that started it, which gets what was counted; on another it does nothing.
SHStatus sh_count_stop(SHCounts *out);
// So far, on the thread that counts; zeros on others.
SHCounts sh_counts(void);

// MARK: making and reading tensors
void sh_tensor_free(SHTensor t);
SHStatus sh_from_bytes(const void *bytes, size_t count, const int64_t *sizes, int32_t rank, SHScalarType type,
                       SHTensor *out);
// A view of memory that `release(context)` gives back when the last tensor over it is gone. Never written to.
SHStatus sh_from_memory(const void *bytes, const int64_t *sizes, const int64_t *strides, int32_t rank,
                        SHScalarType type, void (*release)(void *), void *context, SHTensor *out);
SHStatus sh_full(const int64_t *sizes, int32_t rank, double value, SHScalarType type, SHDevice device, SHTensor *out);
SHStatus sh_arange(double start, double end, double step, SHScalarType type, SHDevice device, SHTensor *out);
int32_t sh_rank(SHTensor t);
int64_t sh_size(SHTensor t, int32_t dim);
int64_t sh_count(SHTensor t);
int32_t sh_type(SHTensor t);
SHDevice sh_device(SHTensor t);
bool sh_requires_grad(SHTensor t);
bool sh_is_contiguous(SHTensor t);
// Contiguous copy into `buffer`, whose size must be count × item size.
SHStatus sh_copy_out(SHTensor t, void *buffer, size_t capacity);
SHStatus sh_item(SHTensor t, double *out);
// How often numbers of the host have become a tensor, or a tensor's numbers were read, on this thread.
int64_t sh_host_transfers(void);
SHStatus sh_all_finite(SHTensor t, bool *out);
SHStatus sh_to(SHTensor t, SHScalarType type, SHDevice device, SHTensor *out);
// To a device without waiting for it; the tensor itself where it lies there.
SHStatus sh_upload(SHTensor t, SHDevice device, SHTensor *out);
SHStatus sh_contiguous(SHTensor t, SHTensor *out);
SHStatus sh_channels_last(SHTensor t, SHTensor *out);
SHStatus sh_clone(SHTensor t, SHTensor *out);
// Another handle to the same tensor, its graph included.
SHStatus sh_alias(SHTensor t, SHTensor *out);

// MARK: random numbers
SHStatus sh_generator_make(uint64_t seed, SHGenerator *out);
void sh_generator_free(SHGenerator g);
/// One whole number below each bound, drawn one after the other: [count], of 64 bits.
SHStatus sh_random_below(const int64_t *bounds, int32_t count, SHGenerator g, SHTensor *out);
SHStatus sh_randn(const int64_t *sizes, int32_t rank, SHGenerator g, SHScalarType type, SHTensor *out);

// MARK: autograd
bool sh_set_grad_enabled(bool on);  // of this thread; returns what it was
SHStatus sh_leaf(SHTensor t, bool requires_grad, SHTensor *out);
SHStatus sh_detach(SHTensor t, SHTensor *out);
// Gradients of a scalar with respect to n inputs; an input that it does not depend on is an error.
SHStatus sh_grad(SHTensor scalar, const SHTensor *inputs, int32_t n, SHTensor *out);
// y = f(x) whose activations are not kept but computed again in the backward pass.
typedef SHStatus (*SHBody)(void *context, const SHTensor *inputs, int32_t n, SHTensor *out);
SHStatus sh_recompute(SHBody body, void *context, void (*release)(void *), const SHTensor *inputs, int32_t n,
                      SHTensor *out);

// `value` [B] as if made from one or two inputs [B, …], of each row of which the gradient of its value is given.
SHStatus sh_known_gradient(SHTensor value, const SHTensor *inputs, const SHTensor *gradients, int32_t n, SHTensor *out);

// MARK: recorded work (CUDA graphs)
SHStatus sh_graph_make(SHDevice device, SHGraph *out);
void sh_graph_free(SHGraph graph);
// Between these, work goes to a stream on which it can be recorded.
SHStatus sh_graph_enter(SHGraph graph);
SHStatus sh_graph_leave(SHGraph graph);
// Between these, work is recorded and not done. The end does nothing where no recording began.
SHStatus sh_graph_begin(SHGraph graph);
SHStatus sh_graph_end(SHGraph graph);
SHStatus sh_graph_replay(SHGraph graph);
// The elements of a tensor over those of another, of the same shape and type.
SHStatus sh_copy_into(SHTensor target, SHTensor source);

// MARK: elementwise
SHStatus sh_add(SHTensor a, SHTensor b, double alpha, SHTensor *out);
SHStatus sh_mul(SHTensor a, SHTensor b, SHTensor *out);
SHStatus sh_div(SHTensor a, SHTensor b, SHTensor *out);
SHStatus sh_affine(SHTensor t, double scale, double offset, SHTensor *out);
SHStatus sh_exp(SHTensor t, SHTensor *out);
SHStatus sh_log(SHTensor t, SHTensor *out);
SHStatus sh_sqrt(SHTensor t, SHTensor *out);
SHStatus sh_square(SHTensor t, SHTensor *out);
SHStatus sh_abs(SHTensor t, SHTensor *out);
SHStatus sh_round(SHTensor t, SHTensor *out);
SHStatus sh_sin(SHTensor t, SHTensor *out);
SHStatus sh_cos(SHTensor t, SHTensor *out);
SHStatus sh_clamp(SHTensor t, double low, double high, SHTensor *out);
SHStatus sh_tanh(SHTensor t, SHTensor *out);
SHStatus sh_sigmoid(SHTensor t, SHTensor *out);
SHStatus sh_relu(SHTensor t, SHTensor *out);
SHStatus sh_silu(SHTensor t, SHTensor *out);
SHStatus sh_gelu(SHTensor t, SHTensor *out);
SHStatus sh_leaky_relu(SHTensor t, double slope, SHTensor *out);

// MARK: reductions
SHStatus sh_sum(SHTensor t, const int64_t *dims, int32_t n, bool keep, SHTensor *out);
SHStatus sh_mean(SHTensor t, const int64_t *dims, int32_t n, bool keep, SHTensor *out);
SHStatus sh_norm(SHTensor t, int64_t dim, bool keep, SHTensor *out);
SHStatus sh_argmax(SHTensor t, int64_t dim, SHTensor *out);
SHStatus sh_amax(SHTensor t, int64_t dim, bool keep, SHTensor *out);
SHStatus sh_max_abs(SHTensor t, double *out);
/// The q-quantile of each row of [B, n], interpolated linearly.
SHStatus sh_quantile(SHTensor t, double q, SHTensor *out);

// MARK: shape
SHStatus sh_reshape(SHTensor t, const int64_t *sizes, int32_t rank, SHTensor *out);
SHStatus sh_permute(SHTensor t, const int64_t *dims, int32_t rank, SHTensor *out);
SHStatus sh_expand(SHTensor t, const int64_t *sizes, int32_t rank, SHTensor *out);
SHStatus sh_repeat(SHTensor t, const int64_t *counts, int32_t rank, SHTensor *out);
SHStatus sh_unsqueeze(SHTensor t, int64_t dim, SHTensor *out);
SHStatus sh_squeeze(SHTensor t, int64_t dim, SHTensor *out);
SHStatus sh_narrow(SHTensor t, int64_t dim, int64_t start, int64_t length, SHTensor *out);
SHStatus sh_index_select(SHTensor t, int64_t dim, SHTensor index, SHTensor *out);
SHStatus sh_unfold(SHTensor t, int64_t dim, int64_t size, int64_t step, SHTensor *out);
SHStatus sh_cat(const SHTensor *parts, int32_t n, int64_t dim, SHTensor *out);
SHStatus sh_stack(const SHTensor *parts, int32_t n, int64_t dim, SHTensor *out);
SHStatus sh_pad(SHTensor t, const int64_t *pairs, int32_t n, double value, SHTensor *out);

// MARK: networks (weights are constants: no gradient with respect to them is ever computed)
// In full single precision also where TF32 is on; ranks from 2.
SHStatus sh_matmul(SHTensor a, SHTensor b, SHTensor *out);
SHStatus sh_linear(SHTensor t, SHTensor weight, SHTensor bias, SHTensor *out);
SHStatus sh_embedding(SHTensor weight, SHTensor ids, SHTensor *out);
SHStatus sh_layer_norm(SHTensor t, SHTensor weight, SHTensor bias, double eps, SHTensor *out);
SHStatus sh_group_norm(SHTensor t, int64_t groups, SHTensor weight, SHTensor bias, double eps, bool silu,
                       SHTensor *out);
// Each channel by a mean and a variance that are given, then ReLU where asked for.
SHStatus sh_batch_norm(SHTensor t, SHTensor mean, SHTensor variance, SHTensor weight, SHTensor bias, double eps,
                       bool relu, SHTensor *out);
// Over the trailing `dims` dimensions, 2 or 3. What lies beyond the edge counts for nothing; the last window may reach
// over it, if it begins before.
SHStatus sh_max_pool(SHTensor t, int32_t dims, const int64_t *kernel, const int64_t *stride, const int64_t *padding,
                     SHTensor *out);
// Over the trailing `dims` dimensions, 2 or 3; what is left over at the far edge is not looked at.
SHStatus sh_average_pool(SHTensor t, int32_t dims, const int64_t *kernel, const int64_t *stride, SHTensor *out);
// Convolution over the trailing `dims` dimensions, within as many groups of channels.
SHStatus sh_conv(SHTensor t, SHTensor weight, SHTensor bias, int32_t dims, const int64_t *stride,
                 const int64_t *padding, const int64_t *dilation, int64_t groups, SHTensor *out);
SHStatus sh_conv_transpose(SHTensor t, SHTensor weight, SHTensor bias, int32_t dims, const int64_t *stride,
                           const int64_t *padding, SHTensor *out);
SHStatus sh_attention(SHTensor q, SHTensor k, SHTensor v, SHTensor mask, bool causal, SHTensor *out);
SHStatus sh_upsample_nearest(SHTensor t, int64_t height, int64_t width, SHTensor *out);
SHStatus sh_resize_bilinear(SHTensor t, int64_t height, int64_t width, bool antialias, SHTensor *out);
// |rfft(t, n)|² over the last dimension.
SHStatus sh_power_spectrum(SHTensor t, int64_t n, SHTensor *out);

#ifdef __cplusplus
}
#endif
#endif

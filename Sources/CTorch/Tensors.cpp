// Making, reading and moving tensors; random numbers.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>

#include <cstring>

#include "Guard.h"

struct SHGeneratorImpl {
    at::Generator value;
};

namespace seehear {
namespace {
thread_local std::string last_error;
thread_local int64_t transfers = 0;
}  // namespace

void count_transfer() noexcept { ++transfers; }

SHStatus remember(SHStatus status, const char *message) noexcept {
    try {
        last_error = message;
    } catch (...) {  // no memory even for the message: the status alone must do
    }
    return status;
}
}  // namespace seehear

using namespace seehear;

int64_t sh_host_transfers(void) { return transfers; }

const char *sh_last_error(void) { return last_error.c_str(); }
SHStatus sh_fail(SHStatus status, const char *message) { return remember(status, message); }

void sh_tensor_free(SHTensor t) { delete t; }

SHStatus sh_from_bytes(const void *bytes, size_t count, const int64_t *sizes, int32_t rank, SHScalarType type,
                       SHTensor *out) {
    return make(out, [&] {
        count_transfer();
        auto t = at::empty(ints(sizes, rank), at::TensorOptions().dtype(scalar(type)));
        TORCH_CHECK(t.nbytes() == count, "the shape needs ", t.nbytes(), " bytes, ", count, " were given");
        if (count > 0) std::memcpy(t.data_ptr(), bytes, count);
        return t;
    });
}

SHStatus sh_from_memory(const void *bytes, const int64_t *sizes, const int64_t *strides, int32_t rank,
                        SHScalarType type, void (*release)(void *), void *context, SHTensor *out) {
    return make(out, [&] {
        return at::from_blob(
            const_cast<void *>(bytes), ints(sizes, rank), ints(strides, rank),
            [release, context](void *) { release(context); }, at::TensorOptions().dtype(scalar(type)));
    });
}

SHStatus sh_full(const int64_t *sizes, int32_t rank, double value, SHScalarType type, SHDevice d, SHTensor *out) {
    return make(out, [&] {
        return at::full(ints(sizes, rank), value, at::TensorOptions().dtype(scalar(type)).device(device(d)));
    });
}

SHStatus sh_arange(double start, double end, double step, SHScalarType type, SHDevice d, SHTensor *out) {
    return make(
        out, [&] { return at::arange(start, end, step, at::TensorOptions().dtype(scalar(type)).device(device(d))); });
}

int32_t sh_rank(SHTensor t) { return static_cast<int32_t>(t->value.dim()); }
int64_t sh_size(SHTensor t, int32_t dim) { return dim >= 0 && dim < t->value.dim() ? t->value.sizes()[dim] : 0; }
int64_t sh_count(SHTensor t) { return t->value.numel(); }
int32_t sh_type(SHTensor t) { return static_cast<int32_t>(t->value.scalar_type()); }
bool sh_requires_grad(SHTensor t) { return t->value.requires_grad(); }
bool sh_is_contiguous(SHTensor t) { return t->value.is_contiguous(); }

SHDevice sh_device(SHTensor t) { return {t->value.is_cuda() ? static_cast<int32_t>(t->value.get_device()) : -1}; }

namespace {

// On the host, row-major. What comes from a device comes through page-locked memory, which the device writes by itself.
at::Tensor on_host(const at::Tensor &t) {
    if (t.is_cpu()) return t.contiguous();
    auto host = at::empty(t.sizes(), t.options().device(at::kCPU).pinned_memory(true));
    host.copy_(t);
    return host;
}

}  // namespace

SHStatus sh_copy_out(SHTensor t, void *buffer, size_t capacity) {
    return guard([&] {
        count_transfer();
        auto host = on_host(in(t).detach());
        TORCH_CHECK(host.nbytes() == capacity, "the tensor has ", host.nbytes(), " bytes, the buffer ", capacity);
        if (capacity > 0) std::memcpy(buffer, host.const_data_ptr(), capacity);
    });
}

SHStatus sh_item(SHTensor t, double *out) {
    return guard([&] {
        count_transfer();
        *out = in(t).detach().to(at::kDouble).item<double>();
    });
}

SHStatus sh_all_finite(SHTensor t, bool *out) {
    return guard([&] {
        count_transfer();
        *out = at::isfinite(in(t).detach()).all().item<bool>();
    });
}

SHStatus sh_to(SHTensor t, SHScalarType type, SHDevice d, SHTensor *out) {
    return make(out, [&] {
        if (in(t).is_cuda() && d.cuda_index < 0) return on_host(in(t).to(scalar(type)));
        return in(t).to(device(d), scalar(type));
    });
}

SHStatus sh_upload(SHTensor t, SHDevice d, SHTensor *out) {
    return make(out, [&] {
        const auto &value = in(t);
        const auto to = device(d);
        if (value.device() == to) return value;
        // libtorch keeps page-locked memory until the copy is done.
        const auto from = value.is_cpu() && to.is_cuda() ? value.contiguous().pin_memory() : value;
        return from.to(to, value.scalar_type(), /*non_blocking=*/true);
    });
}

SHStatus sh_contiguous(SHTensor t, SHTensor *out) {
    return make(out, [&] { return in(t).contiguous(); });
}

SHStatus sh_channels_last(SHTensor t, SHTensor *out) {
    return make(out, [&] { return in(t).contiguous(at::MemoryFormat::ChannelsLast); });
}

SHStatus sh_clone(SHTensor t, SHTensor *out) {
    return make(out, [&] { return in(t).clone(); });
}

SHStatus sh_alias(SHTensor t, SHTensor *out) {
    return make(out, [&] { return in(t); });
}

SHStatus sh_generator_make(uint64_t seed, SHGenerator *out) {
    return guard([&] { *out = new SHGeneratorImpl{at::make_generator<at::CPUGeneratorImpl>(seed)}; });
}

void sh_generator_free(SHGenerator g) { delete g; }

SHStatus sh_random_below(const int64_t *bounds, int32_t count, SHGenerator g, SHTensor *out) {
    return make(out, [&] {
        auto numbers = at::empty({count}, at::kLong);
        auto *generator = at::check_generator<at::CPUGeneratorImpl>(g->value);
        std::lock_guard<std::mutex> lock(generator->mutex_);
        for (int32_t i = 0; i < count; i++) {
            TORCH_CHECK(bounds[i] > 0 && bounds[i] <= INT64_C(1) << 32, "a random number below ", bounds[i]);
            numbers.data_ptr<int64_t>()[i] = generator->random() % bounds[i];
        }
        return numbers;
    });
}

SHStatus sh_randn(const int64_t *sizes, int32_t rank, SHGenerator g, SHScalarType type, SHTensor *out) {
    return make(out, [&] { return at::randn(ints(sizes, rank), g->value, at::TensorOptions().dtype(scalar(type))); });
}

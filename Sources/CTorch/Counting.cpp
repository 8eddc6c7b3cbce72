// What the operations of a thread do: how many there are, their floating-point operations, the bytes they read and
// write.
//
// libtorch shows every operation to a callback before and after it runs, those that it consists of as well. Counted is
// an operation whose work is known from its shapes (a matrix product, a convolution, attention), with nothing inside
// it; else one that consists of no other. What only makes a tensor or another view of one does nothing.
#include <ATen/core/function_schema.h>
#include <ATen/record_function.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "Guard.h"

using namespace seehear;

namespace {

enum class Kind {
    nothing,  // a view, a new tensor, a question about one
    other,
    product,
    linear,
    convolution,
    transposed_convolution,
    convolution_backward,
    attention,
    attention_backward,
};

bool is_dense(Kind kind) { return kind != Kind::nothing && kind != Kind::other; }

// What is known of an operation by its name.
struct Operation {
    Kind kind = Kind::other;
    size_t first = 0;  // the argument that the formula begins with
    // Arguments by name; past the end where the operation has none.
    size_t transposed = SIZE_MAX;
    size_t output_mask = SIZE_MAX;
    std::vector<bool> reads;
};

// Where the formula of an operation finds its arguments, by name without overload.
const std::unordered_map<std::string, std::pair<Kind, size_t>> &formulas() {
    static const std::unordered_map<std::string, std::pair<Kind, size_t>> table{
        {"aten::mm", {Kind::product, 0}},
        {"aten::bmm", {Kind::product, 0}},
        {"aten::mv", {Kind::product, 0}},
        {"aten::dot", {Kind::product, 0}},
        {"aten::addmm", {Kind::product, 1}},
        {"aten::addmm_", {Kind::product, 1}},
        {"aten::_addmm_activation", {Kind::product, 1}},
        {"aten::addmv", {Kind::product, 1}},
        {"aten::addmv_", {Kind::product, 1}},
        {"aten::baddbmm", {Kind::product, 1}},
        {"aten::baddbmm_", {Kind::product, 1}},
        {"aten::addbmm", {Kind::product, 1}},
        {"aten::mkldnn_linear", {Kind::linear, 0}},
        {"mkldnn::_linear_pointwise", {Kind::linear, 0}},
        {"aten::convolution", {Kind::convolution, 0}},
        {"aten::_convolution", {Kind::convolution, 0}},
        {"aten::convolution_overrideable", {Kind::convolution, 0}},
        {"aten::mkldnn_convolution", {Kind::convolution, 0}},
        {"mkldnn::_convolution_pointwise", {Kind::convolution, 0}},
        {"mkldnn::_convolution_transpose_pointwise", {Kind::transposed_convolution, 0}},
        {"seehear::winograd", {Kind::convolution, 0}},
        {"aten::cudnn_convolution", {Kind::convolution, 0}},
        {"aten::cudnn_convolution_relu", {Kind::convolution, 0}},
        {"aten::cudnn_convolution_add_relu", {Kind::convolution, 0}},
        {"aten::cudnn_convolution_transpose", {Kind::transposed_convolution, 0}},
        {"aten::convolution_backward", {Kind::convolution_backward, 0}},
        {"aten::convolution_backward_overrideable", {Kind::convolution_backward, 0}},
        {"aten::scaled_dot_product_attention", {Kind::attention, 0}},
        {"aten::_scaled_dot_product_flash_attention", {Kind::attention, 0}},
        {"aten::_scaled_dot_product_flash_attention_for_cpu", {Kind::attention, 0}},
        {"aten::_scaled_dot_product_efficient_attention", {Kind::attention, 0}},
        {"aten::_scaled_dot_product_cudnn_attention", {Kind::attention, 0}},
        {"aten::_scaled_dot_product_flash_attention_backward", {Kind::attention_backward, 1}},
        {"aten::_scaled_dot_product_flash_attention_for_cpu_backward", {Kind::attention_backward, 1}},
        {"aten::_scaled_dot_product_efficient_attention_backward", {Kind::attention_backward, 1}},
        {"aten::_scaled_dot_product_cudnn_attention_backward", {Kind::attention_backward, 1}},
    };
    return table;
}

// What does no work, though the schema does not say that it gives a view.
bool does_nothing(const std::string &name) {
    static const std::vector<std::string> names{
        "aten::empty",
        "aten::empty_strided",
        "aten::empty_like",
        "aten::new_empty",
        "aten::new_empty_strided",
        "aten::resize_",
        "aten::resize_as_",
        "aten::set_",
        "aten::as_strided_",
        "aten::squeeze_",
        "aten::unsqueeze_",
        "aten::t_",
        "aten::transpose_",
        "aten::detach_",
        "aten::result_type",
        "aten::item",
        "aten::is_nonzero",
        "aten::lift_fresh",
        "aten::set_data",
        "aten::_local_scalar_dense",
        "aten::_fused_sdp_choice",
    };
    return std::find(names.begin(), names.end(), name) != names.end();
}

// Operations whose first argument is written and not read.
bool overwrites(const std::string &name) {
    return name == "aten::copy_" || name == "aten::fill_" || name == "aten::zero_" || name == "aten::normal_" ||
           name == "aten::uniform_";
}

Operation describe(const at::RecordFunction &fn) {
    Operation operation;
    const std::string name = fn.name();
    const auto schema = fn.operator_schema();
    if (!schema || does_nothing(name)) {
        operation.kind = Kind::nothing;
        return operation;
    }
    const auto formula = formulas().find(name);
    if (formula != formulas().end()) {
        std::tie(operation.kind, operation.first) = formula->second;
    } else {
        for (const auto &result : schema->returns()) {
            if (result.alias_info() != nullptr && !result.alias_info()->isWrite()) operation.kind = Kind::nothing;
        }
    }
    for (const auto &argument : schema->arguments()) {
        if (argument.name() == "transposed") operation.transposed = operation.reads.size();
        if (argument.name() == "output_mask") operation.output_mask = operation.reads.size();
        const bool is_result =
            argument.kwarg_only() && argument.alias_info() != nullptr && argument.alias_info()->isWrite();
        operation.reads.push_back(!is_result);
    }
    if (overwrites(name) && !operation.reads.empty()) operation.reads[0] = false;
    return operation;
}

const Operation &known(const at::RecordFunction &fn) {
    thread_local std::unordered_map<std::string, Operation> operations;
    auto key = std::string(fn.name()) + "." + fn.overload_name();
    auto place = operations.find(key);
    if (place == operations.end()) place = operations.emplace(std::move(key), describe(fn)).first;
    return place->second;
}

// Bytes of the elements of a tensor, each once where a dimension repeats them.
int64_t bytes(const at::Tensor &t) {
    if (!t.defined()) return 0;
    if (t.layout() != at::kStrided) return t.numel() * static_cast<int64_t>(t.itemsize());
    auto total = static_cast<int64_t>(t.itemsize());
    for (int64_t d = 0; d < t.dim(); ++d) total *= t.stride(d) == 0 && t.size(d) > 1 ? 1 : t.size(d);
    return total;
}

int64_t bytes(const c10::IValue &value) {
    if (value.isTensor()) return bytes(value.toTensor());
    int64_t total = 0;
    if (value.isList()) {
        for (const c10::IValue &element : value.toListRef())
            total += element.isTensor() ? bytes(element.toTensor()) : 0;
    }
    return total;
}

using Shape = std::vector<int64_t>;

int64_t product(const Shape &shape, size_t from = 0) {
    int64_t total = 1;
    for (size_t i = from; i < shape.size(); ++i) total *= shape[i];
    return total;
}

std::optional<Shape> shape(c10::ArrayRef<const c10::IValue> values, size_t index) {
    if (index >= values.size() || !values[index].isTensor() || !values[index].toTensor().defined()) return std::nullopt;
    return values[index].toTensor().sizes().vec();
}

// An operation that runs.
struct Frame : at::ObserverContext {
    Frame *outer = nullptr;
    const Operation *operation = nullptr;
    bool inside_dense = false;
    bool holds_counted = false;
    int64_t bytes = 0;
    // Floating-point operations; those of a convolution per position of its output.
    int64_t flops = 0;
    bool per_output_position = false;
};

thread_local Frame *innermost = nullptr;

// There is one set of totals: a thread that would count while another does waits for it.
std::mutex mutex;
std::condition_variable stopped;
bool is_counting = false;
thread_local bool counts_here = false;
at::CallbackHandle handle = at::INVALID_CALLBACK_HANDLE;
std::atomic<bool> failed;
std::atomic<int64_t> operations, product_flops, convolution_flops, attention_flops, all_bytes;

bool flag(c10::ArrayRef<const c10::IValue> inputs, size_t index) {
    return index < inputs.size() && inputs[index].isBool() && inputs[index].toBool();
}

void measure(Frame &frame, c10::ArrayRef<const c10::IValue> inputs) {
    const auto kind = frame.operation->kind;
    const auto first = frame.operation->first;
    const auto a = shape(inputs, first), b = shape(inputs, first + 1);
    if (!a || !b) return;
    switch (kind) {
        case Kind::product:
            frame.flops = 2 * product(*a) * (b->size() > 1 ? b->back() : 1);
            break;
        case Kind::linear:
            frame.flops = 2 * product(*a) * b->front();
            break;
        // weight (out, in of a group, kernel), or transposed (in, out of a group, kernel): each position of the side
        // that is not spread meets all of it.
        case Kind::convolution:
            if (flag(inputs, frame.operation->transposed)) {
                frame.flops = 2 * (*a)[0] * product(*a, 2) * product(*b);
            } else {
                frame.flops = 2 * (*a)[0] * product(*b);
                frame.per_output_position = true;
            }
            break;
        case Kind::transposed_convolution:
            frame.flops = 2 * (*a)[0] * product(*a, 2) * product(*b);
            break;
        case Kind::convolution_backward: {
            const auto weight = shape(inputs, 2);
            const auto place = frame.operation->output_mask;
            if (!weight || place >= inputs.size()) return;
            // The input, or the gradient of the output.
            const auto &dense = flag(inputs, frame.operation->transposed) ? *b : *a;
            const auto mask = inputs[place].toBoolList();
            const int64_t wanted = (mask.get(0) ? 1 : 0) + (mask.get(1) ? 1 : 0);
            frame.flops = 2 * wanted * dense[0] * product(dense, 2) * product(*weight);
            break;
        }
        case Kind::attention:
        case Kind::attention_backward: {
            const auto v = shape(inputs, first + 2);
            if (!v || a->size() < 2 || b->size() < 2 || a->back() == 0) return;
            const auto pairs = product(*a) / a->back() * (*b)[b->size() - 2];
            // Scores and their product with the values; backward the scores again, and two products for each of them.
            frame.flops = kind == Kind::attention ? 2 * pairs * (a->back() + v->back())
                                                  : 2 * pairs * (3 * a->back() + 2 * v->back());
            break;
        }
        default:
            break;
    }
}

std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction &fn) {
    auto frame = std::make_unique<Frame>();
    frame->outer = innermost;
    frame->operation = &known(fn);
    frame->inside_dense =
        frame->outer != nullptr && (frame->outer->inside_dense || is_dense(frame->outer->operation->kind));
    innermost = frame.get();
    if (frame->inside_dense || frame->operation->kind == Kind::nothing) return frame;
    try {
        const auto inputs = fn.inputs();
        for (size_t i = 0; i < inputs.size(); ++i) {
            if (i >= frame->operation->reads.size() || frame->operation->reads[i]) frame->bytes += bytes(inputs[i]);
        }
        measure(*frame, inputs);
    } catch (...) {
        // libtorch would drop the frame and go on: better a count that is refused than one that is too low.
        failed = true;
    }
    return frame;
}

void end(const at::RecordFunction &fn, at::ObserverContext *context) {
    auto &frame = *static_cast<Frame *>(context);
    innermost = frame.outer;
    const auto kind = frame.operation->kind;
    const bool counts = !frame.inside_dense && kind != Kind::nothing && (is_dense(kind) || !frame.holds_counted);
    if (frame.outer != nullptr) frame.outer->holds_counted |= counts || frame.holds_counted;
    if (!counts) return;
    for (const auto &output : fn.outputs()) frame.bytes += bytes(output);
    operations += 1;
    all_bytes += frame.bytes;
    if (!is_dense(kind)) return;
    if (frame.per_output_position) {
        const auto &outputs = fn.outputs();
        const auto y = shape(c10::ArrayRef<const c10::IValue>(outputs.data(), outputs.size()), 0);
        frame.flops *= y ? product(*y, 2) : 0;
    }
    switch (kind) {
        case Kind::product:
        case Kind::linear:
            product_flops += frame.flops;
            break;
        case Kind::attention:
        case Kind::attention_backward:
            attention_flops += frame.flops;
            break;
        default:
            convolution_flops += frame.flops;
            break;
    }
}

}  // namespace

SHStatus sh_count_start(void) {
    return guard([] {
        TORCH_CHECK(!counts_here, "this thread counts its operations already");
        std::unique_lock<std::mutex> lock(mutex);
        stopped.wait(lock, [] { return !is_counting; });
        failed = false;
        for (auto *total : {&operations, &product_flops, &convolution_flops, &attention_flops, &all_bytes}) *total = 0;
        // Of this thread, and of those that a backward pass of this thread runs on: libtorch hands them its callbacks.
        handle = at::addThreadLocalCallback(at::RecordFunctionCallback(begin, end)
                                                .needsInputs(true)
                                                .needsOutputs(true)
                                                .scopes({at::RecordScope::FUNCTION}));
        is_counting = counts_here = true;
    });
}

SHStatus sh_count_stop(SHCounts *out) {
    return guard([&] {
        *out = sh_counts();
        if (!counts_here) return;
        const std::lock_guard<std::mutex> lock(mutex);
        at::removeCallback(handle);
        is_counting = counts_here = false;
        stopped.notify_one();
        TORCH_CHECK(!failed, "an operation has arguments that its formula does not expect");
    });
}

SHCounts sh_counts(void) {
    if (!counts_here) return {};
    return {operations, product_flops, convolution_flops, attention_flops, all_bytes};
}

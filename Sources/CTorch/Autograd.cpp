// Gradients with respect to chosen inputs, and blocks whose activations are computed again instead of kept.
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "Guard.h"

using namespace seehear;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

bool sh_set_grad_enabled(bool on) {
    const bool before = at::GradMode::is_enabled();
    at::GradMode::set_enabled(on);
    return before;
}

SHStatus sh_leaf(SHTensor t, bool requires_grad, SHTensor *out) {
    return make(out, [&] {
        auto leaf = in(t).detach();
        leaf.set_requires_grad(requires_grad);
        return leaf;
    });
}

SHStatus sh_detach(SHTensor t, SHTensor *out) {
    return make(out, [&] { return in(t).detach(); });
}

SHStatus sh_grad(SHTensor scalar, const SHTensor *inputs, int32_t n, SHTensor *out) {
    return guard([&] {
        variable_list list;
        for (int32_t i = 0; i < n; ++i) list.push_back(in(inputs[i]));
        auto grads = torch::autograd::grad({in(scalar)}, list);
        std::vector<std::unique_ptr<SHTensorImpl>> owned;
        for (auto &g : grads) owned.emplace_back(own(std::move(g)));
        for (int32_t i = 0; i < n; ++i) out[i] = owned[static_cast<size_t>(i)].release();
    });
}

namespace {

// Keeps the caller's context alive for as long as the graph may call it.
struct Callback : torch::CustomClassHolder {
    SHBody body;
    void *context;
    void (*release_context)(void *);

    Callback(SHBody b, void *c, void (*r)(void *)) : body(b), context(c), release_context(r) {}
    ~Callback() override { release_context(context); }

    at::Tensor run(const variable_list &inputs) const {
        std::vector<SHTensorImpl> values;
        values.reserve(inputs.size());
        std::vector<SHTensor> handles;
        for (const auto &t : inputs) {
            values.push_back({t});
            handles.push_back(&values.back());
        }
        SHTensor result = nullptr;
        const auto status = body(context, handles.data(), static_cast<int32_t>(handles.size()), &result);
        if (status == SH_OUT_OF_MEMORY) {
            TORCH_CHECK_WITH(OutOfMemoryError, false, sh_last_error());
        }
        if (status != SH_OK) throw CallbackFailed(sh_last_error());
        TORCH_CHECK(result != nullptr, "a recomputed block gave no tensor");
        std::unique_ptr<SHTensorImpl> owned(result);
        return owned->value;
    }
};

// The inputs are separate arguments because only those are entered into the graph.
struct Recompute : torch::autograd::Function<Recompute> {
    static at::Tensor forward(AutogradContext *ctx, c10::intrusive_ptr<Callback> callback, const at::Tensor &a,
                              const std::optional<at::Tensor> &b, const std::optional<at::Tensor> &c) {
        variable_list inputs{a};
        if (b) inputs.push_back(*b);
        if (c) inputs.push_back(*c);
        ctx->save_for_backward(inputs);
        ctx->saved_data["body"] = c10::IValue::make_capsule(callback);
        return callback->run(inputs);
    }

    static variable_list backward(AutogradContext *ctx, const variable_list &grads) {
        auto callback = c10::static_intrusive_pointer_cast<Callback>(ctx->saved_data["body"].toCapsule());
        variable_list leaves, wanted;
        std::vector<size_t> places;
        const auto saved = ctx->get_saved_variables();
        for (size_t i = 0; i < saved.size(); ++i) {
            auto leaf = saved[i].detach();
            if (saved[i].requires_grad()) {
                leaf.set_requires_grad(true);
                wanted.push_back(leaf);
                places.push_back(i);
            }
            leaves.push_back(leaf);
        }
        variable_list out(4);  // one for each argument of forward
        at::AutoGradMode on(true);
        auto y = callback->run(leaves);
        auto found = torch::autograd::grad({y}, wanted, {grads[0]}, std::nullopt, false, /*allow_unused=*/true);
        for (size_t i = 0; i < places.size(); ++i) out[places[i] + 1] = found[i];
        return out;
    }
};

}  // namespace

SHStatus sh_recompute(SHBody body, void *context, void (*release)(void *), const SHTensor *inputs, int32_t n,
                      SHTensor *out) {
    return make(out, [&] {
        auto callback = c10::make_intrusive<Callback>(body, context, release);
        TORCH_CHECK(n >= 1 && n <= 3, "a recomputed block takes one to three tensors, not ", n);
        return Recompute::apply(callback, in(inputs[0]), n > 1 ? maybe(inputs[1]) : std::nullopt,
                                n > 2 ? maybe(inputs[2]) : std::nullopt);
    });
}

#pragma once
/// A network's weights as a back end wants them: batch norm folded, then packed.

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "../backend/concept.hpp"
#include "../backend/resident.hpp"
#include "../graph/plan.hpp"
#include "../weights/fold.hpp"
#include "../weights/store.hpp"
#include "normalization.hpp"

namespace rcar {

/// A step of a plan as back ends are told of it.
inline backend::StepShape step_shape(const graph::PlanView& plan, const Step& step) {
  const auto at = [](int i) { return static_cast<std::size_t>(i); };
  backend::StepShape shape;
  shape.kind = step.kind;
  shape.window = step.window;
  shape.input = step.input == none ? plan.input : plan.views[at(step.input)].extent;
  shape.output = plan.views[at(step.output)].extent;
  if (step.weights != none) shape.kernel = weights::kernel_shape(plan.weights[at(step.weights)]);
  shape.scaled = step.scale != none;
  if (const int height = shape.output.height; height > 0) shape.reduction = (plan.input.height + height / 2) / height;
  return shape;
}

/// All weights of a network, packed by back end B.
template <backend::MapBackend B>
struct PackedNetwork {
  std::vector<std::optional<typename B::Weights>> entries;  // by entry of the plan's weight table
  graph::Normalization normalization;
  std::shared_ptr<const void> memory;  // where the entries lie, unless they own it
};

/// Folds and packs the weights of a network; `store` is not needed afterwards.
/// Throws WeightsError, naming the first tensor that is missing, has another shape or is not finite, and DeviceError
/// where B's device is not there.
template <backend::MapBackend B>
PackedNetwork<B> pack_network(const graph::PlanView& plan, const weights::Store& store) {
  if constexpr (!backend::computes_on_host<B>) B::require_device();
  PackedNetwork<B> packed;
  packed.entries.resize(plan.weights.size());
  packed.normalization = stored_normalization(plan, store);
  weights::check_weights(plan, store);
  backend::for_each_call<B>(plan.steps.size(), [&](std::size_t i, std::size_t) {
    if (plan.steps[i].weights == none) return;
    const auto entry = static_cast<std::size_t>(plan.steps[i].weights);
    auto folded = weights::fold(plan, plan.weights[entry], store);
    packed.entries[entry].emplace(
        B::pack(step_shape(plan, plan.steps[i]), std::move(folded.kernel), std::move(folded.bias)));
  });
  return packed;
}

}  // namespace rcar

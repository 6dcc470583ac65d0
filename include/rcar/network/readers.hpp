#pragma once
/// Who reads what a step computes.

#include <cstddef>

#include "../graph/plan.hpp"

namespace rcar {

/// Whether only step `reader`, the one after `maker`, reads what `maker` computes.
inline bool reads_alone(const graph::PlanView& plan, std::size_t maker, std::size_t reader) {
  const int output = plan.steps[maker].output;
  if (plan.steps[reader].input != output || output == plan.output) return false;
  if (plan.views[static_cast<std::size_t>(output)].root != output) return false;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    if (i == maker) continue;
    if ((step.input == output && i != reader) || step.residual == output || step.scale == output ||
        step.output == output)
      return false;
  }
  return true;
}

}  // namespace rcar

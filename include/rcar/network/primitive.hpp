#pragma once
/// From a step of a plan to the back end's primitive that computes it.

#include "../backend/concept.hpp"

namespace rcar {

/// What a step reads and writes; what it does not use is no map, or null.
template <backend::MapBackend B>
struct StepOperands {
  using Value = backend::MapValue<B>;

  backend::BasicMap<const Value> in, residual;
  const Value* scale = nullptr;
  backend::BasicMap<Value> out;
  const typename B::Weights* weights = nullptr;
};

/// Calls the primitive of a step of any kind but normalize, which reads a frame.
template <backend::MapBackend B>
void run_primitive(const Step& step, const StepOperands<B>& maps, backend::Rows rows, backend::MapValue<B>* scratch) {
  const auto& [in, residual, scale, out, weights] = maps;
  switch (step.kind) {
    case StepKind::normalize:
      return;
    case StepKind::convolution:
      return B::convolution(in, scale, step.window, *weights, step.activation, residual, out, rows, scratch);
    case StepKind::depthwise_convolution:
      return B::depthwise_convolution(in, step.window, *weights, step.activation, out, rows);
    case StepKind::max_pooling:
      return B::max_pooling(in, step.window, out, rows);
    case StepKind::average_pooling:
      return B::average_pooling(in, step.window, out, rows);
    case StepKind::global_average_pooling:
      return B::global_average_pooling(in, out);
    case StepKind::activation:
      return B::activation(in, nullptr, step.activation, out, rows);
    case StepKind::add:
      return B::add(in, residual, step.activation, out, rows);
    case StepKind::multiply:
      return B::multiply(in, scale, out, rows);
    case StepKind::copy:
      return B::copy(in, out, rows);
  }
}

}  // namespace rcar

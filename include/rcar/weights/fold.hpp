#pragma once
/// Batch norm folded into the convolution before it, when weights are loaded: what remains of a layer is one kernel and
/// one bias.
///
///     conv(x) * s + (beta - mean * s + bias * s),   s = gamma / sqrt(variance + epsilon)   per output channel

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../backend/operands.hpp"
#include "../core/error.hpp"
#include "../graph/graph.hpp"
#include "../graph/plan.hpp"
#include "../graph/tensors.hpp"
#include "store.hpp"

namespace rcar::weights {

/// The extents of an entry's kernel, as back ends take them.
inline backend::KernelShape kernel_shape(const graph::StepWeights& entry) {
  return {entry.kernel_height, entry.kernel_width, entry.in_channels, entry.out_channels, entry.depthwise};
}

/// A kernel, row-major (depth, Cout), and a bias (Cout).
struct FoldedWeights {
  backend::KernelShape shape;
  std::vector<float> kernel, bias;
};

namespace detail {

/// The values of one tensor of a network; throws WeightsError, naming the tensor, when it is missing or has another
/// shape.
inline std::span<const float> values(const graph::PlanView& plan, int layer, graph::TensorRole role, const Shape& shape,
                                     const Store& store) {
  const std::string name = graph::tensor_name(plan.layers[static_cast<std::size_t>(layer)].name, role);
  const std::string network(plan.name);
  const Tensor* tensor = store.find(name);
  if (!tensor)
    throw WeightsError("The weights lack the tensor " + quoted(name) + " of shape " + to_string(shape) +
                       "; give weights of " + network + ".");
  if (tensor->shape != shape)
    throw WeightsError("The tensor " + quoted(name) + " has the shape " + to_string(tensor->shape) + " but " + network +
                       " needs " + to_string(shape) + "; give weights of " + network + ".");
  return tensor->values;
}

/// The tensors behind one entry of the plan's weight table; empty spans for what the layers do not have.
struct SourceWeights {
  std::span<const float> kernel, bias, gamma, beta, mean, variance;
};

inline SourceWeights source_weights(const graph::PlanView& plan, const graph::StepWeights& entry, const Store& store) {
  const auto size = [](int extent) { return static_cast<std::size_t>(extent); };
  const Shape channels{size(entry.out_channels)};
  SourceWeights source;
  if (entry.depthwise)
    source.kernel = values(plan, entry.convolution, graph::TensorRole::depthwise_kernel,
                           {size(entry.kernel_height), size(entry.kernel_width), size(entry.out_channels), 1}, store);
  else
    source.kernel =
        values(plan, entry.convolution, graph::TensorRole::kernel,
               {size(entry.kernel_height), size(entry.kernel_width), size(entry.in_channels), size(entry.out_channels)},
               store);
  if (plan.layers[size(entry.convolution)].use_bias)
    source.bias = values(plan, entry.convolution, graph::TensorRole::bias, channels, store);
  if (entry.batch_normalization != none) {
    const auto norm = [&](graph::TensorRole role) {
      return values(plan, entry.batch_normalization, role, channels, store);
    };
    if (plan.layers[size(entry.batch_normalization)].use_scale) source.gamma = norm(graph::TensorRole::gamma);
    source.beta = norm(graph::TensorRole::beta);
    source.mean = norm(graph::TensorRole::moving_mean);
    source.variance = norm(graph::TensorRole::moving_variance);
  }
  return source;
}

}  // namespace detail

/// Checks that `store` holds every tensor of the network in its shape, in the order of the plan; others are allowed.
/// Throws WeightsError that names the first one that is missing or does not fit, with both shapes.
inline void check_weights(const graph::PlanView& plan, const Store& store) {
  for (const auto& entry : plan.weights) detail::source_weights(plan, entry, store);
}

/// The folded weights of one entry of the plan's weight table, computed in double precision.
/// Throws WeightsError when a tensor is missing, has another shape, or gives what is no finite number.
inline FoldedWeights fold(const graph::PlanView& plan, const graph::StepWeights& entry, const Store& store) {
  const auto source = detail::source_weights(plan, entry, store);
  const auto channels = static_cast<std::size_t>(entry.out_channels);
  FoldedWeights folded;
  folded.shape = kernel_shape(entry);
  const auto fail = [&] {
    throw WeightsError("The backbone weights of layer " +
                       quoted(std::string(plan.layers[static_cast<std::size_t>(entry.convolution)].name)) +
                       " or of its batch norm are not finite numbers; fetch or convert them again.");
  };
  std::vector<double> factor(channels, 1.0);
  folded.bias.resize(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    double bias = source.bias.empty() ? 0.0 : source.bias[c];
    if (!source.variance.empty()) {
      const auto& norm = plan.layers[static_cast<std::size_t>(entry.batch_normalization)];
      factor[c] =
          (source.gamma.empty() ? 1.0 : source.gamma[c]) / std::sqrt(double(source.variance[c]) + double(norm.epsilon));
      bias = source.beta[c] + (bias - source.mean[c]) * factor[c];
    }
    if (!std::isfinite(factor[c]) || !std::isfinite(bias)) fail();
    folded.bias[c] = static_cast<float>(bias);
  }
  folded.kernel.resize(source.kernel.size());
  bool finite = true;  // a NaN may not show in the features: some activations give a number for it
  for (std::size_t row = 0; row < source.kernel.size(); row += channels)
    for (std::size_t c = 0; c < channels; ++c) {
      folded.kernel[row + c] = static_cast<float>(source.kernel[row + c] * factor[c]);
      finite &= std::isfinite(folded.kernel[row + c]);
    }
  if (!finite) fail();
  return folded;
}

}  // namespace rcar::weights

#pragma once
// Weights of any network without a file: what it computes with them means nothing, its speed does.

#include <cmath>
#include <rcar/core/random.hpp>
#include <rcar/graph/fingerprint.hpp>
#include <rcar/graph/tensors.hpp>
#include <rcar/weights/backbone_file.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rcar::tools {

/// Random weights for every tensor of a network: kernels He-uniform; batch norms that keep the features' size, so that
/// no number overflows or becomes subnormal, which would take the processor longer.
inline weights::Store random_weights(std::string_view backbone, std::span<const graph::Layer> layers) {
  Random random(1);
  weights::Store store;
  for (const auto& spec : graph::tensors(layers)) {
    const std::string_view layer = layers[static_cast<std::size_t>(spec.layer)].name;
    const weights::Shape shape(spec.shape.begin(), spec.shape.begin() + spec.rank);
    float low = 0, high = 0;
    switch (spec.role) {
      case graph::TensorRole::kernel:
      case graph::TensorRole::depthwise_kernel: {
        const bool depthwise = spec.role == graph::TensorRole::depthwise_kernel;
        high = std::sqrt(6.f / static_cast<float>(shape[0] * shape[1] * (depthwise ? 1 : shape[2])));
        low = -high;
        break;
      }
      case graph::TensorRole::gamma: {
        const bool residual = layer.ends_with("project_bn") && !layer.substr(0, 8).ends_with("a_");
        low = high = residual ? 0.1f : 1.f;
        break;
      }
      case graph::TensorRole::bias:
      case graph::TensorRole::beta:
        low = -0.1f;
        high = 0.1f;
        break;
      case graph::TensorRole::moving_mean:
        break;
      case graph::TensorRole::moving_variance:
        low = high = 1;
        break;
    }
    std::vector<float> values(weights::element_count(shape));
    for (float& value : values) value = low < high ? random.uniform(low, high) : low;
    store.add(graph::tensor_name(layers, spec), shape, std::move(values));
  }
  weights::set_origin(store,
                      {std::string(backbone), graph::fingerprint(layers), "random", std::string(64, '0'), "none"});
  return store;
}

}  // namespace rcar::tools

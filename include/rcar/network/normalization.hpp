#pragma once
/// How a network normalises frames: as its graph says, unless its weights were trained otherwise.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>

#include "../core/error.hpp"
#include "../graph/plan.hpp"
#include "../weights/store.hpp"

namespace rcar {

/// How a plan normalises frames for weights with this metadata.
///
/// Keras's EfficientNet divides by sqrt(std), and a second layer that only its ImageNet weights have divides by
/// sqrt(std) once more; the graph does both. The metadata `rescaling: off` marks weights trained without the second
/// one.
inline graph::Normalization normalization_for(const graph::PlanView& plan,
                                              const std::map<std::string, std::string>& metadata) {
  graph::Normalization result = plan.normalization;
  const auto rescaling = metadata.find("rescaling");
  if (rescaling == metadata.end() || rescaling->second != "off") return result;
  for (const graph::Layer& layer : plan.layers) {
    if (layer.kind != graph::LayerKind::preprocessing || layer.preprocessing_parameters == 0) continue;
    if (result != graph::Normalization{layer.scale, layer.offset}) continue;  // the caller has replaced it already
    for (std::size_t c = 0; c < 3; ++c) {
      const double root_of_std = std::sqrt(1.0 / (255.0 * layer.scale[c]));  // scale = 1 / (255 std)
      result.scale[c] = static_cast<float>(layer.scale[c] * root_of_std);
      result.offset[c] = static_cast<float>(layer.offset[c] * root_of_std);
    }
  }
  return result;
}

/// How a plan normalises frames for these weights: as their metadata says, unless they hold a normalization of their
/// own (a Keras file's whose means and variances are not ImageNet's).
inline graph::Normalization stored_normalization(const graph::PlanView& plan, const weights::Store& store) {
  const weights::Tensor* scale = store.find("preprocessing/scale");
  const weights::Tensor* offset = store.find("preprocessing/offset");
  if (!scale || !offset) return normalization_for(plan, store.metadata);
  if (scale->shape != weights::Shape{3} || offset->shape != weights::Shape{3})
    throw WeightsError("The tensors 'preprocessing/scale' and 'preprocessing/offset' need the shape (3,) and have " +
                       weights::to_string(scale->shape) + " and " + weights::to_string(offset->shape) +
                       "; convert the weights again.");
  graph::Normalization result;
  std::copy_n(scale->values.begin(), 3, result.scale.begin());
  std::copy_n(offset->values.begin(), 3, result.offset.begin());
  return result;
}

}  // namespace rcar

#pragma once
/// EfficientNet's normalisation in a Keras file. Keras divides by sqrt(variance), where ImageNet's files hold standard
/// deviations, and models built with weights="imagenet" then multiply by 1/sqrt(std) in a second Rescaling layer: the
/// whole is (x/255 - mean) / std, as rcar's graph has it. A model built with weights=None lacks that second layer.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>

#include "../../graph/graph.hpp"
#include "../store.hpp"
#include "config.hpp"
#include "keras_file.hpp"

namespace rcar::weights::keras {

/// Whether the network has the second Rescaling layer; automatic: as the file shows, on where it does not.
enum class RescalingChoice { automatic, on, off };

/// What the file shows of it, nullopt when it has no trace: a legacy .h5 that lists only layers with tensors.
inline std::optional<bool> second_rescaling(const KerasFile& file, const FileModel& model) {
  if (model.lists_tensorless_layers && model.rescalings > 0) return model.rescalings > 1;
  if (file.style != FileStyle::legacy_h5) return false;
  if (!file.config) return std::nullopt;
  const json::Array* layers = find_layers(*file.config, {"Normalization"});
  if (!layers) return std::nullopt;
  const std::size_t count = count_class(*layers, "Rescaling");
  return count > 0 ? std::optional(count > 1) : std::nullopt;
}

/// x * scale + offset per channel, over bytes 0..255.
struct ChannelScale {
  std::array<float, 3> scale, offset;
};

/// What a file's normalization layer (mean, variance[, count]) and the second rescaling compute.
/// Throws WeightsError, a clause, when its tensors are not three means and three variances.
inline ChannelScale file_normalization(const FileLayer& layer, bool second) {
  if (layer.tensors.size() < 2 || layer.tensors[0].values.size() != 3 || layer.tensors[1].values.size() != 3)
    throw WeightsError("its layer of " + quoted("/" + layer.tensors[0].path) +
                       " is no normalization of three channels");
  constexpr double std[] = {0.229, 0.224, 0.225};
  ChannelScale out;
  for (std::size_t c = 0; c < 3; ++c) {
    const double mean = layer.tensors[0].values[c], variance = layer.tensors[1].values[c];
    if (!(variance >= 0) || !std::isfinite(mean))
      throw WeightsError("its layer of " + quoted("/" + layer.tensors[0].path) + " has a negative variance or a NaN");
    const double divisor = std::max(std::sqrt(variance), 1e-7) * (second ? std::sqrt(std[c]) : 1.0);
    out.scale[c] = static_cast<float>(1 / (255 * divisor));
    out.offset[c] = static_cast<float>(-mean / divisor);
  }
  return out;
}

/// Whether the graph's preprocessing, with or without the second rescaling, computes the same.
inline bool same_normalization(const graph::Layer& preprocessing, bool second, const ChannelScale& file) {
  for (std::size_t c = 0; c < 3; ++c) {
    const double root = second ? 1 : std::sqrt(1 / (255.0 * preprocessing.scale[c]));  // scale = 1 / (255 std)
    if (std::abs(file.scale[c] / (preprocessing.scale[c] * root) - 1) > 1e-5 ||
        std::abs(file.offset[c] / (preprocessing.offset[c] * root) - 1) > 1e-5)
      return false;
  }
  return true;
}

}  // namespace rcar::weights::keras

#pragma once
/// What a network holds and costs, counted from its layers.

#include <cstddef>
#include <span>

#include "../backend/primitives.hpp"
#include "graph.hpp"

namespace rcar::graph {

/// The extent that a layer reads (its first input's), or its own where it reads none.
constexpr const Extent& input_extent(std::span<const Layer> layers, const Layer& layer) {
  return layer.inputs[0] == none ? layer.output : layers[static_cast<std::size_t>(layer.inputs[0])].output;
}

/// Numbers in a convolution's kernel; 0 for other kinds.
constexpr std::size_t kernel_size(std::span<const Layer> layers, const Layer& layer) {
  const auto area = static_cast<std::size_t>(layer.window.kernel_height * layer.window.kernel_width);
  const auto channels = static_cast<std::size_t>(layer.output.channels);
  if (layer.kind == LayerKind::conv2d)
    return area * static_cast<std::size_t>(input_extent(layers, layer).channels) * channels;
  return layer.kind == LayerKind::depthwise_conv2d ? area * channels : 0;
}

/// Weights of all layers, as Keras's `count_params` gives it (moving statistics and normalisation included).
constexpr std::size_t count_parameters(std::span<const Layer> layers) {
  std::size_t count = 0;
  for (const Layer& layer : layers) {
    const auto channels = static_cast<std::size_t>(layer.output.channels);
    count += kernel_size(layers, layer) + static_cast<std::size_t>(layer.preprocessing_parameters);
    if (layer.use_bias) count += channels;
    if (layer.kind == LayerKind::batch_normalization) count += (layer.use_scale ? 4 : 3) * channels;
  }
  return count;
}

/// Multiply-adds of all convolutions for one image, padding counted as if it were multiplied.
constexpr std::size_t count_multiply_adds(std::span<const Layer> layers) {
  std::size_t count = 0;
  for (const Layer& layer : layers) count += layer.output.pixels() * kernel_size(layers, layer);
  return count;
}

}  // namespace rcar::graph

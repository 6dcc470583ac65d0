#pragma once
/// The weight table of a graph: every tensor's layer, role and shape, in the order of the graph. Names are what the
/// native weight file holds: `tensor_name("block1a_dwconv", TensorRole::depthwise_kernel)` is
/// "block1a_dwconv/depthwise_kernel".

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph.hpp"
#include "measure.hpp"

namespace rcar::graph {

/// Keras's name of the role.
constexpr std::string_view to_string(TensorRole role) {
  switch (role) {
    case TensorRole::kernel:
      return "kernel";
    case TensorRole::depthwise_kernel:
      return "depthwise_kernel";
    case TensorRole::bias:
      return "bias";
    case TensorRole::gamma:
      return "gamma";
    case TensorRole::beta:
      return "beta";
    case TensorRole::moving_mean:
      return "moving_mean";
    case TensorRole::moving_variance:
      return "moving_variance";
  }
  return {};
}

/// "layer/kernel" and the like, as Keras names its weights.
inline std::string tensor_name(std::string_view layer, TensorRole role) {
  return std::string(layer) + '/' + std::string(to_string(role));
}

/// The tensors of layer `index`, in Keras's order of a layer's weights; none for layers without weights.
/// Preprocessing has none: its constants are the graph's.
constexpr std::vector<TensorSpec> layer_tensors(std::span<const Layer> layers, int index) {
  const Layer& layer = layers[static_cast<std::size_t>(index)];
  const Window& window = layer.window;
  const int channels = layer.output.channels;
  const int in_channels = input_extent(layers, layer).channels;

  std::vector<TensorSpec> tensors;
  const auto vector = [&](TensorRole role) { tensors.push_back({index, role, {channels, 1, 1, 1}, 1}); };
  if (layer.kind == LayerKind::conv2d)
    tensors.push_back(
        {index, TensorRole::kernel, {window.kernel_height, window.kernel_width, in_channels, channels}, 4});
  if (layer.kind == LayerKind::depthwise_conv2d)
    tensors.push_back(
        {index, TensorRole::depthwise_kernel, {window.kernel_height, window.kernel_width, channels, 1}, 4});
  if (layer.use_bias) vector(TensorRole::bias);
  if (layer.kind == LayerKind::batch_normalization) {
    if (layer.use_scale) vector(TensorRole::gamma);
    vector(TensorRole::beta);
    vector(TensorRole::moving_mean);
    vector(TensorRole::moving_variance);
  }
  return tensors;
}

/// Every tensor of the network, layer by layer in the order of the graph.
constexpr std::vector<TensorSpec> tensors(std::span<const Layer> layers) {
  std::vector<TensorSpec> all;
  for (int i = 0; i < static_cast<int>(layers.size()); ++i)
    for (const TensorSpec& tensor : layer_tensors(layers, i)) all.push_back(tensor);
  return all;
}

/// The tensor's name in a native weight file.
inline std::string tensor_name(std::span<const Layer> layers, const TensorSpec& tensor) {
  return tensor_name(layers[static_cast<std::size_t>(tensor.layer)].name, tensor.role);
}

}  // namespace rcar::graph

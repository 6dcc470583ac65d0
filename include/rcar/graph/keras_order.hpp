#pragma once
/// The order of Keras's `model.layers`, and so of the weights in a Keras file: by depth, not by source.

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

#include "graph.hpp"

namespace rcar::graph {

/// Indices of the layers in the order that a Keras functional model of the same graph has (Keras's map_graph): farthest
/// from the output first; of equally far ones the one that a depth-first walk from the output, inputs in order, sees
/// first. Keras's layers that rcar merges or leaves out (padding, reshape, dropout) stand in chains, so they do not
/// change the order of the rest.
inline std::vector<int> keras_layer_order(std::span<const Layer> layers) {
  const auto index = [](int i) { return static_cast<std::size_t>(i); };
  const int size = static_cast<int>(layers.size());

  // Every layer comes after those that it reads, so one pass from the end settles the longest path to the output.
  std::vector<int> depth(layers.size(), 0);
  for (int i = size - 1; i >= 0; --i)
    for (int input : layers[index(i)].inputs)
      if (input != none) depth[index(input)] = std::max(depth[index(input)], depth[index(i)] + 1);

  std::vector<int> seen(layers.size(), none);
  std::vector<int> stack{size - 1};
  for (int count = 0; !stack.empty();) {
    const int i = stack.back();
    stack.pop_back();
    if (seen[index(i)] != none) continue;
    seen[index(i)] = count++;
    const auto& inputs = layers[index(i)].inputs;
    for (auto input = inputs.rbegin(); input != inputs.rend(); ++input)
      if (*input != none) stack.push_back(*input);
  }

  std::vector<int> order(layers.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int a, int b) {
    return depth[index(a)] != depth[index(b)] ? depth[index(a)] > depth[index(b)] : seen[index(a)] < seen[index(b)];
  });
  return order;
}

}  // namespace rcar::graph

#pragma once
/// How threads share one step of one frame: by rows, which makes every thread read all weights, or by output channels,
/// which makes every thread read the whole input. No result depends on it.

#include <algorithm>

#include "block_shapes.hpp"
#include "winograd_shape.hpp"

namespace rcar::backend::native {

constexpr int parts_of(int size, int part) { return (size + part - 1) / part; }

/// Blocks of about 1 / parts of the channels, whole panels.
constexpr int channels_of_part(int channels, int lanes, int parts) {
  const int panel = 2 * lanes;
  return std::min(channels, parts_of(parts_of(channels, panel), parts) * panel);
}

/// What the slowest of `parts` threads computes over its fair share, when `size` units are cut into blocks of `block`.
constexpr double imbalance(int size, int block, int parts) {
  const int blocks = parts_of(size, block);
  return static_cast<double>(parts_of(blocks, parts)) * block * parts / size;
}

/// A convolution: whatever reads less and is balanced better.
constexpr BlockSize share(const StepShape& shape, Algorithm algorithm, int lanes, int parts) {
  const int height = std::max(1, shape.output.height), channels = shape.output.channels;
  const int step = algorithm.winograd() ? algorithm.outputs_y : 1;
  const int rows = std::min(height, parts_of(parts_of(height, step), parts) * step);
  const int slice = channels_of_part(channels, lanes, parts);
  const double weights = static_cast<double>(packed_depth(shape.kernel, algorithm)) * channels;
  double input = static_cast<double>(shape.input.size());
  if (algorithm.winograd()) input *= 16;  // every thread would transform it
  const double by_rows = imbalance(height, rows, parts) * (1 + weights / (weights + input) * 0.2);
  const double by_channels = imbalance(channels, slice, parts) * (1 + input / (weights + input) * 0.2);
  if (parts <= 1) return {height, channels};
  return by_rows <= by_channels ? BlockSize{rows, channels} : BlockSize{height, slice};
}

/// Expansion and depthwise convolution: rings by rows, slices by channels.
constexpr BlockSize share_fused(const StepShape& expand, const StepShape& depthwise, int lanes, int parts) {
  const int height = std::max(1, depthwise.output.height), channels = depthwise.output.channels;
  const ExpandShape shape = expand_shape(expand.input, channels, depthwise.window, lanes);
  if (shape.ring) return {parts_of(height, parts), channels};
  return {height, channels_of_part(channels, lanes, parts)};
}

}  // namespace rcar::backend::native

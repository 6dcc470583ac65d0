#pragma once
/// How threads share one step of one frame: by rows, which makes every thread read all weights, or by output channels,
/// which makes every thread read the whole input. No result depends on it.

#include <algorithm>

#include "block_shapes.hpp"
#include "choose.hpp"
#include "winograd_shape.hpp"

namespace rcar::backend::native {

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

/// A convolution: whatever is balanced better and streams less.
constexpr BlockSize share(const StepShape& shape, Algorithm algorithm, int lanes, int parts) {
  const int height = std::max(1, shape.output.height), channels = shape.output.channels;
  if (parts <= 1) return {height, channels};
  const int step = algorithm.winograd() ? algorithm.outputs_y : 1;
  const int rows = std::min(height, parts_of(parts_of(height, step), parts) * step);
  const int slice = channels_of_part(channels, lanes, parts);
  constexpr double streamed = 25;  // multiply-adds in the time in which one float comes from the third-level cache
  const Cost all = cost(shape, algorithm);
  const double by_rows = (all.products + all.transform) / parts * imbalance(height, rows, parts) +
                         streamed * (all.weights + all.input / parts);
  const double by_channels = all.products / parts * imbalance(channels, slice, parts) + all.transform +
                             streamed * (all.weights / parts + all.input);
  return by_rows <= by_channels ? BlockSize{rows, channels} : BlockSize{height, slice};
}

/// Expansion and depthwise convolution: by slices of channels, or by rows, where every block expands the rows under its
/// first window anew.
constexpr BlockSize share_fused(const StepShape& depthwise, int lanes, int parts) {
  const int height = std::max(1, depthwise.output.height), channels = depthwise.output.channels;
  if (parts <= 1) return {height, channels};
  const int rows = parts_of(height, parts), slice = channels_of_part(channels, lanes, parts);
  const Window& w = depthwise.window;
  const double anew = static_cast<double>(w.kernel_height - w.stride_height) / (rows * w.stride_height);
  const double by_rows = imbalance(height, rows, parts) * (1 + anew);
  const double again = 1.0 / (1 + depthwise.output.channels / 32.0);  // reading the input once more
  const double by_channels = imbalance(channels, slice, parts) * (1 + again);
  return by_rows <= by_channels ? BlockSize{rows, channels} : BlockSize{height, slice};
}

}  // namespace rcar::backend::native

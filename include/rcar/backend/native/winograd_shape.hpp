#pragma once
/// The variants of Winograd's filtering, and the extents of a convolution by one: points, tiles of a block, and the
/// scratch memory they take.

#include <algorithm>
#include <cstddef>

#include "jobs.hpp"

namespace rcar::backend::native {

/// The variants of Winograd's filtering that the kernels have, F(outputs, taps): few, since each costs a second to
/// compile. F(4, 3), F(2, 5), F(3, 5) and F(4, 7) were measured too and won no layer of InceptionV3 by more than 3 %.
struct WinogradVariant {
  int outputs, taps, dimensions;
};
inline constexpr WinogradVariant winograd_variants[] = {{5, 3, 2}, {6, 3, 2}, {4, 5, 2}, {6, 7, 1}, {5, 3, 1}};

/// Whether there are Winograd's kernels for vectors of so many floats: not for SSE2, whose machines are too few to be
/// worth the time it takes everybody to compile them.
constexpr bool has_winograd(int lanes) {
#if defined(__x86_64__)
  return lanes > 4;
#else
  return lanes > 0;
#endif
}

struct WinogradShape {
  int outputs = 0, taps = 0, dimensions = 0;  // F(outputs, taps) in one or two dimensions
  int channels = 0;                           // Cin
  int block = 0;                              // tiles that go through all points together
  int panel = 0;

  constexpr int points_of_a_row() const { return outputs + taps - 1; }
  constexpr int points() const { return dimensions == 1 ? points_of_a_row() : points_of_a_row() * points_of_a_row(); }
  /// One cache line more than needed between points, lest they fall in the same sets of a cache.
  constexpr std::ptrdiff_t transformed_floats() const {
    return points() * (static_cast<std::ptrdiff_t>(block) * channels + 16);
  }
  constexpr std::ptrdiff_t products_floats() const {
    return points() * (static_cast<std::ptrdiff_t>(block) * panel + 16);
  }
  constexpr std::size_t scratch_floats() const {
    return static_cast<std::size_t>(transformed_floats() + products_floats() + channels);
  }
};

/// Blocks of 14 to 56 tiles with AVX-512 (12 to 48 else): the more, the more often a weight in the cache is used, as
/// far as the transformed tiles fit twice the floats of a block.
constexpr WinogradShape winograd_shape(const PackedView& weights, int lanes) {
  WinogradShape shape;
  const bool both = weights.shape.kernel_height > 1 && weights.shape.kernel_width > 1;
  shape.outputs = std::max(weights.algorithm.outputs_y, weights.algorithm.outputs_x);
  shape.taps = std::max(weights.shape.kernel_height, weights.shape.kernel_width);
  shape.dimensions = both ? 2 : 1;
  shape.channels = weights.shape.in_channels;
  shape.panel = 2 * lanes;
  const int rows = lanes == 16 ? 14 : 6, most = lanes == 16 ? 4 : 8, least = lanes == 16 ? 1 : 2;
  const std::ptrdiff_t one = static_cast<std::ptrdiff_t>(shape.points()) * shape.channels * rows;
  shape.block = rows * static_cast<int>(std::clamp<std::ptrdiff_t>(2 * block_floats(lanes) / one, least, most));
  return shape;
}

}  // namespace rcar::backend::native

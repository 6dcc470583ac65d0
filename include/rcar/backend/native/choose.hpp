#pragma once
/// Which algorithm computes a layer.

#include <algorithm>

#include "../operands.hpp"
#include "algorithm.hpp"
#include "jobs.hpp"

namespace rcar::backend::native {

/// The variants of Winograd's filtering that the kernels have, F(outputs, taps).
struct WinogradVariant {
  int outputs, taps, dimensions;
};
inline constexpr WinogradVariant winograd_variants[] = {{4, 3, 2}, {5, 3, 2}, {6, 3, 2}, {2, 5, 2}, {3, 5, 2},
                                                        {4, 5, 2}, {4, 7, 1}, {6, 7, 1}, {5, 3, 1}};

/// Whether Winograd's kernels can compute a layer at all.
constexpr bool winograd_fits(const StepShape& shape, int lanes) {
  const KernelShape& k = shape.kernel;
  const bool square = k.kernel_height == k.kernel_width, line = k.kernel_height == 1 || k.kernel_width == 1;
  return !k.depthwise && shape.window.stride_height == 1 && shape.window.stride_width == 1 && !shape.scaled &&
         (square || line) && k.in_channels % lanes == 0 && k.out_channels % lanes == 0;
}

/// The cost of a layer on a map in multiply-adds of the register tile; what a transform costs a point and channel was
/// fitted to InceptionV3's layers.
constexpr double cost(const StepShape& shape, Algorithm algorithm) {
  const KernelShape& k = shape.kernel;
  const double in = k.in_channels, out = k.out_channels;
  if (!algorithm.winograd()) return static_cast<double>(shape.output.pixels()) * k.depth() * out;
  const auto tiles = [](int size, int outputs) { return (size + outputs - 1) / outputs; };
  const double count = static_cast<double>(tiles(shape.output.height, algorithm.outputs_y)) *
                       tiles(shape.output.width, algorithm.outputs_x);
  const double points = static_cast<double>(algorithm.outputs_y + k.kernel_height - 1) *
                        (algorithm.outputs_x + k.kernel_width - 1);
  return count * points * (in * out + 10 * (in + out));
}

/// The rule for layers that the table does not know: the least cost.
constexpr Algorithm choose_by_cost(const StepShape& shape, int lanes) {
  Algorithm best;
  if (!winograd_fits(shape, lanes)) return best;
  double least = 0.9 * cost(shape, best);
  const int taps = std::max(shape.kernel.kernel_height, shape.kernel.kernel_width);
  const bool line = shape.kernel.kernel_height != shape.kernel.kernel_width;
  for (const WinogradVariant& v : winograd_variants) {
    if (v.taps != taps || v.dimensions != (line ? 1 : 2)) continue;
    const Algorithm candidate{shape.kernel.kernel_height > 1 ? v.outputs : 1, shape.kernel.kernel_width > 1 ? v.outputs : 1};
    if (cost(shape, candidate) >= least) continue;
    least = cost(shape, candidate);
    best = candidate;
  }
  return best;
}

/// How `numerics` computes a layer with vectors of `lanes` floats.
constexpr Algorithm choose(const StepShape& shape, int lanes, numerics policy) {
  return policy == numerics::exact ? Algorithm{} : choose_by_cost(shape, lanes);
}

}  // namespace rcar::backend::native

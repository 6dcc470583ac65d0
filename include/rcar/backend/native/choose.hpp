#pragma once
/// Which algorithm computes a layer.

#include <algorithm>
#include <iterator>

#include "../operands.hpp"
#include "algorithm.hpp"
#include "algorithm_table.hpp"
#include "bf16_shape.hpp"
#include "jobs.hpp"
#include "winograd_shape.hpp"

namespace rcar::backend::native {

/// Whether Winograd's kernels can compute a layer at all.
constexpr bool winograd_fits(const StepShape& shape, int lanes) {
  const KernelShape& k = shape.kernel;
  const bool square = k.kernel_height == k.kernel_width, line = k.kernel_height == 1 || k.kernel_width == 1;
  return has_winograd(lanes) && !k.depthwise && shape.window.stride_height == 1 && shape.window.stride_width == 1 &&
         !shape.scaled && (square || line) && k.in_channels % lanes == 0 && k.out_channels % lanes == 0;
}

/// Whether a variant is for kernels of this form.
constexpr bool is_for(const WinogradVariant& variant, const KernelShape& k) {
  return variant.taps == std::max(k.kernel_height, k.kernel_width) &&
         variant.dimensions == (k.kernel_height == k.kernel_width ? 2 : 1);
}

constexpr Algorithm algorithm_of(const WinogradVariant& variant, const KernelShape& k) {
  return {k.kernel_height > 1 ? variant.outputs : 1, k.kernel_width > 1 ? variant.outputs : 1};
}

/// Whether the kernels can compute a layer so.
constexpr bool applies(Algorithm algorithm, const StepShape& shape, int lanes) {
  if (!algorithm.winograd()) return true;
  if (!winograd_fits(shape, lanes)) return false;
  return std::any_of(std::begin(winograd_variants), std::end(winograd_variants), [&](const WinogradVariant& v) {
    return is_for(v, shape.kernel) && algorithm_of(v, shape.kernel) == algorithm;
  });
}

/// What a layer costs on a map, in multiply-adds of the register tile.
struct Cost {
  double products = 0;   // multiply-adds
  double transform = 0;  // Winograd's transform of the input
  double weights = 0;    // floats that stream past the cache
  double input = 0;      // floats of the input

  /// Of one frame; weights serve several frames at once, or one, and cost something between.
  constexpr double total() const { return products + transform + 10 * weights; }
};

/// A point and channel of a transform costs as much as ten multiply-adds, as fitted to InceptionV3's layers.
constexpr Cost cost(const StepShape& shape, Algorithm algorithm) {
  const KernelShape& k = shape.kernel;
  const double in = k.in_channels, out = k.out_channels;
  Cost result;
  result.weights = static_cast<double>(packed_depth(k, algorithm)) * out;
  result.input = static_cast<double>(shape.input.size());
  if (!algorithm.winograd()) {
    result.products = static_cast<double>(shape.output.pixels()) * k.depth() * out;
    if (algorithm.bf16_tiles) {
      result.products /= 3;
      result.transform = 2 * result.input;
    }
    return result;
  }
  const auto tiles = [](int size, int outputs) { return (size + outputs - 1) / outputs; };
  const double points = static_cast<double>(tiles(shape.output.height, algorithm.outputs_y)) *
                        tiles(shape.output.width, algorithm.outputs_x) * (algorithm.outputs_y + k.kernel_height - 1) *
                        (algorithm.outputs_x + k.kernel_width - 1);
  result.products = points * (in * out + 10 * out);
  result.transform = points * in * 10;
  return result;
}

/// The rule for layers that the table does not know: the least cost.
constexpr Algorithm choose_by_cost(const StepShape& shape, int lanes) {
  Algorithm best;
  if (!winograd_fits(shape, lanes)) return best;
  double least = 0.9 * cost(shape, best).total();
  for (const WinogradVariant& v : winograd_variants) {
    if (!is_for(v, shape.kernel)) continue;
    const Algorithm candidate = algorithm_of(v, shape.kernel);
    const double total = cost(shape, candidate).total();
    if (total >= least) continue;
    least = total;
    best = candidate;
  }
  return best;
}

/// The entry of a layer, which the table may lack.
constexpr const TunedLayer* find_tuned(const StepShape& shape, int lanes) {
  const KernelShape& k = shape.kernel;
  for (const TunedLayer& t : tuned_layers)
    if (t.lanes == lanes && t.kernel_height == k.kernel_height && t.kernel_width == k.kernel_width &&
        t.in_channels == k.in_channels && t.out_channels == k.out_channels && t.out_height == shape.output.height &&
        t.out_width == shape.output.width)
      return &t;
  return nullptr;
}

/// How `policy` computes a layer with such kernels: by tiles where they fit, since all networks gained by them, else as
/// the table says, else by the rule.
constexpr Algorithm choose(const StepShape& shape, Abilities abilities, numerics policy) {
  if (policy == numerics::exact) return {};
  if (abilities.bf16_tiles && bf16_fits(shape)) return by_tiles;
  if (!winograd_fits(shape, abilities.lanes)) return {};
  const TunedLayer* tuned = find_tuned(shape, abilities.lanes);
  return tuned ? tuned->algorithm : choose_by_cost(shape, abilities.lanes);
}

}  // namespace rcar::backend::native

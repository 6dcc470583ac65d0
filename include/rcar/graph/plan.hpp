#pragma once
/// What the compiler makes of a graph: the steps a back end executes, where every feature map lies in one arena, and
/// the folded weights each step needs.

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "../backend/primitives.hpp"
#include "graph.hpp"

namespace rcar::graph {

/// The weights of one step after folding: a kernel and a bias. Batch norm is folded at load:
/// kernel * gamma / sqrt(variance + epsilon), beta - mean * gamma / sqrt(variance + epsilon) (+ the scaled bias).
struct StepWeights {
  bool depthwise = false;
  int kernel_height = 1, kernel_width = 1, in_channels = 0,
      out_channels = 0;            // (kh, kw, Cin, Cout); depthwise (kh, kw, C)
  int convolution = none;          // layer indices in the graph
  int batch_normalization = none;  // none: not followed by one
};

/// A plan whose sizes are known: what `graph::plan<graph>()` returns, a constexpr value.
template <std::size_t Steps, std::size_t Views, std::size_t Weights>
struct Plan {
  std::array<Step, Steps> steps{};
  std::array<MapView, Views> views{};
  std::array<StepWeights, Weights> weights{};
  std::size_t arena_floats = 0;  // for one frame
  int output = none;             // view of the features, (1, 1, F)
};

/// What the step `normalize` does to a frame: out = in * scale[c] + offset[c], in RGB bytes 0..255.
struct Normalization {
  std::array<float, 3> scale{1, 1, 1};
  std::array<float, 3> offset{0, 0, 0};

  friend constexpr bool operator==(const Normalization&, const Normalization&) = default;
};

/// The same without sizes: what the run-time code works on. Points into a constexpr Plan with static storage.
///
/// A view is a value: weights that were trained with another input scale replace `normalization` in their copy, as
/// Network does for EfficientNet weights that lack Keras's second rescaling.
struct PlanView {
  std::string_view name;
  std::span<const Layer> layers;
  std::span<const Step> steps;
  std::span<const MapView> views;
  std::span<const StepWeights> weights;
  std::size_t arena_floats = 0;
  int output = none;
  Extent input;                 // (D, D, 3)
  int features = 0;             // F
  Normalization normalization;  // the graph's own unless replaced; steps of kind normalize read it here
};

}  // namespace rcar::graph

#pragma once
/// What the compiler knows of a backbone: its graph, plan, sizes. Each is made once a type, in static storage.

#include <concepts>
#include <cstddef>
#include <string_view>

#include "graph.hpp"
#include "lower.hpp"
#include "measure.hpp"
#include "plan.hpp"

namespace rcar::graph {

/// A feature extractor that Recognizer accepts: a type whose consteval `graph()` describes the network from an RGB
/// image of image_dim x image_dim to pooled features (1, 1, F).
template <class T>
concept BackboneType = requires {
  { T::image_dim } -> std::convertible_to<int>;
  { T::minimum_dim } -> std::convertible_to<int>;
  { T::name } -> std::convertible_to<std::string_view>;
  T::graph;
};

/// The network of a backbone.
template <BackboneType Backbone>
inline constexpr auto graph_of = Backbone::graph();

/// Its steps, places in memory and weights, computed by the compiler.
template <BackboneType Backbone>
inline constexpr auto plan_of = plan<graph_of<Backbone>>();

/// Weights, as Keras counts them.
template <BackboneType Backbone>
consteval std::size_t params() {
  return count_parameters(graph_of<Backbone>.view());
}

/// Multiply-adds of the convolutions for one image.
template <BackboneType Backbone>
inline constexpr std::size_t multiply_adds = count_multiply_adds(graph_of<Backbone>.view());

/// F: numbers that the backbone makes of an image.
template <BackboneType Backbone>
inline constexpr int feature_dim = graph_of<Backbone>.layers.back().output.channels;

/// The plan as run-time code takes it; points into static storage.
template <BackboneType Backbone>
PlanView plan_view() {
  return view_of(graph_of<Backbone>, plan_of<Backbone>);
}

}  // namespace rcar::graph

#pragma once
/// From a graph to a plan: `plan<graph>()` decides which steps compute the network, fuses what a step can take along,
/// and lays every feature map into one arena. All of it happens in the compiler.

#include <cstddef>
#include <span>

#include "arena.hpp"
#include "graph.hpp"
#include "misfit.hpp"
#include "plan.hpp"
#include "schedule.hpp"

namespace rcar::graph {

/// The plan of a graph that has static storage. The scheduler runs twice, for the sizes and for the content, because
/// memory of a constant expression cannot outlive it.
template <const auto& graph>
consteval auto plan() {
  struct Sizes {
    std::size_t steps, maps, weights;
    Finding finding;
  };
  constexpr Sizes sizes = [] {
    const Schedule schedule = Scheduler(graph.view()).run();
    return Sizes{schedule.steps.size(), schedule.maps.size(), schedule.weights.size(), schedule.finding};
  }();
  require_fit<sizes.finding.misfit, sizes.finding.layer>();

  Plan<sizes.steps, sizes.maps, sizes.weights> result;
  if (sizes.finding.misfit != Misfit::none) return result;
  const Schedule schedule = Scheduler(graph.view()).run();
  const Arena arena = lay_out(schedule);
  const auto copy = [](const auto& from, auto& to) {
    const auto* source = from.data();
    auto* target = to.data();
    for (std::size_t i = 0; i < from.size(); ++i) target[i] = source[i];
  };
  copy(schedule.steps, result.steps);
  copy(schedule.weights, result.weights);
  copy(arena.views, result.views);
  result.arena_floats = arena.floats;
  result.output = schedule.output;
  return result;
}

/// The plan as run-time code takes it. Both arguments must have static storage.
template <std::size_t Layers, std::size_t Steps, std::size_t Views, std::size_t Weights>
constexpr PlanView view_of(const Graph<Layers>& graph, const Plan<Steps, Views, Weights>& plan) {
  PlanView view;
  view.name = graph.name;
  view.layers = graph.layers;
  view.steps = plan.steps;
  view.views = plan.views;
  view.weights = plan.weights;
  view.arena_floats = plan.arena_floats;
  view.output = plan.output;
  view.input = graph.layers.front().output;
  view.features = graph.layers.back().output.channels;
  for (const Layer& layer : graph.layers)
    if (layer.kind == LayerKind::preprocessing) view.normalization = {layer.scale, layer.offset};
  return view;
}

}  // namespace rcar::graph

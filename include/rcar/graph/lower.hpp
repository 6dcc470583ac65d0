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

/// A plan in arrays that are surely long enough, before its sizes are known.
template <std::size_t Capacity>
struct RoomyPlan {
  Plan<Capacity, Capacity, Capacity> plan;
  std::size_t steps = 0, views = 0, weights = 0;
  Finding finding;
};

template <std::size_t Capacity>
constexpr RoomyPlan<Capacity> roomy_plan(std::span<const Layer> layers) {
  const Schedule schedule = Scheduler(layers).run();
  RoomyPlan<Capacity> result;
  result.finding = schedule.finding;
  if (result.finding.misfit != Misfit::none) return result;

  const Arena arena = lay_out(schedule);
  for (const Step& step : schedule.steps) result.plan.steps[result.steps++] = step;
  for (const MapView& view : arena.views) result.plan.views[result.views++] = view;
  for (const StepWeights& weights : schedule.weights) result.plan.weights[result.weights++] = weights;
  result.plan.arena_floats = arena.floats;
  result.plan.output = schedule.output;
  return result;
}

/// The plan of a graph that has static storage.
template <const auto& graph>
consteval auto plan() {
  // No layer makes more than one step and one map, except a concatenation: a copy for an input it cannot take in place.
  constexpr auto roomy = roomy_plan<2 * graph.layers.size()>(graph.view());
  require_fit<roomy.finding.misfit, roomy.finding.layer>();
  Plan<roomy.steps, roomy.views, roomy.weights> result;
  for (std::size_t i = 0; i < roomy.steps; ++i) result.steps[i] = roomy.plan.steps[i];
  for (std::size_t i = 0; i < roomy.views; ++i) result.views[i] = roomy.plan.views[i];
  for (std::size_t i = 0; i < roomy.weights; ++i) result.weights[i] = roomy.plan.weights[i];
  result.arena_floats = roomy.plan.arena_floats;
  result.output = roomy.plan.output;
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

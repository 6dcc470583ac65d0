#include <rcar/graph/builder.hpp>
#include <rcar/graph/lower.hpp>

#include <catch2/catch.hpp>
#include <span>
#include <vector>

#include "tests/support/plan_simulation.hpp"

namespace {

using namespace rcar;
using graph::Builder;
using graph::Node;

/// A network lowered at run time, with what its view points to.
struct Lowered {
  graph::Schedule schedule;
  graph::Arena arena;
  graph::PlanView plan;

  explicit Lowered(const Builder& net) : schedule(graph::Scheduler(net.layers()).run()), arena(lay_out(schedule)) {
    plan.layers = net.layers();
    plan.steps = schedule.steps;
    plan.views = arena.views;
    plan.weights = schedule.weights;
    plan.arena_floats = arena.floats;
    plan.output = schedule.output;
  }

  std::vector<StepKind> kinds() const {
    std::vector<StepKind> result;
    for (const Step& step : schedule.steps) result.push_back(step.kind);
    return result;
  }
};

Node image(Builder& net) { return net.preprocessing(net.input({6, 6, 3}), {1, 1, 1}, {0, 0, 0}); }

TEST_CASE("a convolution takes batch norm, activation and residual along") {
  Builder net("fused");
  const Node x = net.conv2d(image(net), 4, 1);
  Node y = net.conv2d(x, 4, 3, {.padding = graph::Padding::same, .use_bias = false});
  y = net.activation(net.batch_normalization(y), Activation::relu);
  net.global_average_pooling2d(net.add(y, x));
  const Lowered lowered(net);
  CHECK(lowered.kinds() == std::vector{StepKind::normalize, StepKind::convolution, StepKind::convolution,
                                       StepKind::global_average_pooling});
  CHECK(lowered.schedule.steps[2].activation == Activation::relu);
  CHECK(lowered.schedule.steps[2].residual == lowered.schedule.steps[1].output);
  CHECK(lowered.schedule.weights[1].batch_normalization != none);
  CHECK(test::PlanSimulation(lowered.plan).run() == "");
}

TEST_CASE("a residual of two convolutions goes into the later one") {
  Builder net("shortcut");
  const Node x = image(net);
  const Node shortcut = net.conv2d(x, 4, 1);
  net.add(net.conv2d(x, 4, 1), shortcut);
  const Lowered lowered(net);
  CHECK(lowered.kinds() == std::vector{StepKind::normalize, StepKind::convolution, StepKind::convolution});
  CHECK(test::PlanSimulation(lowered.plan).run() == "");
}

TEST_CASE("what something else reads too is not fused away") {
  Builder net("tapped");
  const Node conv = net.conv2d(image(net), 4, 1);
  const Node relu = net.activation(conv, Activation::relu);
  const Node product = net.multiply(relu, net.global_average_pooling2d(relu));
  net.concatenate({net.add(net.max_pooling2d(product, 1, {}), conv), net.conv2d(product, 4, 1)});
  const Lowered lowered(net);
  CHECK(lowered.kinds() == std::vector{StepKind::normalize, StepKind::convolution, StepKind::activation,
                                       StepKind::global_average_pooling, StepKind::multiply, StepKind::max_pooling,
                                       StepKind::add, StepKind::convolution});
  CHECK(test::PlanSimulation(lowered.plan).run() == "");
}

TEST_CASE("a depthwise convolution takes no residual") {
  Builder net("depthwise");
  const Node x = image(net);
  net.add(net.depthwise_conv2d(x, 3, {.padding = graph::Padding::same}), x);
  const Lowered lowered(net);
  CHECK(lowered.kinds() == std::vector{StepKind::normalize, StepKind::depthwise_convolution, StepKind::add});
  CHECK(test::PlanSimulation(lowered.plan).run() == "");
}

TEST_CASE("a convolution over several pixels does not take squeeze-and-excitation's scale") {
  Builder net("scaled");
  const Node x = image(net);
  net.conv2d(net.multiply(x, net.global_average_pooling2d(x)), 4, 3);
  const Lowered lowered(net);
  CHECK(lowered.schedule.steps.back().scale == none);
  CHECK(test::PlanSimulation(lowered.plan).run() == "");
}

TEST_CASE("a concatenation of concatenations is written in place") {
  Builder net("nested");
  const Node x = image(net);
  const Node inner = net.concatenate({net.conv2d(x, 2, 1), net.conv2d(x, 3, 1)});
  net.concatenate({net.conv2d(x, 4, 1), inner, net.max_pooling2d(x, 3, {.padding = graph::Padding::same})});
  const Lowered lowered(net);
  CHECK(lowered.kinds() == std::vector{StepKind::normalize, StepKind::convolution, StepKind::convolution,
                                       StepKind::convolution, StepKind::max_pooling});
  const MapView& whole = lowered.plan.views[static_cast<std::size_t>(lowered.plan.output)];
  const auto slice = [&](std::size_t step) {
    return lowered.plan.views[static_cast<std::size_t>(lowered.schedule.steps[step].output)];
  };
  CHECK(slice(3).offset == whole.offset);
  CHECK(slice(1).offset == whole.offset + 4);
  CHECK(slice(2).offset == whole.offset + 6);
  CHECK(slice(4).offset == whole.offset + 9);
  CHECK(slice(2).pixel_stride == 12);
  CHECK(test::PlanSimulation(lowered.plan).run() == "");
}

TEST_CASE("a map that is wanted twice in concatenations is copied") {
  Builder net("twice");
  const Node x = net.conv2d(image(net), 2, 1);
  const Node first = net.concatenate({x, x});
  net.concatenate({x, net.max_pooling2d(first, 1, {})});
  const Lowered lowered(net);
  CHECK(lowered.kinds() ==
        std::vector{StepKind::normalize, StepKind::convolution, StepKind::copy, StepKind::max_pooling, StepKind::copy});
  CHECK(test::PlanSimulation(lowered.plan).run() == "");
}

TEST_CASE("a map that is read late keeps its place") {
  Builder net("late");
  const Node x = net.conv2d(image(net), 4, 1);
  Node y = x;
  for (int i = 0; i < 6; ++i) y = net.max_pooling2d(y, 3, {.padding = graph::Padding::same});
  net.add(net.max_pooling2d(y, 1, {}), x);
  const Lowered lowered(net);
  CHECK(test::PlanSimulation(lowered.plan).run() == "");
  CHECK(lowered.plan.arena_floats == 3 * graph::round_up(6 * 6 * 4));
}

TEST_CASE("a network that cannot be lowered is found out") {
  Builder alone("alone");
  alone.batch_normalization(image(alone), {.name = "bn"});
  CHECK(graph::Scheduler(alone.layers()).run().finding.misfit == graph::Misfit::batch_normalization_alone);

  Builder tapped("tapped");
  const Node conv = tapped.conv2d(image(tapped), 4, 1);
  tapped.add(tapped.batch_normalization(conv), conv);
  CHECK(graph::Scheduler(tapped.layers()).run().finding.misfit == graph::Misfit::batch_normalization_alone);

  Builder activated("activated");
  activated.batch_normalization(activated.conv2d(image(activated), 4, 1, {.activation = Activation::relu}));
  CHECK(graph::Scheduler(activated.layers()).run().finding.misfit == graph::Misfit::batch_normalization_alone);

  Builder raw("raw");
  raw.conv2d(raw.input({6, 6, 3}), 4, 1);
  CHECK(graph::Scheduler(raw.layers()).run().finding.misfit == graph::Misfit::input_without_preprocessing);
}

}  // namespace

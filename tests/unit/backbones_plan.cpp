#include <rcar/backbones/efficientnet.hpp>
#include <rcar/backbones/efficientnet_lite.hpp>
#include <rcar/backbones/inception_v3.hpp>
#include <rcar/graph/backbone.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/support/plan_simulation.hpp"

namespace {

using namespace rcar;
using graph::feature_dim;
using graph::params;
using graph::PlanView;

static_assert(graph::BackboneType<InceptionV3<299>> && graph::BackboneType<EfficientNetB0<32>>);
static_assert(!graph::BackboneType<int>);

static_assert(params<InceptionV3<224>>() == 21'802'784);
static_assert(params<EfficientNetB0<224>>() == 4'049'571);
static_assert(params<EfficientNetB1<240>>() == 6'575'239);
static_assert(params<EfficientNetB2<260>>() == 7'768'569);
static_assert(params<EfficientNetB3<300>>() == 10'783'535);
static_assert(params<EfficientNetB4<380>>() == 17'673'823);
static_assert(params<EfficientNetB5<456>>() == 28'513'527);
static_assert(params<EfficientNetB6<528>>() == 40'960'143);
static_assert(params<EfficientNetB7<600>>() == 64'097'687);
static_assert(params<EfficientNetLite0<224>>() == 3'413'024);

static_assert(feature_dim<InceptionV3<224>> == 2048);
static_assert(feature_dim<EfficientNetB0<224>> == 1280);
static_assert(feature_dim<EfficientNetB1<240>> == 1280);
static_assert(feature_dim<EfficientNetB2<260>> == 1408);
static_assert(feature_dim<EfficientNetB3<300>> == 1536);
static_assert(feature_dim<EfficientNetB4<380>> == 1792);
static_assert(feature_dim<EfficientNetB5<456>> == 2048);
static_assert(feature_dim<EfficientNetB6<528>> == 2304);
static_assert(feature_dim<EfficientNetB7<600>> == 2560);
static_assert(feature_dim<EfficientNetLite0<224>> == 1280);

const std::vector<PlanView>& plans() {
  static const std::vector<PlanView> all{
      graph::plan_view<InceptionV3<224>>(),    graph::plan_view<EfficientNetB0<224>>(),
      graph::plan_view<EfficientNetB1<240>>(), graph::plan_view<EfficientNetB2<260>>(),
      graph::plan_view<EfficientNetB3<300>>(), graph::plan_view<EfficientNetB4<380>>(),
      graph::plan_view<EfficientNetB5<456>>(), graph::plan_view<EfficientNetB6<528>>(),
      graph::plan_view<EfficientNetB7<600>>(), graph::plan_view<EfficientNetLite0<224>>()};
  return all;
}

TEST_CASE("in every backbone's plan each read sees what the graph says was written last") {
  for (const PlanView& plan : plans()) {
    if (plan.input.height > 300) continue;
    INFO(plan.name);
    CHECK(test::PlanSimulation(plan).run() == "");
  }
}

TEST_CASE("in the large backbones' plans too", "[long]") {
  for (const PlanView& plan : plans()) {
    if (plan.input.height <= 300) continue;
    INFO(plan.name);
    CHECK(test::PlanSimulation(plan).run() == "");
  }
}

TEST_CASE("the simulation notices a map that lies where another one lives") {
  const PlanView plan = graph::plan_view<EfficientNetB0<224>>();
  std::vector<MapView> views(plan.views.begin(), plan.views.end());
  const Step& step = plan.steps[10];
  views[static_cast<std::size_t>(step.output)].offset = views[static_cast<std::size_t>(step.input)].offset;
  PlanView wrong = plan;
  wrong.views = views;
  CHECK(test::PlanSimulation(wrong).run() != "");
}

TEST_CASE("in every backbone's plan each view lies in the arena and each whole map starts on a cache line") {
  for (const PlanView& plan : plans()) {
    INFO(plan.name);
    for (const MapView& view : plan.views) {
      const std::size_t last = view.offset + (view.extent.pixels() - 1) * static_cast<std::size_t>(view.pixel_stride);
      REQUIRE(last + static_cast<std::size_t>(view.extent.channels) <= plan.arena_floats);
      REQUIRE(view.pixel_stride >= view.extent.channels);
      if (view.pixel_stride == view.extent.channels) REQUIRE(view.offset % graph::arena_alignment_floats == 0);
    }
  }
}

TEST_CASE("every backbone's arena is as small as the maps that live at once allow") {
  for (const PlanView& plan : plans()) {
    INFO(plan.name);
    const auto blocks = graph::blocks_of(graph::Scheduler(plan.layers).run());
    std::size_t most = 0;
    for (int step = 0; step < static_cast<int>(plan.steps.size()); ++step) {
      std::size_t alive = 0;
      for (const auto& block : blocks)
        if (block.first_use <= step && step <= block.last_use) alive += block.size;
      most = std::max(most, alive);
    }
    CHECK(plan.arena_floats == most);
  }
}

TEST_CASE("no backbone needs a step for batch norm, activation, sum or concatenation") {
  for (const PlanView& plan : plans()) {
    INFO(plan.name);
    for (const Step& step : plan.steps) {
      INFO(std::string(plan.layers[static_cast<std::size_t>(step.layer)].name));
      REQUIRE(step.kind != StepKind::activation);
      REQUIRE(step.kind != StepKind::add);
      REQUIRE(step.kind != StepKind::multiply);
      REQUIRE(step.kind != StepKind::copy);
    }
  }
}

TEST_CASE("a plan's steps do the multiply-adds that the graph counts") {
  for (const PlanView& plan : plans()) {
    INFO(plan.name);
    std::size_t count = 0;
    for (const Step& step : plan.steps) {
      if (step.weights == none) continue;
      const auto& weights = plan.weights[static_cast<std::size_t>(step.weights)];
      count += plan.views[static_cast<std::size_t>(step.output)].extent.pixels() *
               static_cast<std::size_t>(weights.kernel_height * weights.kernel_width * weights.out_channels) *
               static_cast<std::size_t>(weights.depthwise ? 1 : weights.in_channels);
    }
    CHECK(count == graph::count_multiply_adds(plan.layers));
  }
}

TEST_CASE("each network carries its own preprocessing") {
  const auto channel = [](const PlanView& plan, int byte, std::size_t c) {
    return plan.normalization.scale[c] * static_cast<float>(byte) + plan.normalization.offset[c];
  };
  const PlanView &inception = plans().front(), &b0 = plans()[1], &lite = plans().back();
  CHECK(channel(inception, 0, 0) == -1);
  CHECK(channel(inception, 255, 2) == Approx(1));
  CHECK(channel(lite, 127, 1) == 0);
  CHECK(channel(lite, 255, 1) == 1);
  CHECK(channel(b0, 0, 0) == Approx(-0.485 / 0.229));
  CHECK(channel(b0, 255, 2) == Approx((1 - 0.406) / 0.225));
}

TEST_CASE("a squeeze-and-excitation block is a pooling, two convolutions and a scale of the third") {
  const PlanView& b0 = plans()[1];
  std::vector<std::string> steps;
  for (const Step& step : b0.steps) {
    const std::string name(b0.layers[static_cast<std::size_t>(step.layer)].name);
    if (name.starts_with("block2b_")) steps.push_back(name + (step.scale != none ? " scaled" : ""));
  }
  CHECK(steps == std::vector<std::string>{"block2b_expand_activation", "block2b_activation", "block2b_se_squeeze",
                                          "block2b_se_reduce", "block2b_se_expand", "block2b_add scaled"});
}

}  // namespace

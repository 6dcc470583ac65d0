#include <rcar/weights/fold.hpp>

#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

namespace {

using namespace rcar;
using graph::LayerKind;

constexpr graph::Layer layer(LayerKind kind, std::string_view name, bool use_bias = false, bool use_scale = true) {
  graph::Layer result;
  result.kind = kind;
  result.name = graph::Name(name);
  result.use_bias = use_bias;
  result.use_scale = use_scale;
  return result;
}

const std::array<graph::Layer, 4> layers{
    layer(LayerKind::conv2d, "conv", true), layer(LayerKind::batch_normalization, "bn"),
    layer(LayerKind::depthwise_conv2d, "dw"), layer(LayerKind::batch_normalization, "dw_bn", false, false)};
const std::array<graph::StepWeights, 2> table{graph::StepWeights{false, 1, 2, 1, 2, 0, 1},
                                              graph::StepWeights{true, 1, 2, 2, 2, 2, 3}};

graph::PlanView plan() {
  graph::PlanView view;
  view.name = "little";
  view.layers = layers;
  view.weights = table;
  return view;
}

/// All tensors, but `replaced` with another shape, or left out when the shape is empty.
weights::Store store(const std::string& replaced = "", const weights::Shape& shape = {}, float variance = 0.75f) {
  weights::Store result;
  const auto add = [&](const std::string& name, const weights::Shape& own, std::vector<float> values) {
    if (name != replaced)
      result.add(name, own, std::move(values));
    else if (!shape.empty())
      result.add(name, shape, std::vector<float>(weights::element_count(shape)));
  };
  add("conv/kernel", {1, 2, 1, 2}, {1, 2, 3, 4});
  add("conv/bias", {2}, {10, 20});
  add("bn/gamma", {2}, {2, 3});
  add("bn/beta", {2}, {0.5f, 0.25f});
  add("bn/moving_mean", {2}, {4, 5});
  add("bn/moving_variance", {2}, {variance, 3});
  add("dw/depthwise_kernel", {1, 2, 2, 1}, {1, 2, 3, 4});
  add("dw_bn/beta", {2}, {1, 2});
  add("dw_bn/moving_mean", {2}, {0, 1});
  add("dw_bn/moving_variance", {2}, {1, 1});
  return result;
}

TEST_CASE("a folded layer equals the convolution followed by its batch norm") {
  const auto folded = weights::fold(plan(), table[0], store());
  REQUIRE(folded.kernel.size() == 4);
  const double s0 = 2 / std::sqrt(0.75 + 1e-3f), s1 = 3 / std::sqrt(3 + 1e-3f);
  const double x0 = 0.3, x1 = -0.7;  // one patch
  const double conv0 = x0 * 1 + x1 * 3 + 10, conv1 = x0 * 2 + x1 * 4 + 20;
  CHECK(x0 * folded.kernel[0] + x1 * folded.kernel[2] + folded.bias[0] == Approx((conv0 - 4) * s0 + 0.5).epsilon(1e-6));
  CHECK(x0 * folded.kernel[1] + x1 * folded.kernel[3] + folded.bias[1] ==
        Approx((conv1 - 5) * s1 + 0.25).epsilon(1e-6));
}

TEST_CASE("a depthwise kernel and a batch norm without gamma fold by channel") {
  const auto folded = weights::fold(plan(), table[1], store());
  const double s = 1 / std::sqrt(1 + 1e-3f);
  CHECK(folded.shape.depthwise);
  for (std::size_t i = 0; i < 4; ++i) CHECK(folded.kernel[i] == Approx((static_cast<double>(i) + 1) * s));
  CHECK(folded.bias[0] == Approx(1));
  CHECK(folded.bias[1] == Approx(2 - s));
}

TEST_CASE("weights that fit pass the check") { CHECK_NOTHROW(weights::check_weights(plan(), store())); }

TEST_CASE("the first tensor that does not fit is named, with both shapes") {
  CHECK_THROWS_WITH(
      weights::check_weights(plan(), store("conv/kernel", {1, 2, 2, 1})),
      "The tensor 'conv/kernel' has the shape (1, 2, 2, 1) but little needs (1, 2, 1, 2); give weights of little.");
  CHECK_THROWS_AS(weights::check_weights(plan(), store("dw_bn/beta", {3})), WeightsError);
}

TEST_CASE("a missing tensor is named, with its shape") {
  CHECK_THROWS_WITH(weights::check_weights(plan(), store("dw/depthwise_kernel")),
                    "The weights lack the tensor 'dw/depthwise_kernel' of shape (1, 2, 2, 1); give weights of little.");
}

TEST_CASE("batch norm statistics that make no finite number are refused, naming the layer") {
  for (float variance : {-1.0f, std::numeric_limits<float>::quiet_NaN()})
    CHECK_THROWS_WITH(weights::fold(plan(), table[0], store("", {}, variance)),
                      "The backbone weights of layer 'conv' or of its batch norm are not finite numbers; fetch or "
                      "convert them again.");
}

}  // namespace

#include <rcar/backbones/efficientnet.hpp>
#include <rcar/backbones/inception_v3.hpp>
#include <rcar/graph/backbone.hpp>
#include <rcar/network/network.hpp>
#include <rcar/weights/safetensors.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <string>
#include <tuple>
#include <vector>

#include "tests/support/backends.hpp"
#include "tests/support/formula_weights.hpp"
#include "tests/support/golden_data.hpp"

namespace {

using namespace rcar;

constexpr double projection_gain = 0.25;  // backbone_features.py says why

/// How far features are from Keras's, in standard deviations of the features.
struct Distance {
  double float32 = 0, float64 = 0, keras_float32_to_float64 = 0, deviation = 0;
};

Distance distance_to_keras(const graph::PlanView& plan, const weights::Store& golden, const std::string& name,
                           const std::vector<float>& features) {
  const auto single = golden.find(name + "/float32")->values;
  const auto rest = golden.find(name + "/float64_minus_float32")->values;
  REQUIRE(features.size() == single.size());
  REQUIRE(golden.find(name + "/float32")->shape.back() == static_cast<std::size_t>(plan.features));
  Distance distance;
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < features.size(); ++i) {
    const double exact = double(single[i]) + rest[i];
    sum += exact;
    squares += exact * exact;
    REQUIRE(std::isfinite(features[i]));
    distance.float32 = std::max(distance.float32, std::abs(double(features[i]) - single[i]));
    distance.float64 = std::max(distance.float64, std::abs(features[i] - exact));
    distance.keras_float32_to_float64 = std::max(distance.keras_float32_to_float64, std::abs(double(rest[i])));
  }
  const double mean = sum / static_cast<double>(features.size());
  distance.deviation = std::sqrt(squares / static_cast<double>(features.size()) - mean * mean);
  distance.float32 /= distance.deviation;
  distance.float64 /= distance.deviation;
  distance.keras_float32_to_float64 /= distance.deviation;
  return distance;
}

template <class B, class Backbone>
void check_against_keras(const std::string& file, double most = 2e-4) {
  const auto golden = weights::read_safetensors(test::golden_file(file));
  const auto plan = graph::plan_view<Backbone>();
  const std::string name(Backbone::name);
  REQUIRE(golden.find(name + "/statistics") != nullptr);
  const Network<B> network(
      plan, test::formula_weights(plan.layers, golden.find(name + "/statistics")->values, projection_gain));
  const std::size_t count = golden.find(name + "/float32")->shape.front();
  const auto images = test::formula_images(count, static_cast<std::size_t>(Backbone::image_dim));
  std::vector<float> features(count * network.features());
  network.forward(images.data(), count, features.data());

  const auto distance = distance_to_keras(plan, golden, name, features);
  std::printf(
      "%-15s %3d on %-9s: off Keras float32 %.1e, float64 %.1e (Keras's float32 itself %.1e) of the deviation %.2f\n",
      name.c_str(), Backbone::image_dim, std::string(B::name).c_str(), distance.float32, distance.float64,
      distance.keras_float32_to_float64, distance.deviation);
  CHECK(distance.deviation > 0.1);
  CHECK(distance.deviation < 10);
  CHECK(distance.float32 < most);
  CHECK(distance.float64 < most);
}

#define RCAR_ALL_BACKBONES                                                                                             \
  InceptionV3<75>, EfficientNetB0<64>, EfficientNetB1<64>, EfficientNetB2<64>, EfficientNetB3<64>, EfficientNetB4<64>, \
      EfficientNetB5<64>, EfficientNetB6<64>, EfficientNetB7<64>

TEMPLATE_TEST_CASE("features on a device are Keras's", "[golden]", RCAR_ALL_BACKBONES) {
  check_against_keras<test::DeviceUnderTest, TestType>("backbone_features.safetensors");
}

TEMPLATE_TEST_CASE("features on a device with shorter numbers are near Keras's", "[golden]", InceptionV3<75>,
                   EfficientNetB0<64>, EfficientNetB7<64>) {
  using backend::Precision;
  check_against_keras<test::DeviceOf<Precision::tf32>, TestType>("backbone_features.safetensors", 5e-2);
  check_against_keras<test::DeviceOf<Precision::bf16>, TestType>("backbone_features.safetensors", 3e-1);
  check_against_keras<test::DeviceOf<Precision::fp16>, TestType>("backbone_features.safetensors", 5e-2);
}

#ifndef RCAR_TEST_ON_CUDA
TEMPLATE_TEST_CASE("features on the Blas back end are Keras's", "[golden]", RCAR_ALL_BACKBONES) {
  check_against_keras<backend::Blas, TestType>("backbone_features.safetensors");
}

TEMPLATE_TEST_CASE("features on the Native back end are Keras's", "[golden]", RCAR_ALL_BACKBONES) {
  check_against_keras<backend::Native<>, TestType>("backbone_features.safetensors");
}

TEMPLATE_TEST_CASE("features on the Native back end without Winograd's filtering are Keras's", "[golden]",
                   InceptionV3<75>, EfficientNetB0<64>) {
  check_against_keras<backend::Native<backend::numerics::exact>, TestType>("backbone_features.safetensors");
}

TEMPLATE_TEST_CASE("features on the Reference back end are Keras's", "[golden][long]", RCAR_ALL_BACKBONES) {
  check_against_keras<backend::Reference, TestType>("backbone_features.safetensors");
}

#endif

TEMPLATE_TEST_CASE("features of EfficientNetB7 at its full size are Keras's", "[golden][long]", RCAR_FASTEST) {
  check_against_keras<TestType, EfficientNetB7<600>>("backbone_features_b7_600.safetensors");
}

}  // namespace

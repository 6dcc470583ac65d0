#include <catch2/catch.hpp>
#include <rcar/backbones/efficientnet.hpp>
#include <rcar/graph/backbone.hpp>
#include <rcar/network/network.hpp>
#include <rcar/weights/keras/rescaling.hpp>

namespace graph = rcar::graph;
namespace keras = rcar::weights::keras;
using Catch::Matchers::Contains;

namespace {

/// A Keras normalization layer with these values.
class Normalization {
 public:
  Normalization(std::vector<float> mean, std::vector<float> variance)
      : mean_(std::move(mean)), variance_(std::move(variance)) {}
  operator keras::FileLayer() {
    return {"normalization", "normalization", {{"vars/0", "", {3}, mean_}, {"vars/1", "", {3}, variance_}}};
  }

 private:
  std::vector<float> mean_, variance_;
};

const graph::Layer& preprocessing(const graph::PlanView& plan) {
  for (const auto& layer : plan.layers)
    if (layer.kind == graph::LayerKind::preprocessing) return layer;
  throw rcar::Error("no preprocessing");
}

}  // namespace

TEST_CASE("ImageNet's normalization layer, with and without the second rescaling, is the graph's own") {
  const auto plan = graph::plan_view<rcar::EfficientNetB0<32>>();
  Normalization imagenet({0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f});
  for (const bool second : {true, false}) {
    CAPTURE(second);
    const auto file = keras::file_normalization(imagenet, second);
    CHECK(keras::same_normalization(preprocessing(plan), second, file));
    CHECK_FALSE(keras::same_normalization(preprocessing(plan), !second, file));
    const auto engine = rcar::normalization_for(plan, {{"rescaling", second ? "on" : "off"}});
    for (std::size_t c = 0; c < 3; ++c) {
      CHECK(engine.scale[c] == Approx(file.scale[c]).epsilon(1e-6));
      CHECK(engine.offset[c] == Approx(file.offset[c]).epsilon(1e-6));
    }
  }
}

TEST_CASE("weights with a normalization of their own are normalised by it") {
  const auto plan = graph::plan_view<rcar::EfficientNetB0<32>>();
  rcar::weights::Store store;
  CHECK(rcar::stored_normalization(plan, store) == plan.normalization);
  const auto untrained = keras::file_normalization(Normalization({0, 0, 0}, {1, 1, 1}), false);
  store.metadata["rescaling"] = "off";
  store.add("preprocessing/scale", {3}, {untrained.scale.begin(), untrained.scale.end()});
  store.add("preprocessing/offset", {3}, {untrained.offset.begin(), untrained.offset.end()});
  const auto result = rcar::stored_normalization(plan, store);
  for (std::size_t c = 0; c < 3; ++c) {
    CHECK(result.scale[c] == Approx(1 / 255.0));
    CHECK(result.offset[c] == 0);
  }
  rcar::weights::Store damaged;
  damaged.add("preprocessing/scale", {1}, {1});
  damaged.add("preprocessing/offset", {3}, {1, 2, 3});
  CHECK_THROWS_WITH(rcar::stored_normalization(plan, damaged), Contains("(3,)") && Contains("(1,)"));
}

TEST_CASE("a normalization layer that is none is refused") {
  CHECK_THROWS_WITH(keras::file_normalization(Normalization({0, 0}, {1, 1}), true), Contains("three channels"));
  CHECK_THROWS_WITH(keras::file_normalization(Normalization({0, 0, 0}, {1, -1, 1}), true),
                    Contains("negative variance"));
}

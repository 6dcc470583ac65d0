#include <rcar/backbones/efficientnet.hpp>
#include <rcar/backbones/inception_v3.hpp>
#include <rcar/graph/backbone.hpp>
#include <rcar/network/network.hpp>

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "tests/support/backends.hpp"
#include "tests/support/formula_weights.hpp"
#include "tests/support/maps.hpp"

namespace {

using namespace rcar;

template <class B, class Backbone>
struct Example {
  using backend_type = B;
  using on_reference = Example<backend::Reference, Backbone>;
  graph::PlanView plan = graph::plan_view<Backbone>();
  weights::Store store = weights_with_spread();
  Network<B> network{plan, store};
  std::vector<std::uint8_t> frames = test::formula_images(5, static_cast<std::size_t>(Backbone::image_dim));

  /// Formula weights with a variance that keeps activations near one.
  weights::Store weights_with_spread() const {
    std::vector<float> statistics;
    for (std::size_t i = 0; i < plan.layers.size(); ++i) statistics.insert(statistics.end(), {0, 3});
    return test::formula_weights(plan.layers, statistics, 0.25);
  }

  std::vector<float> features(std::size_t first, std::size_t count) const {
    std::vector<float> out(count * network.features());
    network.forward(frames.data() + first * network.frame_bytes(), count, out.data());
    return out;
  }
};

using DeviceInception = Example<test::DeviceUnderTest, InceptionV3<75>>;
using DeviceEfficient = Example<test::DeviceUnderTest, EfficientNetB0<64>>;
#ifdef RCAR_TEST_ON_CUDA
#define NETWORKS DeviceInception, DeviceEfficient
#else
using BlasInception = Example<backend::Blas, InceptionV3<75>>;
using NativeInception = Example<backend::Native<>, InceptionV3<75>>;
using NativeEfficient = Example<backend::Native<>, EfficientNetB0<64>>;
#define NETWORKS BlasInception, NativeInception, DeviceInception, NativeEfficient, DeviceEfficient
#endif

TEMPLATE_TEST_CASE("a batch has the features of its frames taken one at a time", "[backend]", NETWORKS) {
  const TestType example;
  const auto together = example.features(0, 5);
  const auto features = example.network.features();
  for (std::size_t frame = 0; frame < 5; ++frame) {
    const auto alone = example.features(frame, 1);
    const std::vector<float> among(together.begin() + static_cast<std::ptrdiff_t>(frame * features),
                                   together.begin() + static_cast<std::ptrdiff_t>((frame + 1) * features));
    if (backend::computes_on_host<typename TestType::backend_type> || test::same_bits_in_any_batch)
      CHECK(alone == among);
    CHECK(test::relative_difference(alone, among) < 1e-5);
  }
  CHECK(example.features(1, 2) != example.features(2, 2));  // frames differ, so the law says something
}

TEMPLATE_TEST_CASE("one thread gives the bits that all threads give", "[backend]", NETWORKS) {
  const TestType example;
  const auto all_threads = example.features(0, 5);
  std::vector<float> one_thread;
  parallel_for(2, [&](std::size_t item, std::size_t) {  // work inside an item runs on that item's thread alone
    if (item == 0) one_thread = example.features(0, 5);
  });
  CHECK(one_thread == all_threads);
}

TEMPLATE_TEST_CASE("a network may run on several threads at once", "[backend]", NETWORKS) {
  const TestType example;
  const auto expected = example.features(0, 5);
  std::vector<float> results[3];
  std::vector<std::thread> threads;
  for (auto& result : results) threads.emplace_back([&] { result = example.features(0, 5); });
  for (auto& thread : threads) thread.join();
  for (const auto& result : results) CHECK(result == expected);
}

TEMPLATE_TEST_CASE("every layer of a network is the layer on Reference", "[backend]", NETWORKS) {
  const TestType tested;
  const typename TestType::on_reference reference;
  std::vector<std::vector<float>> expected;
  const auto values = [](const backend::ConstMap& map) {
    std::vector<float> out;
    for (int y = 0; y < map.extent.height; ++y)
      for (int x = 0; x < map.extent.width; ++x)
        out.insert(out.end(), map.pixel(y, x), map.pixel(y, x) + map.extent.channels);
    return out;
  };
  reference.network.trace(reference.frames.data(),
                          [&](const Step&, const backend::ConstMap& out) { expected.push_back(values(out)); });
  std::size_t step = 0;
  tested.network.trace(tested.frames.data(), [&](const Step& which, const backend::ConstMap& out) {
    INFO(std::string(tested.plan.layers[static_cast<std::size_t>(which.layer)].name));
    CHECK(test::relative_difference(values(out), expected[step++]) < 1e-4);
  });
  CHECK(step == tested.plan.steps.size());
}

TEST_CASE("weights trained without the second rescaling are normalised by the root of the deviation") {
  auto plan = graph::plan_view<EfficientNetB0<64>>();
  const auto off = normalization_for(plan, {{"rescaling", "off"}});
  const double mean[] = {0.485, 0.456, 0.406}, deviation[] = {0.229, 0.224, 0.225};
  for (std::size_t c = 0; c < 3; ++c) {
    CHECK(off.scale[c] == Approx(1 / (255 * std::sqrt(deviation[c]))));
    CHECK(off.offset[c] == Approx(-mean[c] / std::sqrt(deviation[c])));
  }
  CHECK(normalization_for(plan, {{"rescaling", "on"}}) == plan.normalization);
  CHECK(normalization_for(plan, {}) == plan.normalization);
  plan.normalization = off;  // a caller that has replaced it is not corrected twice
  CHECK(normalization_for(plan, {{"rescaling", "off"}}) == off);
  const auto inception = graph::plan_view<InceptionV3<75>>();
  CHECK(normalization_for(inception, {{"rescaling", "off"}}) == inception.normalization);
}

}  // namespace

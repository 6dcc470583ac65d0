/// A recognizer on a device does what it does on the processor: from clips to labels, through files and cache.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <rcar/backend/native.hpp>
#include <rcar/backend/portable.hpp>
#include <rcar/network/device_network.hpp>
#include <rcar/recognizer.hpp>
#include <rcar/train/device_trainer.hpp>
#include <string>
#include <vector>

#include "tests/support/clips.hpp"
#include "tests/support/formula_weights.hpp"

namespace {

using namespace rcar;
using Backbone = EfficientNetLite0<64>;
template <class B>
using Model = Recognizer<Backbone, GRU, 4, B>;
using OnDevice = Model<backend::Portable>;
using OnHost = Model<backend::Native<backend::numerics::exact>>;

weights::Store backbone_weights() {
  const auto plan = graph::plan_view<Backbone>();
  std::vector<float> statistics;
  for (std::size_t i = 0; i < plan.layers.size(); ++i) statistics.insert(statistics.end(), {0, 3});
  return test::formula_weights(plan.layers, statistics, 0.25);
}

/// Clips of 2 to 9 frames of two classes.
struct Clips {
  test::TempFolder folder;
  Dataset data;

  Clips() {
    data.directory = folder / "clips";
    for (int i = 0; i < 11; ++i) {
      const std::string name = "clip" + std::to_string(i) + ".avi";
      test::write_clip(data.directory / name, 2 + i * 3 % 8, i + 1);
      data.entries.push_back({name, i % 2 ? "moving" : "still"});
    }
  }

  ExtractOptions options(std::size_t batch, const char* cache = nullptr) const {
    ExtractOptions options;
    options.batch = batch;
    if (cache) options.cache = folder / cache;
    options.progress = ProgressDisplay::off;
    return options;
  }
};

double largest_difference(const Features& a, const Features& b) {
  REQUIRE(a.shape() == b.shape());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(double(a.data()[i]) - b.data()[i]));
  return largest;
}

const StringLookup labels(std::vector<std::string>{"still", "moving"});

}  // namespace

TEST_CASE("features that a device extracts are the processor's, in any batch, and its cache gives them again") {
  const Clips clips;
  OnHost host(backbone_weights());
  OnDevice device(backbone_weights());
  const auto expected = host.process_videos_and_extract_features(clips.data, labels, clips.options(5));
  const auto first = device.process_videos_and_extract_features(clips.data, labels, clips.options(5));
  CHECK(first.frames == expected.frames);
  CHECK((first.features.mask == expected.features.mask));
  CHECK(first.features.labels == expected.features.labels);
  CHECK(largest_difference(first.features.features, expected.features.features) < 1e-4);
  for (const std::size_t batch : {1u, 7u, 40u, 200u})
    CHECK((device.process_videos_and_extract_features(clips.data, labels, clips.options(batch)).features.features ==
           first.features.features));
  const auto cold = device.process_videos_and_extract_features(clips.data, labels, clips.options(7, "cache"));
  const auto warm = device.process_videos_and_extract_features(clips.data, labels, clips.options(7, "cache"));
  CHECK(cold.cached == 0);
  CHECK(warm.cached == 11);
  CHECK((cold.features.features == first.features.features));
  CHECK((warm.features.features == first.features.features));
}

TEST_CASE("extraction goes on with half the batch where a device's memory is short") {
  const Clips clips;
  OnDevice device(backbone_weights());
  const auto expected = device.process_videos_and_extract_features(clips.data, labels, clips.options(3));
  OnDevice tight(backbone_weights());
  std::size_t told = 0;
  tight.network().warn_by([&](const std::string&) { ++told; });
  auto& memory = backend::portable::Device::instance();
  memory.limit = memory.taken + 8 * graph::plan_view<Backbone>().arena_floats * sizeof(float);
  const auto result = tight.process_videos_and_extract_features(clips.data, labels, clips.options(40));
  memory.limit = std::numeric_limits<std::size_t>::max();
  CHECK(told > 0);
  CHECK((result.features.features == expected.features.features));
}

TEST_CASE("a model that was trained on a device predicts the same on the processor, and the other way round") {
  const Clips clips;
  OnDevice device(backbone_weights());
  const auto features = device.process_videos_and_extract_features(clips.data, labels, clips.options(6)).features;
  ExperimentOptions options;
  options.epochs = 5;
  options.batch_size = 4;
  options.validation = Validation::none;
  const History history = device.fit(features, labels, options);
  CHECK(history.loss.size() == 5);
  const Evaluation evaluation = device.evaluate(features);
  device.save(clips.folder / "device.rcar");

  OnHost host(backbone_weights());
  host.restore(load_model(clips.folder / "device.rcar"), clips.folder / "device.rcar");
  const Evaluation on_host = host.evaluate(features);
  CHECK(on_host.loss == Approx(evaluation.loss).epsilon(1e-4));
  CHECK(on_host.accuracy == evaluation.accuracy);

  host.fit(features, labels, options);
  host.save(clips.folder / "host.rcar");
  device.restore(load_model(clips.folder / "host.rcar"), clips.folder / "host.rcar");
  for (const auto& entry : clips.data.entries) {
    const auto ours = device.predict(clips.data.directory / entry.video_name),
               theirs = host.predict(clips.data.directory / entry.video_name);
    REQUIRE(ours.size() == 2);
    CHECK(ours[0].label == theirs[0].label);
    CHECK(ours[0].probability == Approx(theirs[0].probability).epsilon(1e-4));
  }
}

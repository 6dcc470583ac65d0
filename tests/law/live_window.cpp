#include <catch2/catch.hpp>
#include <cstring>
#include <rcar/live/reader.hpp>
#include <rcar/live/timeline.hpp>
#include <rcar/recognizer.hpp>
#include <vector>

#include "tests/support/clips.hpp"
#include "tests/support/formula_weights.hpp"

using namespace rcar;

namespace {

using Model = Recognizer<EfficientNetLite0<64>, LSTM, 5>;

Model drawn_model() {
  Model model(test::formula_weights(graph::graph_of<EfficientNetLite0<64>>.view(), {}, 0.1));
  model.set_head(Model::SequenceHead(3, 9), StringLookup({"a", "b", "c"}));
  return model;
}

live::TimelineOptions unsmoothed() {
  live::TimelineOptions options;
  options.smooth_s = 0;
  return options;
}

/// Frames [first, first + count) of `frames`, as a clip.
Frames part(const Frames& frames, std::size_t first, std::size_t count) {
  Frames result = Frames::from_shape({count, 64, 64, 3});
  std::memcpy(result.data(), frames.data() + first * 64 * 64 * 3, result.size());
  return result;
}

void expect_clip(Model& model, const Frames& clip, const live::Reading& reading) {
  const auto [features, mask] = model.prepare_video_for_prediction(clip);
  const Probabilities expected = model.head().predict(features, mask);
  REQUIRE(reading.smoothed.size() == expected.size());
  for (std::size_t k = 0; k < expected.size(); ++k)
    CHECK(static_cast<float>(reading.smoothed[k]) == expected.data()[k]);
}

}  // namespace

TEST_CASE("a window is predicted as a clip of the same frames is, bit for bit") {
  const test::TempFolder folder;
  test::write_clip(folder / "clip.avi", 23, 7);
  const Frames frames = process_video(folder / "clip.avi", 0, 64);
  Model model = drawn_model();
  const live::WindowModel window_model{model.extractor(),
                                       [&](const Features& f, const Mask& m) { return model.head().predict(f, m); }};
  for (const std::size_t group : {1, 4, 23}) {
    live::TimelinePredictor timeline(window_model, unsmoothed(), [](const live::Segment&) {});
    for (std::size_t first = 0; first < 23; first += group) {
      const std::size_t count = std::min<std::size_t>(group, 23 - first);
      const std::vector<double> times(count, static_cast<double>(first));
      const auto readings = timeline.add(std::span(frames.data() + first * 64 * 64 * 3, count * 64 * 64 * 3), times);
      for (std::size_t i = 0; i < count; ++i) {
        REQUIRE(readings[i].has_value() == (first + i + 1 >= 5));
        if (readings[i]) expect_clip(model, part(frames, first + i + 1 - 5, 5), *readings[i]);
      }
    }
  }
}

TEST_CASE("a source that is too short for the window is predicted as the whole clip is") {
  const test::TempFolder folder;
  test::write_clip(folder / "clip.avi", 3, 7);
  const Frames frames = process_video(folder / "clip.avi", 0, 64);
  Model model = drawn_model();
  live::TimelinePredictor timeline(
      {model.extractor(), [&](const Features& f, const Mask& m) { return model.head().predict(f, m); }}, unsmoothed(),
      [](const live::Segment&) {});
  timeline.add(std::span(frames.data(), frames.size()), std::vector{0.0, 0.1, 0.2});
  const auto reading = timeline.finish(0.3);
  REQUIRE(reading);
  expect_clip(model, frames, *reading);
  const auto whole = model.predict(folder / "clip.avi");
  CHECK(static_cast<float>(reading->smoothed[model.labels()(whole[0].label, "")]) == whole[0].probability);
}

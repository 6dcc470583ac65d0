#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <limits>
#include <rcar/live/timeline.hpp>
#include <vector>

using namespace rcar;
using namespace rcar::live;

namespace {

/// Frames of one pixel; a frame's two features are its red value and 1. The class is 1 where the window's mean red is
/// 128 or more, as surely as that is far from it.
WindowModel toy_model(std::size_t steps, std::size_t* runs = nullptr) {
  WindowModel model;
  model.extractor.image_dim = 1;
  model.extractor.sequence_length = static_cast<int>(steps);
  model.extractor.feature_dim = 2;
  model.extractor.run = [runs](const std::uint8_t* frames, std::size_t n, float* features) {
    if (runs) *runs += n;
    for (std::size_t i = 0; i < n; ++i) {
      features[2 * i] = frames[3 * i] == 7 ? std::numeric_limits<float>::quiet_NaN() : frames[3 * i];
      features[2 * i + 1] = 1;
    }
  };
  model.predict = [](const Features& features, const Mask& mask) {
    float sum = 0, count = 0;
    for (std::size_t t = 0; t < mask.shape(1); ++t) {
      if (!mask(0, t)) continue;
      sum += features(0, t, 0);
      count += features(0, t, 1);
    }
    Probabilities result(Probabilities::shape_type{1, 2});
    result(0, 1) = sum / count / 255;
    result(0, 0) = 1 - result(0, 1);
    return result;
  };
  return model;
}

TimelineOptions plain() {
  TimelineOptions options;
  options.smooth_s = 0;
  options.hysteresis = 0;
  options.align = Align::end;
  return options;
}

struct Run {
  std::vector<Segment> segments;
  std::vector<std::optional<Reading>> readings;
};

/// Frames of these red values at 10 frames/s, `group` at a time.
Run run(const TimelineOptions& options, const std::vector<int>& reds, std::size_t group = 1, std::size_t steps = 4) {
  Run result;
  TimelinePredictor timeline(toy_model(steps), options, [&](const Segment& s) { result.segments.push_back(s); });
  for (std::size_t i = 0; i < reds.size(); i += group) {
    std::vector<std::uint8_t> frames;
    std::vector<double> times;
    for (std::size_t j = i; j < std::min(i + group, reds.size()); ++j) {
      frames.insert(frames.end(), {static_cast<std::uint8_t>(reds[j]), 0, 0});
      times.push_back(static_cast<double>(j) / 10);
    }
    for (auto& reading : timeline.add(frames, times)) result.readings.push_back(std::move(reading));
  }
  if (auto last = timeline.finish(static_cast<double>(reds.size()) / 10)) result.readings.push_back(std::move(last));
  return result;
}

std::vector<int> repeated(int value, int times, std::vector<int> before = {}) {
  before.insert(before.end(), static_cast<std::size_t>(times), value);
  return before;
}

}  // namespace

TEST_CASE("a window holds the last frames in order, zero and masked where there is none yet") {
  FeatureWindow window(3, 2);
  Features features;
  Mask mask;
  for (int i = 1; i <= 5; ++i) {
    const float value = static_cast<float>(i);
    window.push(std::vector{value, -value}, i);
    window.fill(features, mask);
    const int count = std::min(i, 3);
    CHECK(window.count() == static_cast<std::size_t>(count));
    CHECK(window.full() == (i >= 3));
    CHECK(window.first_time_s() == i - count + 1);
    CHECK(window.last_time_s() == i);
    for (int t = 0; t < 3; ++t) {
      const float expected = t < count ? static_cast<float>(i - count + 1 + t) : 0;
      CHECK(features(0, t, 0) == expected);
      CHECK(features(0, t, 1) == -expected);
      CHECK(mask(0, t) == (t < count));
    }
  }
  window.clear();
  window.fill(features, mask);
  CHECK(window.count() == 0);
  CHECK(std::all_of(features.begin(), features.end(), [](float f) { return f == 0; }));
  CHECK_THROWS_AS(window.push(std::vector{1.F}, 0), UsageError);
  CHECK_THROWS_AS(FeatureWindow(0, 2), UsageError);
}

TEST_CASE("frames are picked by number or by time, and a slower stream gives all it has") {
  const auto picked = [](FramePicker picker, double rate, int frames) {
    std::vector<int> result;
    for (int i = 0; i < frames; ++i)
      if (picker(i / rate)) result.push_back(i);
    return result;
  };
  CHECK(picked(FramePicker(3, 0), 25, 8) == std::vector{0, 3, 6});
  CHECK(picked(FramePicker(0, 0.1), 30, 10) == std::vector{0, 3, 6, 9});
  CHECK(picked(FramePicker(0, 0.1), 25, 12) == std::vector{0, 3, 5, 8, 10});  // 10 a second on average
  CHECK(picked(FramePicker(0, 0.1), 5, 4) == std::vector{0, 1, 2, 3});
  FramePicker after_silence(0, 0.1);
  int got = 0;
  for (const double time : {0.0, 0.1, 9.0, 9.01, 9.05, 9.1}) got += after_silence(time);
  CHECK(got == 4);  // nothing is caught up on
  CHECK_THROWS_AS(FramePicker(0, 0), UsageError);
}

TEST_CASE("each frame goes through the network once, and the head runs from a full window on") {
  std::size_t network_frames = 0;
  TimelinePredictor timeline(toy_model(4, &network_frames), plain(), [](const Segment&) {});
  for (int i = 0; i < 10; ++i) {
    const std::vector<std::uint8_t> frame{200, 0, 0};
    const auto readings = timeline.add(frame, std::vector{i / 10.0});
    REQUIRE(readings.size() == 1);
    CHECK(readings[0].has_value() == (i >= 3));
    if (readings[0]) CHECK(readings[0]->time_s == i / 10.0);
  }
  CHECK(network_frames == 10);
  CHECK(timeline.frames() == 10);
  CHECK(timeline.head_runs() == 7);
}

TEST_CASE("a time line changes where the frames do, half a window later, or there when it stands at the middle") {
  const auto reds = repeated(255, 10, repeated(5, 10));
  const auto end = run(plain(), reds).segments;
  REQUIRE(end.size() == 2);
  CHECK(end[0].label == std::optional<std::size_t>(0));
  CHECK(end[0].start_s == 0);
  CHECK(end[0].frames + end[1].frames == 20);
  CHECK(end[1].end_s == 2);
  CHECK(end[0].end_s == Approx(1.0));  // the window that ends at 1.1 s is the first that is half red
  auto options = plain();
  options.align = Align::center;
  const auto center = run(options, reds).segments;
  REQUIRE(center.size() == 2);
  CHECK(center[0].end_s == Approx(1.0 - 0.15));
  CHECK(center[1].end_s == 2);
}

TEST_CASE("how frames are grouped into calls changes nothing") {
  std::vector<int> reds;
  for (int i = 0; i < 57; ++i) reds.push_back(((i * 37 + i / 9 * 90) % 256) | 8);
  TimelineOptions options;
  options.min_duration_s = 0.3;
  options.every = 3;
  const Run one = run(options, reds);
  for (const std::size_t group : {2, 7, 57}) {
    const Run other = run(options, reds, group);
    REQUIRE(other.readings.size() == one.readings.size());
    for (std::size_t i = 0; i < one.readings.size(); ++i) {
      REQUIRE(one.readings[i].has_value() == other.readings[i].has_value());
      if (one.readings[i]) CHECK(one.readings[i]->smoothed == other.readings[i]->smoothed);
    }
    REQUIRE(other.segments.size() == one.segments.size());
    for (std::size_t i = 0; i < one.segments.size(); ++i) CHECK(other.segments[i].end_s == one.segments[i].end_s);
  }
}

TEST_CASE("a source shorter than the window is predicted at its end from what there is") {
  const Run two = run(plain(), {250, 250});
  REQUIRE(two.readings.back().has_value());
  REQUIRE(two.segments.size() == 1);
  CHECK(two.segments[0].label == std::optional<std::size_t>(1));
  CHECK(two.segments[0].frames == 2);
  CHECK(two.segments[0].end_s == Approx(0.2));
  CHECK(run(plain(), {}).segments.empty());
}

TEST_CASE("a window never spans a gap") {
  std::vector<Segment> segments;
  TimelinePredictor timeline(toy_model(2), plain(), [&](const Segment& s) { segments.push_back(s); });
  const std::vector<std::uint8_t> dark{0, 0, 0, 0, 0, 0}, bright{255, 0, 0, 255, 0, 0};
  timeline.add(dark, std::vector{0.0, 0.1});
  timeline.finish(0.2);
  const auto readings = timeline.add(bright, std::vector{5.0, 5.1});
  CHECK_FALSE(readings[0]);
  REQUIRE(readings[1]);
  CHECK(readings[1]->smoothed == std::vector<double>{0, 1});
  timeline.finish(5.2);
  REQUIRE(segments.size() == 2);
  CHECK(segments[0].end_s == 0.2);
  CHECK(segments[1].start_s == 5.0);
}

TEST_CASE("below the threshold nothing is happening") {
  auto options = plain();
  options.threshold = 0.9;
  const auto segments = run(options, repeated(128, 8, repeated(255, 8))).segments;
  REQUIRE(segments.size() == 2);
  CHECK(segments[0].label == std::optional<std::size_t>(1));
  CHECK_FALSE(segments[1].label);
}

TEST_CASE("features that are not finite stop the time line") {
  CHECK_THROWS_AS(run(plain(), {1, 7}), DataError);
  auto options = plain();
  options.every = 0;
  CHECK_THROWS_AS(run(options, {1}), UsageError);
}

#pragma once
/// From frames to a time line: features once a frame, the head on a sliding window, smoothing, segments.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/tensor.hpp"
#include "../data/feature_extractor.hpp"
#include "segments.hpp"
#include "smoothing.hpp"
#include "window.hpp"

namespace rcar::live {

/// Where a window's label stands in time: at its last frame, as somebody who watches learns it, or at its middle, where
/// what it shows happened.
enum class Align { end, center };

/// How readings become segments.
struct TimelineOptions {
  Smoothing smoothing = Smoothing::exponential;
  double smooth_s = 0.5;
  double threshold = 0.5;
  double hysteresis = 0.1;
  double min_duration_s = 0;
  std::size_t every = 1;  // the head runs once in so many frames
  Align align = Align::center;
};

/// A trained recognizer as the time line sees it.
struct WindowModel {
  FeatureExtractor extractor;
  std::function<Probabilities(const Features&, const Mask&)> predict;  // (1, T, F), (1, T) -> (1, K)
};

/// One run of the head.
struct Reading {
  double time_s = 0;  // of the window's last frame
  Decision decision;
  std::vector<double> smoothed;  // (K)
};

/// Memory does not depend on how many frames it is given.
///
///     TimelinePredictor timeline(model, {}, [&](const Segment& segment) { use(segment); });
///     for (const auto& reading : timeline.add(frames, times)) if (reading) show(*reading);
///     timeline.finish(end_s);
///
/// The head runs as soon as the window holds T frames. A source that ends before that is predicted at its end from the
/// frames there are, padded and masked as such clips are in training.
class TimelinePredictor {
 public:
  /// Throws UsageError for options that make no sense.
  TimelinePredictor(WindowModel model, const TimelineOptions& options, std::function<void(const Segment&)> closed)
      : model_(std::move(model)),
        options_(options),
        window_(static_cast<std::size_t>(model_.extractor.sequence_length),
                static_cast<std::size_t>(model_.extractor.feature_dim)),
        smoother_(options.smoothing, options.smooth_s),
        decider_(options.threshold, options.hysteresis),
        segments_(options.min_duration_s, std::move(closed)) {
    if (options.every == 0) throw UsageError("The head cannot run every 0 frames; give 1 or more.");
  }

  /// Takes `times.size()` frames (n, D, D, 3) RGB, in order; returns a reading for each, none where the head did not
  /// run. The readings do not depend on how frames are grouped into calls.
  /// Throws DataError when features are not finite numbers.
  std::vector<std::optional<Reading>> add(std::span<const std::uint8_t> frames, std::span<const double> times) {
    const std::size_t feature_dim = static_cast<std::size_t>(model_.extractor.feature_dim);
    std::vector<float> features(times.size() * feature_dim);
    if (!times.empty()) model_.extractor.run(frames.data(), times.size(), features.data());
    if (!std::all_of(features.begin(), features.end(), [](float value) { return std::isfinite(value); }))
      throw DataError("The features of a frame are not finite numbers; check the backbone's weights.");
    std::vector<std::optional<Reading>> readings;
    for (std::size_t i = 0; i < times.size(); ++i) {
      window_.push(std::span(features).subspan(i * feature_dim, feature_dim), times[i]);
      if (!begin_s_) begin_s_ = times[i];
      ++frames_;
      ++waiting_;
      const bool due = window_.full() && (!read_ || waiting_ >= options_.every);
      readings.push_back(due ? std::optional(read()) : std::nullopt);
    }
    return readings;
  }

  /// Ends the time line, at `end_s`, the end of the last frame; returns a reading where there was none before. What is
  /// added afterwards starts anew, as is right where a camera dropped out: a window never spans a gap.
  std::optional<Reading> finish(double end_s) {
    std::optional<Reading> last;
    if (!read_ && window_.count() > 0) last = read();
    segments_.hold(end_s, std::exchange(waiting_, 0));
    segments_.finish();
    window_.clear();
    smoother_.clear();
    decider_.clear();
    begin_s_.reset();
    read_ = false;
    return last;
  }

  std::size_t frames() const { return frames_; }
  std::size_t head_runs() const { return head_runs_; }

 private:
  Reading read() {
    window_.fill(features_, mask_);
    const Probabilities probabilities = model_.predict(features_, mask_);
    ++head_runs_;
    Reading reading;
    reading.time_s = window_.last_time_s();
    reading.smoothed = smoother_.add(std::span(probabilities.data(), probabilities.size()), reading.time_s);
    reading.decision = decider_(reading.smoothed);
    // What stood until now ends where this reading stands; the first one reaches back to the start.
    const double stands_s =
        options_.align == Align::end ? reading.time_s : (window_.first_time_s() + window_.last_time_s()) / 2;
    segments_.add(*begin_s_, std::max(stands_s, *begin_s_), reading.decision, std::exchange(waiting_, 0));
    begin_s_ = std::max(stands_s, *begin_s_);
    read_ = true;
    return reading;
  }

  WindowModel model_;
  TimelineOptions options_;
  FeatureWindow window_;
  Smoother smoother_;
  Decider decider_;
  Segments segments_;
  Features features_;
  Mask mask_;
  std::optional<double> begin_s_;  // where the next span of the time line starts
  std::size_t waiting_ = 0, frames_ = 0, head_runs_ = 0;
  bool read_ = false;  // since the start or the last finish
};

}  // namespace rcar::live

#pragma once
/// The sliding window: the features of the last T frames, each computed once, in the order that the head reads.

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "../core/error.hpp"
#include "../core/tensor.hpp"

namespace rcar::live {

/// A ring of feature rows. What `fill` gives is, bit for bit, what a clip of the same frames would be extracted to.
///
///     FeatureWindow window(20, 1280);
///     window.push(row, time_s);
///     window.fill(features, mask);      // (1, 20, 1280), (1, 20)
class FeatureWindow {
 public:
  /// Throws UsageError unless both are above 0.
  FeatureWindow(std::size_t steps, std::size_t feature_dim)
      : steps_(steps), feature_dim_(feature_dim), rows_(steps * feature_dim), times_(steps) {
    if (steps == 0 || feature_dim == 0)
      throw UsageError("A window needs at least one frame and one feature; give numbers above 0.");
  }

  /// Adds the features (F) of the frame at `time_s`; the oldest frame leaves a full window.
  void push(std::span<const float> row, double time_s) {
    if (row.size() != feature_dim_)
      throw UsageError("A window of " + std::to_string(feature_dim_) + " features a frame was given " +
                       std::to_string(row.size()) + "; give features of the model's backbone.");
    const std::size_t slot = pushed_++ % steps_;
    std::copy(row.begin(), row.end(), rows_.begin() + static_cast<std::ptrdiff_t>(slot * feature_dim_));
    times_[slot] = time_s;
  }

  std::size_t count() const { return std::min(pushed_, steps_); }
  bool full() const { return pushed_ >= steps_; }
  /// Seconds; the window must hold a frame.
  double first_time_s() const { return times_[full() ? pushed_ % steps_ : 0]; }
  double last_time_s() const { return times_[(pushed_ - 1) % steps_]; }
  void clear() { pushed_ = 0; }

  /// Writes features (1, T, F), zero where the window has no frame yet, and mask (1, T).
  void fill(Features& features, Mask& mask) const {
    features.resize({1, steps_, feature_dim_});
    mask.resize({1, steps_});
    const std::size_t first = full() ? pushed_ % steps_ : 0;
    for (std::size_t step = 0; step < count(); ++step)
      std::copy_n(rows_.data() + (first + step) % steps_ * feature_dim_, feature_dim_,
                  features.data() + step * feature_dim_);
    std::fill(features.data() + count() * feature_dim_, features.data() + steps_ * feature_dim_, 0.F);
    std::fill(std::fill_n(mask.data(), count(), true), mask.data() + steps_, false);
  }

 private:
  std::size_t steps_, feature_dim_, pushed_ = 0;
  std::vector<float> rows_;  // (T, F), a ring
  std::vector<double> times_;
};

/// Which frames of a stream enter the window: every k-th, or one every so many seconds.
class FramePicker {
 public:
  /// `stride` 1 or more picks every stride-th frame; 0 picks the first frame at or after each multiple of `spacing_s`.
  FramePicker(std::size_t stride, double spacing_s) : stride_(stride), spacing_s_(spacing_s) {
    if (stride == 0 && !(spacing_s > 0))
      throw UsageError("Frames of a window need a stride of 1 or more, or a spacing above 0 seconds.");
  }

  bool operator()(double time_s) {
    const std::size_t frame = frames_++;
    if (stride_ > 0) return frame % stride_ == 0;
    if (frame > 0 && time_s + 1e-4 < due_s_) return false;
    // Of a slower stream no frames are owed: it gives all it has.
    due_s_ = frame > 0 && time_s < due_s_ + spacing_s_ ? due_s_ + spacing_s_ : time_s + spacing_s_;
    return true;
  }
  void restart() { frames_ = 0; }

 private:
  std::size_t stride_, frames_ = 0;
  double spacing_s_, due_s_ = 0;
};

}  // namespace rcar::live

#pragma once
/// The time line: spans of time that have one label, made from decisions as they come.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <utility>

#include "../core/error.hpp"
#include "smoothing.hpp"

namespace rcar::live {

/// A span of time that has one label, or none.
struct Segment {
  double start_s = 0, end_s = 0;
  std::optional<std::size_t> label;  // none: nothing is happening
  double mean_probability = 0;       // of the label's smoothed probability over the decisions for it
  std::size_t frames = 0;            // that went through the network

  double duration_s() const { return end_s - start_s; }
};

/// Joins decisions for the same label. A span shorter than `min_duration_s` between others counts for the one before
/// it; at the start, for the one after it. Segments follow one another without gap and are handed over as they close;
/// memory does not grow with their number.
///
///     Segments segments(0.5, [&](const Segment& segment) { use(segment); });
///     segments.add(0, 0.8, decision, 20);
///     segments.finish();
class Segments {
 public:
  Segments(double min_duration_s, std::function<void(const Segment&)> closed)
      : min_duration_s_(min_duration_s), closed_(std::move(closed)) {
    if (!(min_duration_s >= 0)) throw UsageError("The least duration is negative; give 0 seconds or more.");
  }

  /// `decision` holds from start_s to end_s, for so many new frames. Times must not go back.
  void add(double start_s, double end_s, const Decision& decision, std::size_t frames) {
    const Span span{start_s, end_s, decision.label, decision.probability, 1, frames};
    if (!standing_) {
      standing_ = span;
    } else if (span.label == standing_->label) {
      if (candidate_) absorb(*standing_, *std::exchange(candidate_, std::nullopt));
      extend(*standing_, span);
    } else {
      if (candidate_ && candidate_->label == span.label) {
        extend(*candidate_, span);
      } else {
        if (candidate_) absorb(*standing_, *candidate_);
        candidate_ = span;
      }
      if (candidate_->end_s - candidate_->start_s >= min_duration_s_) promote();
    }
  }

  /// Has the last label hold on, for frames that brought no decision.
  void hold(double end_s, std::size_t frames) {
    if (!standing_) return;
    Span& last = candidate_ ? *candidate_ : *standing_;
    last.end_s = std::max(last.end_s, end_s);
    last.frames += frames;
  }

  /// Closes what is open: at the end, or where the source dropped out.
  void finish() {
    if (standing_ && candidate_) absorb(*standing_, *std::exchange(candidate_, std::nullopt));
    if (standing_) close(*std::exchange(standing_, std::nullopt));
  }

 private:
  struct Span {
    double start_s, end_s;
    std::optional<std::size_t> label;
    double probabilities;   // their sum
    std::size_t decisions;  // that it is of
    std::size_t frames;
  };

  static void extend(Span& span, const Span& more) {
    span.end_s = more.end_s;
    span.probabilities += more.probabilities;
    span.decisions += more.decisions;
    span.frames += more.frames;
  }
  /// The other label's probability says nothing about this one's.
  static void absorb(Span& span, const Span& other) {
    span.end_s = other.end_s;
    span.frames += other.frames;
  }

  void promote() {
    if (standing_->end_s - standing_->start_s < min_duration_s_) {  // only the first can be so short
      candidate_->start_s = standing_->start_s;
      candidate_->frames += standing_->frames;
    } else {
      close(*standing_);
    }
    standing_ = std::exchange(candidate_, std::nullopt);
  }

  void close(const Span& span) const {
    closed_(
        {span.start_s, span.end_s, span.label, span.probabilities / static_cast<double>(span.decisions), span.frames});
  }

  double min_duration_s_;
  std::function<void(const Segment&)> closed_;
  std::optional<Span> standing_, candidate_;  // the candidate is too short yet to end what stands
};

}  // namespace rcar::live

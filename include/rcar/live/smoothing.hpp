#pragma once
/// From a window's probabilities to a label that does not flicker: smoothed over time, held by hysteresis, and none
/// where the model is not sure.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"

namespace rcar::live {

/// `exponential`: a first-order low-pass filter. `mean`: the plain mean of the last seconds.
enum class Smoothing { exponential, mean };

/// Throws UsageError, with the valid names, for any other.
inline Smoothing parse_smoothing(std::string_view name) {
  if (name == "exponential") return Smoothing::exponential;
  if (name == "mean") return Smoothing::mean;
  throw UsageError("There is no smoothing " + quoted(std::string(name)) + "; choose exponential or mean.");
}

/// Smooths probabilities (K) that come at any times, so that their rate does not matter.
class Smoother {
 public:
  /// `seconds` is the time constant, or the mean's length; 0 smooths nothing.
  Smoother(Smoothing kind, double seconds) : kind_(kind), seconds_(seconds) {
    if (!(seconds >= 0)) throw UsageError("The smoothing is a negative time; give 0 seconds or more.");
  }

  /// The smoothed probabilities, which sum to 1 as the given ones do. Times must not go back.
  const std::vector<double>& add(std::span<const float> probabilities, double time_s) {
    const std::vector<double> now(probabilities.begin(), probabilities.end());
    if (value_.empty() || seconds_ == 0)
      value_ = now;
    else if (kind_ == Smoothing::exponential)
      filter(now, time_s);
    if (kind_ == Smoothing::mean && seconds_ > 0) average(now, time_s);
    last_s_ = time_s;
    return value_;
  }

  void clear() {
    value_.clear();
    recent_.clear();
  }

 private:
  /// y += (1 - exp(-dt / tau)) (x - y)
  void filter(const std::vector<double>& now, double time_s) {
    const double share = 1 - std::exp(-std::max(0.0, time_s - last_s_) / seconds_);
    for (std::size_t k = 0; k < now.size(); ++k) value_[k] += share * (now[k] - value_[k]);
  }

  /// Summed anew each time, so that rounding errors do not pile up over hours.
  void average(const std::vector<double>& now, double time_s) {
    recent_.emplace_back(time_s, now);
    while (recent_.front().first <= time_s - seconds_) recent_.pop_front();
    std::vector<double> sum(now.size(), 0.0);
    for (const auto& [when, each] : recent_)
      for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += each[k];
    for (double& value : sum) value /= static_cast<double>(recent_.size());
    value_ = std::move(sum);
  }

  Smoothing kind_;
  double seconds_, last_s_ = 0;
  std::vector<double> value_;
  std::deque<std::pair<double, std::vector<double>>> recent_;
};

/// A label, or none: nothing is happening.
struct Decision {
  std::optional<std::size_t> label;  // index of the class
  double probability = 0;            // of that class; without a label, of the most likely one

  bool operator==(const Decision&) const = default;
};

/// Decides with hysteresis.
///
/// threshold   a label is taken when its probability reaches this; below it there is none
/// hysteresis  a label that stands is kept until its probability is this far below the threshold, or this far below
///             another label's
class Decider {
 public:
  /// Throws UsageError unless both are between 0 and 1.
  Decider(double threshold, double hysteresis) : threshold_(threshold), hysteresis_(hysteresis) {
    if (!(threshold >= 0 && threshold <= 1) || !(hysteresis >= 0 && hysteresis <= 1))
      throw UsageError("The threshold and the hysteresis are probabilities; give numbers from 0 to 1.");
  }

  Decision operator()(std::span<const double> probabilities) {
    const auto most = std::max_element(probabilities.begin(), probabilities.end());
    const auto top = static_cast<std::size_t>(most - probabilities.begin());
    if (standing_ && probabilities[*standing_] >= threshold_ - hysteresis_ &&
        *most - probabilities[*standing_] <= hysteresis_)
      return {standing_, probabilities[*standing_]};
    standing_ = *most >= threshold_ ? std::optional(top) : std::nullopt;
    return {standing_, *most};
  }

  void clear() { standing_.reset(); }

 private:
  double threshold_, hysteresis_;
  std::optional<std::size_t> standing_;
};

}  // namespace rcar::live

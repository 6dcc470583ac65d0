#pragma once
/// Latency and rate of a stream that may run for months, in memory that does not grow.

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace rcar::live {

/// Counts durations in buckets of 2 % width from 10 microseconds to about 20 minutes, so quantiles are right to 1 %.
class LatencyHistogram {
 public:
  void add(double seconds) {
    const double place = std::log(std::max(seconds, first_s) / first_s) / std::log(growth);
    ++counts_[std::min(static_cast<std::size_t>(place), buckets - 1)];
    ++total_;
    longest_s_ = std::max(longest_s_, seconds);
  }

  /// The duration in seconds that a `share` of all durations (0 to 1) does not exceed; 0 when there is none.
  double quantile_s(double share) const {
    if (total_ == 0) return 0;
    const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total_)));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
      seen += counts_[bucket];
      if (seen >= std::max<std::uint64_t>(wanted, 1))
        return std::min(first_s * std::pow(growth, static_cast<double>(bucket) + 0.5), longest_s_);
    }
    return longest_s_;
  }
  std::uint64_t count() const { return total_; }
  double longest_s() const { return longest_s_; }

 private:
  static constexpr std::size_t buckets = 940;
  static constexpr double first_s = 1e-5, growth = 1.02;
  std::array<std::uint64_t, buckets> counts_{};
  std::uint64_t total_ = 0;
  double longest_s_ = 0;
};

/// Events a second over the last two seconds.
class RecentRate {
 public:
  using Clock = std::chrono::steady_clock;

  void add(Clock::time_point when, std::size_t events = 1) {
    while (!recent_.empty() && recent_.front().when < when - span) recent_.pop_front();
    // Events of one moment share an entry, so there are at most so many entries.
    if (!recent_.empty() && when - recent_.back().when < span / 256)
      recent_.back().events += events;
    else
      recent_.push_back({when, events});
    if (!since_) since_ = when;
  }

  double per_second(Clock::time_point now) const {
    std::size_t events = 0;
    for (const auto& each : recent_)
      if (each.when >= now - span) events += each.events;
    if (!since_) return 0;
    const double seconds = std::chrono::duration<double>(std::min<Clock::duration>(span, now - *since_)).count();
    return seconds > 0 ? static_cast<double>(events) / seconds : 0;
  }

 private:
  struct Entry {
    Clock::time_point when;
    std::size_t events;
  };
  static constexpr Clock::duration span = std::chrono::seconds(2);

  std::deque<Entry> recent_;
  std::optional<Clock::time_point> since_;
};

}  // namespace rcar::live

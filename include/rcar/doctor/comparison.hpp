#pragma once
/// Whether two clips show the same frames: both are decoded, laid over each other in time, and compared.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../video/thumbnails.hpp"

namespace rcar::doctor {

/// What is left when two clips are laid over each other. Levels are grey levels, 0 to 255.
struct Comparison {
  double mean_square = 0;         // difference of the pixels, levels squared, once contrast and brightness are equal
  double worst = 0;               // difference that one pixel of a thousand exceeds, levels
  double motion = 0;              // what moves in the quieter clip, levels squared
  double motion_correlation = 0;  // of what moves in both, -1 to 1
};

inline constexpr int compared_side = 32;            // pixels of the thumbnails that are compared
inline constexpr std::size_t compared_most = 1024;  // thumbnails of a clip

namespace detail {

/// One moment in both clips.
struct Moment {
  std::size_t a, b;  // thumbnails
};

/// Mean square differences of chosen pictures of `b` from all of `a`, once each clip has mean 0: (chosen, a.size()).
class Differences {
 public:
  Differences(const Thumbnails& a, const Thumbnails& b, const std::vector<std::size_t>& chosen)
      : columns_(a.size()), values_(chosen.size() * a.size()) {
    const int offset = static_cast<int>(std::lround(mean(a) - mean(b)));
    const std::size_t pixels = a.side * a.side;
    for (std::size_t row = 0; row < chosen.size(); ++row)
      for (std::size_t column = 0; column < columns_; ++column) {
        const std::uint8_t *left = a.picture(column), *right = b.picture(chosen[row]);
        int sum = 0;  // at most 1024 * 510 * 510
        for (std::size_t i = 0; i < pixels; ++i) {
          const int difference = left[i] - right[i] - offset;
          sum += difference * difference;
        }
        values_[row * columns_ + column] = static_cast<float>(sum) / static_cast<float>(pixels);
      }
  }

  /// The least value at `column` or one beside it, and where that is.
  std::pair<float, std::size_t> near(std::size_t row, std::size_t column) const {
    std::size_t best = column;
    for (const std::size_t other : {column == 0 ? column : column - 1, std::min(column + 1, columns_ - 1)})
      if (at(row, other) < at(row, best)) best = other;
    return {at(row, best), best};
  }

 private:
  float at(std::size_t row, std::size_t column) const { return values_[row * columns_ + column]; }
  static double mean(const Thumbnails& clip) {
    double sum = 0;
    for (const std::uint8_t pixel : clip.pixels) sum += pixel;
    return sum / static_cast<double>(clip.pixels.size());
  }

  std::size_t columns_;
  std::vector<float> values_;
};

/// Lays `b`, the clip of fewer thumbnails, over `a`: its start and its end fall to where the pictures differ least.
/// Either may lack up to an eighth at each end of what the other has, and plays at any constant rate.
inline std::vector<Moment> lay_over(const Thumbnails& a, const Thumbnails& b) {
  constexpr std::size_t most = 32;
  constexpr int margin = 12;  // hundredths of the clip
  std::vector<std::size_t> chosen;
  for (std::size_t k = 0; k < std::min(most, b.size()); ++k)
    chosen.push_back(b.size() <= most ? k : k * (b.size() - 1) / (most - 1));
  const Differences differences(a, b, chosen);
  const auto last_a = static_cast<double>(a.size() - 1),
             last_b = static_cast<double>(std::max(b.size() - 1, std::size_t{1}));

  std::vector<Moment> best, moments;
  double least = 0;
  for (int start = -margin; start <= margin; ++start)
    for (int end = 100 - margin; end <= 100 + margin; ++end) {
      moments.clear();
      double sum = 0;
      for (std::size_t row = 0; row < chosen.size(); ++row) {
        const double part = static_cast<double>(chosen[row]) / last_b;
        const double column = std::round((start + (end - start) * part) / 100 * last_a);
        if (column < 0 || column > last_a) continue;
        const auto [difference, where] = differences.near(row, static_cast<std::size_t>(column));
        sum += difference;
        moments.push_back({where, chosen[row]});
      }
      if (moments.size() * 10 < chosen.size() * 8) continue;
      const double mean = sum / static_cast<double>(moments.size());
      if (!best.empty() && mean >= least) continue;
      best = moments;
      least = mean;
    }
  return best;
}

}  // namespace detail

/// Compares two clips by thumbnails of the same side. Either may be a copy of the other at another rate, size, quality,
/// brightness or contrast, or lack an eighth at either end.
inline Comparison compare(const Thumbnails& first, const Thumbnails& second) {
  const Thumbnails &a = first.size() < second.size() ? second : first, &b = &a == &first ? second : first;
  const std::vector<detail::Moment> moments = detail::lay_over(a, b);
  const std::size_t pixels = a.side * a.side;
  const auto count = static_cast<double>(moments.size() * pixels);

  // What each place shows on the mean, so that what moves is seen by itself.
  std::vector<double> mean_a(pixels), mean_b(pixels);
  double sum_a = 0, sum_b = 0;
  for (const auto& moment : moments)
    for (std::size_t i = 0; i < pixels; ++i) {
      mean_a[i] += a.picture(moment.a)[i] / static_cast<double>(moments.size());
      mean_b[i] += b.picture(moment.b)[i] / static_cast<double>(moments.size());
    }
  for (std::size_t i = 0; i < pixels; ++i) {
    sum_a += mean_a[i] / static_cast<double>(pixels);
    sum_b += mean_b[i] / static_cast<double>(pixels);
  }
  double covariance = 0, variance_b = 0, moving_ab = 0, moving_a = 0, moving_b = 0;
  for (const auto& moment : moments)
    for (std::size_t i = 0; i < pixels; ++i) {
      const double x = a.picture(moment.a)[i], y = b.picture(moment.b)[i];
      covariance += (x - sum_a) * (y - sum_b) / count;
      variance_b += (y - sum_b) * (y - sum_b) / count;
      moving_ab += (x - mean_a[i]) * (y - mean_b[i]) / count;
      moving_a += (x - mean_a[i]) * (x - mean_a[i]) / count;
      moving_b += (y - mean_b[i]) * (y - mean_b[i]) / count;
    }
  const double gain = std::clamp(variance_b > 0 ? covariance / variance_b : 1.0, 0.6, 1.6);

  std::vector<float> differences;
  differences.reserve(moments.size() * pixels);
  Comparison result;
  for (const auto& moment : moments)
    for (std::size_t i = 0; i < pixels; ++i) {
      const double difference = a.picture(moment.a)[i] - sum_a - gain * (b.picture(moment.b)[i] - sum_b);
      result.mean_square += difference * difference / count;
      differences.push_back(static_cast<float>(std::abs(difference)));
    }
  const auto rank = differences.end() - 1 - static_cast<std::ptrdiff_t>(differences.size() / 1000);
  std::nth_element(differences.begin(), rank, differences.end());
  result.worst = *rank;
  result.motion = std::min(moving_a, moving_b);
  result.motion_correlation = result.motion > 0 ? moving_ab / std::sqrt(moving_a * moving_b) : 0;
  return result;
}

/// Whether the clips show the same frames. docs/doctor.md says on which clips the bounds were chosen and how far from
/// them copies and different clips lie.
inline bool same_frames(const Comparison& c) {
  constexpr double still = 4;  // levels squared: what moves is hardly more than what encoding leaves
  if (c.motion < still) return c.mean_square <= 2 && c.worst <= 8;
  return c.worst <= 20 ? c.motion_correlation >= 0.9 : c.worst <= 26 && c.motion_correlation >= 0.985;
}

}  // namespace rcar::doctor

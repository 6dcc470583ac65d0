#pragma once
/// What a clip looks like, small enough to compare every clip of a data set with every other.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../core/error.hpp"
#include "../video/thumbnails.hpp"

namespace rcar::doctor {

/// Grey pictures spread evenly over a clip, its first and its last frame included, whatever its frame rate and size:
/// K = 32 pictures of 16 x 16 means.
class Signature {
 public:
  static constexpr std::size_t pictures = 32, side = 16, pixels_each = side * side, size = pictures * pixels_each;

  Signature() = default;

  /// From pixels (K, 16, 16) that pixels() gave. Throws DataError when they are of another number.
  explicit Signature(std::span<const std::uint8_t> pixels) : pixels_(pixels.begin(), pixels.end()) {
    if (pixels.size() != size)
      throw DataError("A signature has " + std::to_string(size) + " pixels, not " + std::to_string(pixels.size()) +
                      ".");
    measure();
  }

  /// Of thumbnails of 16 pixels a side, of a clip of so many frames.
  Signature(const Thumbnails& thumbnails, std::size_t frames) {
    if (thumbnails.side != side || thumbnails.size() == 0)
      throw UsageError("A signature is made of thumbnails of " + std::to_string(side) + " pixels a side.");
    pixels_.resize(size);
    for (std::size_t k = 0; k < pictures; ++k) {
      const std::size_t frame = k * (frames - 1) / (pictures - 1);
      const std::size_t nearest = std::min((frame + thumbnails.step / 2) / thumbnails.step, thumbnails.size() - 1);
      std::copy_n(thumbnails.picture(nearest), pixels_each, pixels_.data() + k * pixels_each);
    }
    measure();
  }

  bool empty() const { return pixels_.empty(); }
  std::span<const std::uint8_t> pixels() const { return pixels_; }

  /// How much moves: the mean square difference from the mean picture, in grey levels squared.
  double motion() const { return motion_; }
  /// Standard deviation of the pixels, in grey levels; at least 8, so that noise on a blank clip is not blown up.
  double contrast() const { return contrast_; }
  double mean() const { return mean_; }
  double variance() const { return variance_; }

  /// Means over 4 pictures and 4 x 4 pixels of the pixels with mean 0 and contrast 1.
  static constexpr std::size_t coarse_size = pictures / 4 * (side / 4) * (side / 4);
  const std::array<float, coarse_size>& coarse() const { return coarse_; }

 private:
  void measure() {
    double sum = 0, squares = 0;
    std::vector<double> mean_picture(pixels_each);
    for (std::size_t i = 0; i < size; ++i) {
      const double value = pixels_[i];
      sum += value;
      squares += value * value;
      mean_picture[i % pixels_each] += value / pictures;
    }
    mean_ = sum / size;
    variance_ = std::max(0.0, squares / size - mean_ * mean_);
    contrast_ = std::max(std::sqrt(variance_), 8.0);
    double still = 0;
    for (const double value : mean_picture) still += value * value / pixels_each;
    motion_ = std::max(0.0, squares / size - still);
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t time = i / pixels_each / 4, y = i / side % side / 4, x = i % side / 4;
      coarse_[(time * (side / 4) + y) * (side / 4) + x] += static_cast<float>((pixels_[i] - mean_) / contrast_ / 64);
    }
  }

  std::vector<std::uint8_t> pixels_;  // (K, 16, 16)
  std::array<float, coarse_size> coarse_{};
  double mean_ = 0, variance_ = 0, contrast_ = 8, motion_ = 0;
};

/// The mean square difference of two signatures in grey levels squared, once both have mean 0 and the same contrast.
inline double distance(const Signature& a, const Signature& b) {
  std::uint64_t products = 0;
  for (std::size_t k = 0; k < Signature::pictures; ++k) {
    std::uint32_t of_picture = 0;  // at most 256 * 255 * 255
    for (std::size_t i = k * Signature::pixels_each; i < (k + 1) * Signature::pixels_each; ++i)
      of_picture += static_cast<std::uint32_t>(a.pixels()[i]) * b.pixels()[i];
    products += of_picture;
  }
  const double covariance = static_cast<double>(products) / Signature::size - a.mean() * b.mean();
  const double sa = a.contrast(), sb = b.contrast();
  return std::max(0.0, a.variance() * sb / sa + b.variance() * sa / sb - 2 * covariance);
}

/// Never more than distance(): the square of a mean is at most the mean of the squares. So nothing that is near is
/// lost by looking at this first.
inline double least_distance(const Signature& a, const Signature& b) {
  constexpr std::size_t lanes = 16;
  std::array<float, lanes> sums{};
  for (std::size_t i = 0; i < Signature::coarse_size; i += lanes)
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const float difference = a.coarse()[i + lane] - b.coarse()[i + lane];
      sums[lane] += difference * difference;
    }
  float sum = 0;
  for (const float each : sums) sum += each;
  constexpr double rounding = 0.999;
  return rounding * static_cast<double>(sum) / Signature::coarse_size * a.contrast() * b.contrast();
}

}  // namespace rcar::doctor

#pragma once
/// Feature maps with memory of their own, for tests of back ends.

#include <rcar/backend/operands.hpp>
#include <rcar/core/buffer.hpp>
#include <rcar/core/random.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rcar::test {

inline std::vector<float> random_values(std::size_t count, std::uint64_t seed, float low = -1, float high = 1) {
  Random random(seed);
  std::vector<float> values(count);
  for (auto& value : values) value = random.uniform(low, high);
  return values;
}

/// A map, of several frames perhaps, that may be a slice: `channel` channels of something else stand before it in every
/// pixel, `after` behind.
struct OwnedMap {
  Extent extent;
  int before = 0, after = 0, frames = 1;
  std::vector<float> values;

  OwnedMap(Extent e, int channels_before, int channels_after, std::uint64_t seed, int frame_count = 1)
      : extent(e),
        before(channels_before),
        after(channels_after),
        frames(frame_count),
        values(random_values(e.pixels() * static_cast<std::size_t>(stride() * frame_count), seed)) {}

  int stride() const { return before + extent.channels + after; }
  backend::Map map() { return {values.data() + before, extent, stride(), frames}; }
  backend::ConstMap map() const { return {values.data() + before, extent, stride(), frames}; }

  /// The values of the slice alone.
  std::vector<float> inside() const { return part(true); }
  /// What lies around it, which nothing may touch.
  std::vector<float> outside() const { return part(false); }

 private:
  std::vector<float> part(bool wanted) const {
    std::vector<float> out;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const int c = static_cast<int>(i % static_cast<std::size_t>(stride())) - before;
      if ((c >= 0 && c < extent.channels) == wanted) out.push_back(values[i]);
    }
    return out;
  }
};

/// Scratch memory that starts on a cache line, and a guard behind it.
class Scratch {
 public:
  explicit Scratch(std::size_t floats) : floats_(floats), memory_(allocate_floats(floats + guard)) {
    std::fill_n(memory_.get(), floats + guard, -77.0f);
  }
  float* data() { return memory_.get(); }
  bool untouched() const {
    return std::all_of(memory_.get() + floats_, memory_.get() + floats_ + guard, [](float x) { return x == -77; });
  }

 private:
  static constexpr std::size_t guard = 64;
  std::size_t floats_;
  Buffer memory_;
};

/// The values cut to ten bits of mantissa, as products in TF32 see them: then their rounding is no error of the
/// product, and a bounded activation, whose largest result is far below its largest sum, passes on none.
inline void cut_to_ten_bits(std::vector<float>& values) {
  for (auto& value : values) value = std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) & 0xffffe000u);
}

/// The largest difference over the largest expected absolute value.
inline double relative_difference(const std::vector<float>& actual, const std::vector<float>& expected) {
  if (actual.size() != expected.size()) return INFINITY;
  double difference = 0, largest = 1e-30;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (!(std::isfinite(actual[i]) && std::isfinite(expected[i]))) return INFINITY;
    difference = std::max(difference, std::abs(double(actual[i]) - expected[i]));
    largest = std::max(largest, std::abs(double(expected[i])));
  }
  return difference / largest;
}

}  // namespace rcar::test

#pragma once
/// Random numbers that are the same on every machine, compiler and thread count. The standard library fixes its engines
/// but not its distributions, so the distributions are written out here.

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <span>
#include <utility>

namespace rcar {

/// xoshiro256** (Blackman and Vigna 2018), seeded by splitmix64.
///
/// `Random(seed, stream)`: streams of one seed are independent, so that initialisation, shuffling and dropout do not
/// disturb one another.
class Random {
 public:
  explicit constexpr Random(std::uint64_t seed, std::uint64_t stream = 0) {
    std::uint64_t state = seed ^ (stream * 0xd1342543de82ef95ULL);
    for (auto& word : state_) word = splitmix(state);
  }

  /// 64 uniformly distributed bits.
  constexpr std::uint64_t bits() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  /// Uniform in [0, 1), 24 bits.
  constexpr float uniform() { return static_cast<float>(bits() >> 40) * 0x1p-24f; }

  /// Uniform in [low, high).
  constexpr float uniform(float low, float high) { return low + (high - low) * uniform(); }

  /// Uniform in [0, count), count > 0; unbiased (Lemire 2019 by rejection).
  constexpr std::uint64_t below(std::uint64_t count) {
    const std::uint64_t limit = -count % count;
    for (;;) {
      const std::uint64_t value = bits();
      if (value >= limit) return value % count;
    }
  }

  /// Standard normal (Box-Muller; one of the pair is dropped so that every call costs the same).
  double normal() {
    const double u = (static_cast<double>(bits() >> 11) + 1.0) * 0x1p-53;
    const double v = static_cast<double>(bits() >> 11) * 0x1p-53;
    return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
  }

  /// Fisher-Yates.
  template <class T>
  constexpr void shuffle(std::span<T> values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }

 private:
  static constexpr std::uint64_t splitmix(std::uint64_t& state) {
    std::uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

  std::uint64_t state_[4]{};
};

}  // namespace rcar

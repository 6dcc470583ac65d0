#pragma once
/// exp, sigmoid and tanh without branches and without libm, so that loops over them vectorise and give the same bits
/// with every C library. Within 2 units in the last place for exp and sigmoid, 3 for tanh.

#include <bit>
#include <cstdint>

namespace rcar::backend::blas {

/// e^x; 0 below -87.3, 2.4e38 from 88.3 up. Cephes's expf: 2^n times a polynomial over [-ln2/2, ln2/2].
inline float gate_exp(float x) {
  const float low = -87.3f, high = 88.3f;
  const bool vanishes = x < low;
  x = x < low ? low : x;
  x = x > high ? high : x;
  constexpr float round = 12582912.0f;  // 1.5 * 2^23: adding it leaves the nearest integer in the low bits
  const float shifted = x * 1.44269504088896341f + round;
  const float n = shifted - round;
  float r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const auto exponent =
      static_cast<std::uint32_t>(std::bit_cast<std::int32_t>(shifted) - std::bit_cast<std::int32_t>(round) + 127) << 23;
  return vanishes ? 0.0f : p * std::bit_cast<float>(exponent);
}

inline float gate_sigmoid(float x) { return 1.0f / (1.0f + gate_exp(-x)); }

/// Cephes's tanhf: a polynomial near 0, where 1 - 2 / (e^2x + 1) would cancel.
inline float gate_tanh(float x) {
  const float magnitude = x < 0 ? -x : x;
  const float far = 1.0f - 2.0f / (gate_exp(2.0f * magnitude) + 1.0f);
  const float z = x * x;
  float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  const float near = p * z * x + x;
  const float signed_far = x < 0 ? -far : far;
  return magnitude < 0.625f ? near : signed_far;
}

}  // namespace rcar::backend::blas

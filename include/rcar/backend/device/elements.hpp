#pragma once
/// The numbers that maps of a device are stored in. All arithmetic is in float; only memory holds the shorter ones.

#include <cstdint>

#include "host_device.hpp"
#include "precision.hpp"

namespace rcar::backend::device {

/// bfloat16: the upper half of a float.
struct Bfloat16 {
  std::uint16_t bits;
};

/// IEEE 754 binary16.
struct Half {
  std::uint16_t bits;
};

/// The element of a map.
template <Precision>
struct ElementOf {
  using type = float;
};
template <>
struct ElementOf<Precision::bf16> {
  using type = Bfloat16;
};
template <>
struct ElementOf<Precision::fp16> {
  using type = Half;
};

/// std::bit_cast, which is the host's alone.
template <class To, class From>
RCAR_HOST_DEVICE constexpr To bits_as(From from) {
  return __builtin_bit_cast(To, from);
}

RCAR_HOST_DEVICE inline float to_float(float x) { return x; }

RCAR_HOST_DEVICE inline float to_float(Bfloat16 x) { return bits_as<float>(static_cast<std::uint32_t>(x.bits) << 16); }

RCAR_HOST_DEVICE inline float to_float(Half x) {
#ifdef __CUDA_ARCH__
  float result;
  asm("cvt.f32.f16 %0, %1;" : "=f"(result) : "h"(x.bits));
  return result;
#else
  const std::uint32_t sign = static_cast<std::uint32_t>(x.bits & 0x8000u) << 16, magnitude = x.bits & 0x7fffu;
  if (magnitude >= 0x7c00u) return bits_as<float>(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13);
  // The exponent of a float is 112 more; a product makes subnormal numbers normal.
  return bits_as<float>(sign | bits_as<std::uint32_t>(bits_as<float>(magnitude << 13) * 0x1p112f));
#endif
}

/// The nearest T, of two equally near ones the even one.
template <class T>
RCAR_HOST_DEVICE T from_float(float x);

template <>
RCAR_HOST_DEVICE inline float from_float<float>(float x) {
  return x;
}

template <>
RCAR_HOST_DEVICE inline Bfloat16 from_float<Bfloat16>(float x) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  std::uint16_t result;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(result) : "f"(x));
  return {result};
#else
  const std::uint32_t bits = bits_as<std::uint32_t>(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return {static_cast<std::uint16_t>(bits >> 16 | 0x40u)};  // NaN stays one
  return {static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16)};
#endif
}

template <>
RCAR_HOST_DEVICE inline Half from_float<Half>(float x) {
#ifdef __CUDA_ARCH__
  std::uint16_t result;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(result) : "f"(x));
  return {result};
#else
  const std::uint32_t bits = bits_as<std::uint32_t>(x), sign = bits >> 16 & 0x8000u;
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return {static_cast<std::uint16_t>(sign | 0x7e00u)};
  if (magnitude >= 0x477ff000u) return {static_cast<std::uint16_t>(sign | 0x7c00u)};  // rounds past the largest
  if (magnitude < 0x38800000u) {  // subnormal: the sum's last place is that of the smallest binary16
    const float sum = bits_as<float>(magnitude) + 0.5f;
    return {static_cast<std::uint16_t>(sign | (bits_as<std::uint32_t>(sum) - bits_as<std::uint32_t>(0.5f)))};
  }
  return {static_cast<std::uint16_t>(sign | ((magnitude - 0x38000000u + 0xfffu + (magnitude >> 13 & 1u)) >> 13))};
#endif
}

/// N neighbouring numbers that are loaded and stored at once.
template <class T, int N>
struct alignas(sizeof(T) * N) Lanes {
  T values[N];
};

/// out[i] = the i-th of N neighbours.
template <int N, class T>
RCAR_HOST_DEVICE void load(const T* from, float (&out)[N]) {
  const Lanes<T, N> lanes = *reinterpret_cast<const Lanes<T, N>*>(from);
  for (int i = 0; i < N; ++i) out[i] = to_float(lanes.values[i]);
}

/// The same of floats that may lie on any border of 16 bytes, however many they are.
template <int N>
RCAR_HOST_DEVICE void load_floats(const float* from, float (&out)[N]) {
  if constexpr (N % 4 == 0) {
    RCAR_UNROLL
    for (int first = 0; first < N; first += 4) {
      const auto lanes = *reinterpret_cast<const Lanes<float, 4>*>(from + first);
      for (int i = 0; i < 4; ++i) out[first + i] = lanes.values[i];
    }
  } else {
    for (int i = 0; i < N; ++i) out[i] = from[i];
  }
}

template <int N, class T>
RCAR_HOST_DEVICE void store(const float (&values)[N], T* to) {
  Lanes<T, N> lanes;
  for (int i = 0; i < N; ++i) lanes.values[i] = from_float<T>(values[i]);
  *reinterpret_cast<Lanes<T, N>*>(to) = lanes;
}

/// How many neighbours 16 bytes hold: the widest access of a GPU.
template <class T>
inline constexpr int widest_lanes = static_cast<int>(16 / sizeof(T));

}  // namespace rcar::backend::device

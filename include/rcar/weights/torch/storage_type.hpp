#pragma once
/// The number types of PyTorch's storages, and their conversion to float32.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace rcar::weights::torch {

/// `other`: integers and booleans. A state dict counts batches with them; they are no weights.
enum class Number : std::uint8_t { float32, float64, float16, bfloat16, other };

/// One of PyTorch's storage classes and what a number of it is.
struct StorageType {
  std::string_view name;  // the class that a pickle names
  Number number;
  std::size_t bytes;  // of one element
};

/// Those that weights come in.
inline constexpr StorageType storage_types[] = {
    {"torch.FloatStorage", Number::float32, 4}, {"torch.DoubleStorage", Number::float64, 8},
    {"torch.HalfStorage", Number::float16, 2},  {"torch.BFloat16Storage", Number::bfloat16, 2},
    {"torch.LongStorage", Number::other, 8},    {"torch.IntStorage", Number::other, 4},
    {"torch.ShortStorage", Number::other, 2},   {"torch.CharStorage", Number::other, 1},
    {"torch.ByteStorage", Number::other, 1},    {"torch.BoolStorage", Number::other, 1},
};

/// The storage type of that class name, nullptr when there is none.
constexpr const StorageType* find_storage_type(std::string_view name) {
  for (const StorageType& type : storage_types)
    if (type.name == name) return &type;
  return nullptr;
}

/// IEEE 754 binary16 to binary32; exact, NaNs stay NaNs.
constexpr float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000) << 16;
  const std::uint32_t exponent = half >> 10 & 0x1f, fraction = half & 0x3ff;
  if (exponent == 0) {  // zero or subnormal: fraction * 2^-24
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  const std::uint32_t wide = exponent == 31 ? 255 : exponent - 15 + 127;
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

/// Element `index` of a storage as float32. Throws nothing; the caller has checked the bounds.
inline float element(const std::byte* storage, Number number, std::size_t index) {
  const auto load = [&]<class T>(T value) {
    std::memcpy(&value, storage + index * sizeof(T), sizeof(T));
    return value;
  };
  switch (number) {
    case Number::float32:
      return load(float{});
    case Number::float64:
      return static_cast<float>(load(double{}));
    case Number::float16:
      return half_to_float(load(std::uint16_t{}));
    case Number::bfloat16:
      return std::bit_cast<float>(static_cast<std::uint32_t>(load(std::uint16_t{})) << 16);
    case Number::other:
      break;
  }
  return 0;
}

}  // namespace rcar::weights::torch

#pragma once
/// What a device computes with.

#include <cstdint>
#include <string_view>

namespace rcar::backend {

enum class Precision : std::uint8_t {
  fp32,  // float throughout
  tf32,  // float in memory, products of numbers with ten bits' mantissa
  bf16,  // bfloat16 in memory, sums in float
  fp16,  // IEEE binary16 in memory, sums in float
};

namespace device {

/// "cuda", "cuda bf16": what users and reports call a back end of that precision.
constexpr std::string_view name_of(std::string_view device, Precision precision) {
  constexpr std::string_view names[][4] = {{"cuda", "cuda tf32", "cuda bf16", "cuda fp16"},
                                           {"portable", "portable tf32", "portable bf16", "portable fp16"}};
  return names[device == "portable"][static_cast<std::size_t>(precision)];
}

/// See backend::Tolerance.
constexpr float tolerance_of(Precision precision) {
  constexpr float tolerances[] = {1e-5f, 2e-3f, 2e-2f, 3e-3f};
  return tolerances[static_cast<std::size_t>(precision)];
}

}  // namespace device
}  // namespace rcar::backend

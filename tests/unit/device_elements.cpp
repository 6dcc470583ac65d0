/// The short numbers of a device's maps.

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <rcar/backend/device/elements.hpp>

namespace {

using namespace rcar::backend::device;

/// The nearest of all binary16 numbers, by search.
float nearest_half(float x) {
  float best = 0, distance = std::numeric_limits<float>::infinity();
  for (std::uint32_t bits = 0; bits < 0x7c00; ++bits) {
    const float value = std::copysign(to_float(Half{static_cast<std::uint16_t>(bits)}), x);
    const float apart = std::fabs(value - x);
    if (apart < distance || (apart == distance && bits % 2 == 0)) best = value, distance = apart;
  }
  return best;
}

}  // namespace

TEST_CASE("every binary16 number survives the way through float") {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const Half half{static_cast<std::uint16_t>(bits)};
    const float value = to_float(half);
    if ((bits & 0x7c00) == 0x7c00 && (bits & 0x3ff)) {
      CHECK(std::isnan(value));
      CHECK(std::isnan(to_float(from_float<Half>(value))));
    } else {
      CHECK(from_float<Half>(value).bits == bits);
    }
  }
  CHECK(to_float(Half{0x3c00}) == 1.0f);
  CHECK(to_float(Half{0x0001}) == 0x1p-24f);
  CHECK(to_float(Half{0x7bff}) == 65504.0f);
}

TEST_CASE("a float becomes the nearest binary16 number, the even one of two") {
  for (const float x : {1.0f + 0x1p-11f, 1.0f + 3 * 0x1p-11f, 0.1f, -3.14159f, 65519.0f, 0x1p-25f, 0x1.8p-25f, 5.9e-8f,
                        0x1p-14f - 0x1p-26f, 1234.567f, -0x1.004p-14f, 0.0f})
    CHECK(to_float(from_float<Half>(x)) == nearest_half(x));
  CHECK(std::isinf(to_float(from_float<Half>(65520.0f))));  // halfway to what would be next
  CHECK(std::isinf(to_float(from_float<Half>(-1e30f))));
  CHECK(std::signbit(to_float(from_float<Half>(-1e-30f))));
}

TEST_CASE("a float becomes the nearest bfloat16 number, the even one of two") {
  CHECK(to_float(from_float<Bfloat16>(1.0f + 0x1p-8f)) == 1.0f);
  CHECK(to_float(from_float<Bfloat16>(1.0f + 3 * 0x1p-8f)) == 1.0f + 0x1p-6f);
  CHECK(to_float(from_float<Bfloat16>(1.0f + 0x1.1p-8f)) == 1.0f + 0x1p-7f);
  CHECK(to_float(from_float<Bfloat16>(-2.5f)) == -2.5f);
  CHECK(std::isnan(to_float(from_float<Bfloat16>(std::numeric_limits<float>::quiet_NaN()))));
  CHECK(std::isinf(to_float(from_float<Bfloat16>(std::numeric_limits<float>::max()))));
  for (std::uint32_t bits = 0; bits < 0x10000; bits += 3) {
    const float value = to_float(Bfloat16{static_cast<std::uint16_t>(bits)});
    if (!std::isnan(value)) CHECK(from_float<Bfloat16>(value).bits == bits);
  }
}

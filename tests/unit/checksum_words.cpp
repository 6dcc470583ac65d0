#include <catch2/catch.hpp>
#include <cstring>
#include <rcar/core/checksum.hpp>
#include <set>
#include <vector>

namespace {

std::uint64_t sum_of(const std::vector<std::byte>& bytes) {
  const std::span<const std::byte> parts[] = {bytes};
  return rcar::checksum(parts);
}

std::vector<std::byte> pattern(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 37 >> 3);
  return bytes;
}

}  // namespace

TEST_CASE("a checksum changes with any one bit, also of the last odd bytes") {
  for (const std::size_t size : {1u, 7u, 64u, 65u, 200u}) {
    std::vector<std::byte> bytes = pattern(size);
    std::set<std::uint64_t> sums{sum_of(bytes)};
    for (std::size_t bit = 0; bit < 8 * size; ++bit) {
      bytes[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
      CHECK(sums.insert(sum_of(bytes)).second);
      bytes[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    }
  }
}

TEST_CASE("the signs of two values of one lane do not cancel out in a checksum") {
  std::vector<float> values(64, 1.f);
  const auto sum = [&] {
    const std::span<const std::byte> parts[] = {std::as_bytes(std::span(values))};
    return rcar::checksum(parts);
  };
  const std::uint64_t before = sum();
  values[1] = -1, values[17] = -1;
  CHECK(sum() != before);
}

TEST_CASE("a checksum sees where parts end and how many zeros there are") {
  const std::vector<std::byte> bytes = pattern(48), zeros(64);
  const auto split = [&](std::size_t at) {
    const std::span<const std::byte> parts[] = {std::span(bytes).first(at), std::span(bytes).subspan(at)};
    return rcar::checksum(parts);
  };
  CHECK(split(8) != split(16));
  CHECK(sum_of({}) != sum_of(std::vector<std::byte>(1)));
  CHECK(sum_of(std::vector<std::byte>(8)) != sum_of(std::vector<std::byte>(16)));
}

TEST_CASE("a checksum's value is fixed, also of what is divided among threads") {
  CHECK(sum_of(pattern(3)) == 0xa407ce49f0c8902d);
  CHECK(sum_of(pattern((std::size_t{3} << 20) + 5)) == 0xb4e38c6d75d7bcde);
}

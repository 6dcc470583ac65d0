#pragma once
/// CRC-32C (Castagnoli), the checksum of TensorFlow's record files.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rcar {

namespace detail {

/// The remainders of single bytes by the reflected polynomial 0x1EDC6F41.
inline constexpr auto crc32c_table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = rest & 1 ? rest >> 1 ^ 0x82f63b78u : rest >> 1;
    table[byte] = rest;
  }
  return table;
}();

}  // namespace detail

/// RFC 3720, appendix B.4.
constexpr std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t sum = 0xffffffffu;
  for (const char c : bytes) sum = detail::crc32c_table[(sum ^ static_cast<unsigned char>(c)) & 0xff] ^ sum >> 8;
  return ~sum;
}

static_assert(crc32c("123456789") == 0xe3069283u);

/// The form in which record files store it, so that the checksum of data that hold checksums stays sound.
constexpr std::uint32_t masked_crc32c(std::string_view bytes) {
  const std::uint32_t sum = crc32c(bytes);
  return (sum >> 15 | sum << 17) + 0xa282ead8u;
}

}  // namespace rcar

#pragma once
/// What the head of a coded MPEG-4 picture says, as far as one needs it to leave pictures out.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace rcar::mpeg4 {

/// What decoding a packet would do.
enum class Kind {
  key,      // yields one frame and needs no other
  between,  // yields one frame from the one before it
  unsure    // anything else: more headers, a picture that is not coded or goes both ways, damage
};

namespace detail {

class BitReader {
 public:
  explicit BitReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  /// The next bit; 0 past the end.
  int bit() {
    const std::size_t at = next_++;
    return at / 8 < bytes_.size() ? bytes_[at / 8] >> (7 - at % 8) & 1 : 0;
  }
  void skip(std::size_t bits) { next_ += bits; }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t next_ = 0;
};

}  // namespace detail

/// Reads a packet's first header, which must be a picture's (ISO/IEC 14496-2, 6.2.5).
///
/// ticks_per_second  of the layer: vop_time_increment_resolution
inline Kind kind(std::span<const std::uint8_t> packet, int ticks_per_second) {
  constexpr std::uint8_t start[] = {0, 0, 1, 0xb6};
  if (packet.size() < 12 || ticks_per_second < 1) return Kind::unsure;
  for (std::size_t i = 0; i < 4; ++i)
    if (packet[i] != start[i]) return Kind::unsure;
  detail::BitReader bits(packet.subspan(4));
  const int high = bits.bit(), type = 2 * high + bits.bit();
  if (type > 1) return Kind::unsure;  // 0: from itself alone, 1: from the one before
  for (int seconds = 0; bits.bit();)
    if (++seconds > 8) return Kind::unsure;
  if (!bits.bit()) return Kind::unsure;  // a marker
  bits.skip(ticks_per_second == 1 ? 1 : std::bit_width(static_cast<unsigned>(ticks_per_second) - 1));
  if (!bits.bit()) return Kind::unsure;  // a marker
  if (!bits.bit()) return Kind::unsure;  // not coded
  return type == 0 ? Kind::key : Kind::between;
}

}  // namespace rcar::mpeg4

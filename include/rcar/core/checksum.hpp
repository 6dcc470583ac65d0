#pragma once
/// A checksum at the speed of memory. It finds damage; it proves no authorship and is no name, as a SHA-256 is.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "threads.hpp"

namespace rcar {

namespace detail {

inline constexpr std::uint64_t checksum_factor = 0x9e3779b97f4a7c15;  // odd: multiplying loses nothing

constexpr std::uint64_t checksum_step(std::uint64_t sum, std::uint64_t word) {
  const std::uint64_t product = (sum ^ word) * checksum_factor;
  return product ^ product >> 32;
}

/// Eight sums side by side, so that no multiplication waits for the last one.
inline std::uint64_t checksum_of_piece(std::span<const std::byte> bytes) {
  std::array<std::uint64_t, 8> sums{1, 2, 3, 4, 5, 6, 7, 8};
  std::array<std::uint64_t, 8> words;
  const std::uint64_t size = bytes.size();
  for (; bytes.size() >= sizeof words; bytes = bytes.subspan(sizeof words)) {
    std::memcpy(words.data(), bytes.data(), sizeof words);
    for (std::size_t i = 0; i < 8; ++i) sums[i] = checksum_step(sums[i], words[i]);
  }
  words = {};
  if (!bytes.empty()) std::memcpy(words.data(), bytes.data(), bytes.size());
  std::uint64_t sum = size;
  for (std::size_t i = 0; i < 8; ++i) sum = checksum_step(sum, checksum_step(sums[i], words[i]));
  return sum;
}

}  // namespace detail

/// The checksum of `parts`, one after the other, on all threads. Little-endian machines agree on it; the number of
/// threads does not matter. A change of any one 8-byte word changes it, any other change with all but certainty.
inline std::uint64_t checksum(std::span<const std::span<const std::byte>> parts) {
  constexpr std::size_t piece_bytes = std::size_t{1} << 20;
  std::vector<std::span<const std::byte>> pieces;
  for (std::span<const std::byte> part : parts) {
    do {
      pieces.push_back(part.first(std::min(part.size(), piece_bytes)));
      part = part.subspan(pieces.back().size());
    } while (!part.empty());
  }
  std::vector<std::uint64_t> sums(pieces.size());
  parallel_for(pieces.size(), [&](std::size_t i, std::size_t) { sums[i] = detail::checksum_of_piece(pieces[i]); });
  std::uint64_t sum = parts.size();
  for (const std::uint64_t each : sums) sum = detail::checksum_step(sum, each);
  return sum;
}

}  // namespace rcar

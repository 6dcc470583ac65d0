#pragma once
/// One entry of the feature cache: a `.npy` file with a checksum behind the numbers, where readers of `.npy` do not
/// look.

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "../core/checksum.hpp"
#include "../core/error.hpp"
#include "../core/file.hpp"
#include "../core/npy.hpp"

namespace rcar {

/// What reading an entry gives.
struct CacheEntry {
  std::optional<std::vector<float>> features;  // (n, F); nothing when there is no whole entry
  std::string damage;                          // one sentence; empty when the entry is whole or not there
  bool unproven = false;                       // there is an entry without a checksum, as earlier versions wrote them
};

namespace detail {

static_assert(std::endian::native == std::endian::little, "Entries are little-endian, as this machine must be.");

inline std::string cache_entry_head(std::size_t frames, std::size_t feature_dim) {
  return npy_header("<f4", std::array{frames, feature_dim});
}

/// The last line of an entry: a checksum of the file's name, so that an entry under another's name is found out too, of
/// the header and of the values.
inline std::string cache_entry_end(const std::filesystem::path& path, std::string_view header,
                                   std::span<const std::byte> values) {
  const std::string text = path.stem().string() + std::string(header);
  // Not checksum(), whose threads are those that compute features.
  const std::uint64_t sum = checksum_step(checksum_of_piece(std::as_bytes(std::span(text))), checksum_of_piece(values));
  std::string line = "checksum ";
  for (int shift = 60; shift >= 0; shift -= 4) line += "0123456789abcdef"[sum >> shift & 15];
  return line + '\n';
}
inline constexpr std::size_t cache_entry_end_bytes = 9 + 16 + 1;

}  // namespace detail

/// Writes features (n, F), aside and renamed. Throws FileError when that is not possible.
///
/// It does not wait for the disk: an entry that a power failure took or cut is found out and computed again.
inline void write_cache_entry(const std::filesystem::path& path, std::span<const float> features,
                              std::size_t feature_dim) {
  const auto values = std::as_bytes(features);
  const std::string header = detail::cache_entry_head(features.size() / feature_dim, feature_dim);
  AtomicFile file(path);
  file.write(header);
  file.write(values);
  file.write(detail::cache_entry_end(path, header, values));
  file.commit(Durability::in_memory);
}

/// Reads an entry of at most `most_frames` frames of `feature_dim` features. Strict: the file must be byte for byte one
/// that write_cache_entry writes under its name.
inline CacheEntry read_cache_entry(const std::filesystem::path& path, std::size_t feature_dim,
                                   std::size_t most_frames) {
  CacheEntry entry;
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, error))) return entry;
  const auto damaged = [&](const std::string& how) {
    entry.damage = "Cache entry " + quoted(path.string()) + " " + how + ", so it is computed again.";
    return entry;
  };
  std::string bytes;
  try {
    bytes = read_file(path);
  } catch (const FileError&) {
    return damaged("cannot be read");
  }
  constexpr std::size_t header_bytes = npy_header_bytes, end_bytes = detail::cache_entry_end_bytes;
  const std::size_t row_bytes = feature_dim * sizeof(float);
  const auto rows_before = [&](std::size_t end) {  // 0: no entry has such a size
    const std::size_t values = bytes.size() - std::min(bytes.size(), header_bytes + end);
    return values % row_bytes == 0 ? values / row_bytes : 0;
  };
  const auto begins_as = [&](std::size_t rows) {
    return rows > 0 && std::string_view(bytes).substr(0, header_bytes) == detail::cache_entry_head(rows, feature_dim);
  };
  if (begins_as(rows_before(0))) {
    entry.unproven = true;
    return entry;
  }
  const std::size_t rows = rows_before(end_bytes);
  if (rows == 0)
    return damaged("has " + std::to_string(bytes.size()) + " bytes, which no entry of " + std::to_string(feature_dim) +
                   " features has");
  if (rows > most_frames) return damaged("has " + std::to_string(rows) + " frames, which is too many");
  const auto values = std::as_bytes(std::span(bytes)).subspan(header_bytes, rows * row_bytes);
  const std::string_view text = bytes;
  if (!begins_as(rows) ||
      text.substr(text.size() - end_bytes) != detail::cache_entry_end(path, text.substr(0, header_bytes), values))
    return damaged("does not match its checksum");
  std::vector<float> features(rows * feature_dim);
  std::memcpy(features.data(), values.data(), values.size());
  for (const float value : features)
    if (!std::isfinite(value)) return damaged("holds values that are no numbers");
  entry.features = std::move(features);
  return entry;
}

}  // namespace rcar

#pragma once
/// What an extraction tells, as the bytes of a message. Names are bytes too: they need not be UTF-8.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../data/extraction.hpp"
#include "../data/quarantine.hpp"

namespace rcar::cluster {

/// What an extraction by several ranks tells.
struct SharedSummary : ExtractSummary {
  std::vector<std::size_t> clips_of_rank;  // how many clips each rank took, those that were set aside among them
};

namespace detail {

inline void put(std::string& bytes, std::uint64_t number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}
inline void put(std::string& bytes, const std::string& text) {
  put(bytes, text.size());
  bytes += text;
}

inline std::uint64_t take_number(std::string_view& bytes) {
  std::uint64_t number = 0;
  if (bytes.size() < sizeof number) throw Error("A message of another rank is cut; start all ranks on one version.");
  std::memcpy(&number, bytes.data(), sizeof number);
  bytes.remove_prefix(sizeof number);
  return number;
}
inline std::string take_text(std::string_view& bytes) {
  const std::uint64_t size = take_number(bytes);
  if (size > bytes.size()) throw Error("A message of another rank is cut; start all ranks on one version.");
  const std::string text(bytes.substr(0, size));
  bytes.remove_prefix(size);
  return text;
}

}  // namespace detail

/// The bytes of a summary, as unpack() reads them.
inline std::string pack(const SharedSummary& summary) {
  std::string bytes;
  for (const std::uint64_t number :
       {summary.clips, summary.cached, summary.frames, std::bit_cast<std::uint64_t>(summary.seconds),
        std::bit_cast<std::uint64_t>(summary.frames_per_second), summary.quarantine.size(),
        summary.clips_of_rank.size()})
    detail::put(bytes, number);
  for (const QuarantinedClip& each : summary.quarantine) {
    detail::put(bytes, each.clip);
    detail::put(bytes, each.reason);
    detail::put(bytes, each.row);
  }
  for (const std::size_t clips : summary.clips_of_rank) detail::put(bytes, clips);
  return bytes;
}

/// Throws Error for what pack() did not make.
inline SharedSummary unpack_summary(std::string_view bytes) {
  SharedSummary summary;
  summary.clips = detail::take_number(bytes);
  summary.cached = detail::take_number(bytes);
  summary.frames = detail::take_number(bytes);
  summary.seconds = std::bit_cast<double>(detail::take_number(bytes));
  summary.frames_per_second = std::bit_cast<double>(detail::take_number(bytes));
  const std::uint64_t quarantined = detail::take_number(bytes), ranks = detail::take_number(bytes);
  for (std::uint64_t i = 0; i < quarantined; ++i) {
    std::string clip = detail::take_text(bytes), reason = detail::take_text(bytes);
    const std::uint64_t row = detail::take_number(bytes);
    summary.quarantine.push_back({std::move(clip), std::move(reason), row});
  }
  for (std::uint64_t i = 0; i < ranks; ++i) summary.clips_of_rank.push_back(detail::take_number(bytes));
  return summary;
}

}  // namespace rcar::cluster

#pragma once
/// Clips that were set aside because they do not decode.

#include <array>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "../core/file.hpp"
#include "csv.hpp"

namespace rcar {

/// A clip that was set aside, and why.
struct QuarantinedClip {
  std::string clip, reason;
  std::size_t row = 0;  // in the list that it was set aside from
};

/// Writes `clip,reason`, aside and renamed; only the header when every clip decoded.
inline void write_quarantine(const std::filesystem::path& path, std::span<const QuarantinedClip> quarantine) {
  std::string text = "clip,reason\n";
  for (const QuarantinedClip& each : quarantine) text += csv_line(std::array{each.clip, each.reason});
  write_file(path, text);
}

}  // namespace rcar

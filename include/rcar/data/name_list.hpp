#pragma once
/// How messages list names: the first few, then how many more there are.

#include <cstddef>
#include <span>
#include <string>

#include "../core/error.hpp"

namespace rcar {

/// `A, B, C and 5 more`. Control characters are made visible, so that a message stays one line.
inline std::string name_list(std::span<const std::string> names, std::size_t most = 10) {
  std::string out;
  const std::size_t shown = names.size() <= most + 1 ? names.size() : most;  // "and 1 more" says less than the name
  for (std::size_t i = 0; i < shown; ++i) {
    const std::string visible = quoted(names[i]);
    out += (i ? ", " : "") + visible.substr(1, visible.size() - 2);
  }
  if (shown < names.size()) out += " and " + std::to_string(names.size() - shown) + " more";
  return out;
}

/// `1 clip`, `2 clips`.
inline std::string counted(std::size_t count, const std::string& thing, const std::string& things) {
  return std::to_string(count) + " " + (count == 1 ? thing : things);
}

}  // namespace rcar

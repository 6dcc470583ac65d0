#pragma once
/// The folder with real clips and real weight files, which are no part of the project (licence and size).

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

#include "skip.hpp"

namespace rcar::test {

/// `$RCAR_SHARED`, else `../shared` beside the source tree; where it is absent the running test counts as skipped.
///
///     const auto shared = rcar::test::shared_data();
///     if (!shared) return;
///     read(*shared / "weights/efficientnetb0_notop.h5");
///
/// Throws std::runtime_error when RCAR_SHARED names no folder: who sets it wants the tests to run.
inline std::optional<std::filesystem::path> shared_data() {
  if (const char* given = std::getenv("RCAR_SHARED"); given && *given) {
    if (!std::filesystem::is_directory(given))
      throw std::runtime_error(std::string("RCAR_SHARED is '") + given + "', which is no folder.");
    return std::filesystem::absolute(given);
  }
#ifdef RCAR_SOURCE_DIR
  const std::filesystem::path beside = std::filesystem::path(RCAR_SOURCE_DIR).parent_path() / "shared";
#else
  const std::filesystem::path beside = std::filesystem::absolute("../shared");
#endif
  if (std::filesystem::is_directory(beside)) return beside;
  skip("no shared data; set RCAR_SHARED to its folder");
  return std::nullopt;
}

}  // namespace rcar::test

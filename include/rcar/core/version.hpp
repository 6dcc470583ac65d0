#pragma once
/// The one place that holds rcar's version; CMake reads it from here.

#define RCAR_VERSION_MAJOR 0
#define RCAR_VERSION_MINOR 1
#define RCAR_VERSION_PATCH 0

namespace rcar {

/// Version of rcar, "major.minor.patch".
inline constexpr const char* version = "0.1.0";

/// Changes whenever the numbers that an engine computes may change: part of every cache key.
inline constexpr int engine_version = 3;

}  // namespace rcar

#pragma once
/// The one place that holds rcar's version; CMake and the packages read it, a test compares the rest.

#define RCAR_VERSION_MAJOR 0
#define RCAR_VERSION_MINOR 1
#define RCAR_VERSION_PATCH 0

#define RCAR_DOTTED_TEXT(a, b, c) #a "." #b "." #c
#define RCAR_DOTTED(a, b, c) RCAR_DOTTED_TEXT(a, b, c)

namespace rcar {

/// Version of rcar, "major.minor.patch".
inline constexpr const char* version = RCAR_DOTTED(RCAR_VERSION_MAJOR, RCAR_VERSION_MINOR, RCAR_VERSION_PATCH);

#undef RCAR_DOTTED
#undef RCAR_DOTTED_TEXT

/// Changes whenever the numbers that an engine computes may change: part of every cache key.
inline constexpr int engine_version = 3;

}  // namespace rcar

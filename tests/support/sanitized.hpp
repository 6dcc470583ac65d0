#pragma once
// Whether a sanitizer watches this program: it takes memory beforehand, and catches signals.

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RCAR_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RCAR_SANITIZED
#endif
#endif

namespace rcar::test {

#ifdef RCAR_SANITIZED
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

}  // namespace rcar::test

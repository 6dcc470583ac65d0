#pragma once
/// How a test says that it could not run here. Catch2 v2 has no such verdict, so main() gives it: when nothing failed
/// and a test was skipped, the program ends with `skip_exit_code`, which CTest shows as "Skipped", never as "Passed".

#include <catch2/catch.hpp>
#include <string>

namespace rcar::test {

inline constexpr int skip_exit_code = 77;
inline int skipped_tests = 0;

/// Notes that the running test is skipped, and why; return from the test after it.
///
///     if (!gpu) return rcar::test::skip("no GPU");
inline void skip(const std::string& reason) {
  ++skipped_tests;
  WARN("skipped: " << reason);
}

}  // namespace rcar::test

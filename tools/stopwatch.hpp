#pragma once
// Seconds of a program's stages.

#include <chrono>
#include <utility>

namespace rcar::tools {

class Stopwatch {
 public:
  /// Seconds since the last call, at first since the start.
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    return std::chrono::duration<double>(now - std::exchange(last_, now)).count();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace rcar::tools

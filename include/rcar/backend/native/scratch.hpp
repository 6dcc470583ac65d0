#pragma once
/// Memory that a thread keeps for the next call, so that no primitive allocates once it has seen its largest shape.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rcar::backend::native {

/// At least `count` floats on a cache line of their own, of the calling thread; what they held may be gone. `Use` tells
/// apart memory that is needed at the same time.
template <class Use>
float* thread_scratch(std::size_t count) {
  constexpr std::size_t line = 64 / sizeof(float);
  static thread_local std::vector<float> memory;
  if (memory.size() < count + line) memory = std::vector<float>(count + line);
  const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
  return memory.data() + (64 - address % 64) % 64 / sizeof(float);
}

}  // namespace rcar::backend::native

#pragma once
/// Memory for numbers, aligned to cache lines and not initialised.

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

namespace rcar {

/// Gives memory of an aligned allocation back.
struct FreeMemory {
  void operator()(float* memory) const { std::free(memory); }
};

/// Floats that start on a cache line, not initialised.
using Buffer = std::unique_ptr<float[], FreeMemory>;

/// Throws std::bad_alloc.
inline Buffer allocate_floats(std::size_t count) {
  const std::size_t bytes = std::max<std::size_t>(64, (count * sizeof(float) + 63) / 64 * 64);
  Buffer buffer(static_cast<float*>(std::aligned_alloc(64, bytes)));
  if (!buffer) throw std::bad_alloc();
  return buffer;
}

}  // namespace rcar

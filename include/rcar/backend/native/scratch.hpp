#pragma once
/// Memory whose vectors lie on cache lines, and memory that a thread keeps for the next call, so that no primitive
/// allocates once it has seen its largest shape.

#include <cstddef>
#include <new>
#include <vector>

namespace rcar::backend::native {

/// Memory that begins a cache line: no vector of it then lies across two.
template <class T>
struct LineAllocator {
  using value_type = T;
  static constexpr std::align_val_t line{64};

  LineAllocator() = default;
  template <class U>
  LineAllocator(const LineAllocator<U>&) {}

  T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), line)); }
  void deallocate(T* p, std::size_t) { ::operator delete(p, line); }
  friend bool operator==(LineAllocator, LineAllocator) { return true; }
};

using Floats = std::vector<float, LineAllocator<float>>;

/// At least `count` floats of the calling thread, on a cache line; what they held may be gone. `Use` tells apart memory
/// that is needed at the same time.
template <class Use>
float* thread_scratch(std::size_t count) {
  static thread_local Floats memory;
  if (memory.size() < count) memory = Floats(count);
  return memory.data();
}

}  // namespace rcar::backend::native

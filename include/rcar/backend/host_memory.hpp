#pragma once
/// Memory of the back ends that compute on the processor: the host's own.

#include <algorithm>
#include <cstddef>
#include <vector>

namespace rcar::backend {

/// What a back end offers as Memory whose device is the processor itself.
struct HostMemory {
  using Memory = std::vector<float>;
  /// A clip at a time: no result depends on the batch, and clips are read where they lie.
  static constexpr int clips_per_pass = 1;

  static void upload(const float* host, std::size_t count, float* memory) { std::copy_n(host, count, memory); }
  static void download(const float* memory, std::size_t count, float* host) { std::copy_n(memory, count, host); }
  static void assign(std::size_t count, const float* from, float* to) { std::copy_n(from, count, to); }
  static void zero(std::size_t count, float* memory) { std::fill_n(memory, count, 0.0f); }
};

}  // namespace rcar::backend

#pragma once
/// Memory that running a network needs and that outlives a call, so that no call allocates after the first few.

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "../core/threads.hpp"

namespace rcar {

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

/// What running one frame needs: the arena of its feature maps, and scratch for every thread that takes part.
class Workspace {
 public:
  Workspace(std::size_t arena_floats, std::size_t scratch_floats)
      : arena_(allocate_floats(arena_floats)), scratch_floats_(scratch_floats), scratch_(thread_count()) {}

  float* arena() { return arena_.get(); }

  /// The scratch of one worker of parallel_for.
  float* scratch(std::size_t worker) {
    if (!scratch_[worker]) scratch_[worker] = allocate_floats(scratch_floats_);
    return scratch_[worker].get();
  }

 private:
  Buffer arena_;
  std::size_t scratch_floats_;
  std::vector<Buffer> scratch_;
};

/// The workspaces of one network: taken for a call and given back, so that calls from several threads do not meet.
class WorkspacePool {
 public:
  WorkspacePool(std::size_t arena_floats, std::size_t scratch_floats)
      : arena_floats_(arena_floats), scratch_floats_(scratch_floats) {}

  /// A workspace for as long as the lease lives, taken when first asked for.
  class Lease {
   public:
    explicit Lease(WorkspacePool& pool) : pool_(pool) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() {
      if (workspace_) pool_.give_back(std::move(workspace_));
    }
    Workspace& operator*() {
      if (!workspace_) workspace_ = pool_.take();
      return *workspace_;
    }

   private:
    WorkspacePool& pool_;
    std::unique_ptr<Workspace> workspace_;
  };

 private:
  std::unique_ptr<Workspace> take() {
    {
      std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        auto workspace = std::move(idle_.back());
        idle_.pop_back();
        return workspace;
      }
    }
    return std::make_unique<Workspace>(arena_floats_, scratch_floats_);
  }
  void give_back(std::unique_ptr<Workspace> workspace) {
    std::lock_guard lock(mutex_);
    idle_.push_back(std::move(workspace));
  }

  std::size_t arena_floats_, scratch_floats_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Workspace>> idle_;
};

}  // namespace rcar

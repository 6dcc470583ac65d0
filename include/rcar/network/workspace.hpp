#pragma once
/// Memory that running a network needs and that outlives a call, so that no call allocates after the first few.

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "../core/buffer.hpp"
#include "../core/threads.hpp"

namespace rcar {

/// What running a group of frames needs: the arena of one frame, that of the group, and scratch for every thread that
/// takes part.
class Workspace {
 public:
  Workspace(std::size_t single_floats, std::size_t group_floats, std::size_t scratch_floats)
      : single_(allocate_floats(single_floats)),
        group_floats_(group_floats),
        scratch_floats_(scratch_floats),
        scratch_(thread_count()) {}

  /// Makes room for so many frames; what the group's arena held is lost when it grows.
  void reserve_group(int frames) {
    if (frames <= frames_) return;
    group_ = allocate_floats(group_floats_ * static_cast<std::size_t>(frames));
    frames_ = frames;
  }

  float* single() { return single_.get(); }
  float* group() { return group_.get(); }

  /// The scratch of one worker of parallel_for.
  float* scratch(std::size_t worker) {
    if (!scratch_[worker]) scratch_[worker] = allocate_floats(scratch_floats_);
    return scratch_[worker].get();
  }

 private:
  Buffer single_, group_;
  int frames_ = 0;
  std::size_t group_floats_, scratch_floats_;
  std::vector<Buffer> scratch_;
};

/// The workspaces of one network: taken for a call and given back, so that calls from several threads do not meet.
class WorkspacePool {
 public:
  WorkspacePool(std::size_t single_floats, std::size_t group_floats, std::size_t scratch_floats)
      : single_floats_(single_floats), group_floats_(group_floats), scratch_floats_(scratch_floats) {}

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
    return std::make_unique<Workspace>(single_floats_, group_floats_, scratch_floats_);
  }
  void give_back(std::unique_ptr<Workspace> workspace) {
    std::lock_guard lock(mutex_);
    idle_.push_back(std::move(workspace));
  }

  std::size_t single_floats_, group_floats_, scratch_floats_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Workspace>> idle_;
};

}  // namespace rcar

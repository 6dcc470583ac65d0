#pragma once
/// The interpreter of plans: frames go in as RGB bytes, features come out.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "../backend/concept.hpp"
#include "../core/threads.hpp"
#include "../graph/plan.hpp"
#include "../weights/store.hpp"
#include "memory.hpp"
#include "packing.hpp"
#include "primitive.hpp"
#include "readers.hpp"
#include "workspace.hpp"

namespace rcar {

/// A network with its weights, on a back end whose memory is the host's.
///
///     Network<backend::Default> network(plan_view<EfficientNetB0<224>>(), store);
///     network.forward(frames, n, features);   // frames (N, D, D, 3) RGB bytes, features (N, F)
///
/// As long as there are frames for all threads, each thread takes groups of whole frames; the frames left over are
/// shared block by block. No back end's result depends on either, so a feature has the same bits in any batch and
/// for any number of threads. `forward` may be called from several threads at once.
template <backend::MapBackend B>
class Network {
  static_assert(backend::computes_on_host<B>,
                "Networks on a device are in a header of their own: include <rcar/cuda.hpp>, or "
                "network/device_network.hpp.");

 public:
  /// Folds and packs the weights; `store` is not needed afterwards.
  /// Throws WeightsError, naming the first tensor that is missing or has another shape.
  Network(const graph::PlanView& plan, const weights::Store& store) : Network(plan, pack_network<B>(plan, store)) {}

  /// Takes weights that are packed, as load_backbone returns them.
  Network(const graph::PlanView& plan, PackedNetwork<B> packed)
      : plan_(plan), weights_(std::move(packed)), memory_(plan_, B::most_frames) {
    plan_.normalization = weights_.normalization;
    std::size_t scratch_floats = 0;
    const int parts = static_cast<int>(thread_count());
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
      const backend::StepShape shape = describe(plan.steps[i]);
      blocks_.push_back(B::block(shape, parts));
      scratch_floats = std::max(scratch_floats, B::scratch_floats(shape));
      fused_.push_back(false);
      fused_blocks_.push_back(blocks_.back());
      if constexpr (backend::FusingBackend<B>) {
        if (i == 0 || !reads_alone(plan_, i - 1, i)) continue;
        const backend::StepShape before = describe(plan.steps[i - 1]);
        if (!B::fuses(before, shape)) continue;
        fused_.back() = true;
        fused_blocks_.back() = B::fused_block(before, shape, parts);
        scratch_floats = std::max(scratch_floats, B::fused_scratch_floats(before, shape));
      }
    }
    workspaces_ = std::make_unique<WorkspacePool>(memory_.single_floats(), memory_.group_floats(1), scratch_floats);
  }

  const graph::PlanView& plan() const { return plan_; }
  std::size_t features() const { return static_cast<std::size_t>(plan_.features); }
  std::size_t frame_bytes() const { return plan_.input.size(); }

  /// Whether memory suffices for every thread to run frames of its own.
  bool fits_one_a_thread() const { return frames_together(1) > 0; }

  /// Features of `count` frames. frames (N, D, D, 3) RGB bytes; features (N, F).
  void forward(const std::uint8_t* frames, std::size_t count, float* features) const {
    const std::size_t threads = inside_parallel_for() ? 1 : thread_count();
    const std::size_t together = frames_together(count / threads);
    const std::size_t whole = together ? count / threads * threads : 0;
    const std::size_t groups = together ? (whole / threads + together - 1) / together * threads : 0;
    std::deque<WorkspacePool::Lease> leases;
    for (std::size_t worker = 0; worker < threads; ++worker) leases.emplace_back(*workspaces_);
    const auto run = [&](std::size_t first, std::size_t end, std::size_t worker) {
      Group group{*leases[worker], frames + first * frame_bytes(), static_cast<int>(end - first)};
      run_group(group, [](const Step&) {});
      copy_features(group, features + first * this->features());
    };
    parallel_for(groups, [&](std::size_t group, std::size_t worker) {
      run(whole * group / groups, whole * (group + 1) / groups, worker);
    });
    for (std::size_t frame = whole; frame < count; ++frame) run(frame, frame + 1, 0);
  }

  /// Runs one frame and calls visit(step, output) after every step, none of them fused; output is a backend::ConstMap.
  /// For reports by layer.
  template <class Visit>
  void trace(const std::uint8_t* frame, Visit visit) const {
    WorkspacePool::Lease lease(*workspaces_);
    Group group{*lease, frame, 1};
    group.workspace.reserve_group(1);
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      run_step(i, group, 0, 1, false);
      visit(plan_.steps[i], backend::ConstMap(map(plan_.steps[i].output, group, 0, 1)));
    }
  }

  /// Runs `count` frames (1 to the back end's most) as `forward` does for one group of them and calls visit(step)
  /// whenever a step has ended, once a frame in the early steps; of two fused steps the first ends at once. For
  /// timings by layer. Called inside an item of parallel_for it runs on that thread alone.
  template <class Visit>
  void profile(const std::uint8_t* frames, int count, Visit visit) const {
    WorkspacePool::Lease lease(*workspaces_);
    Group group{*lease, frames, count};
    run_group(group, visit);
  }

 private:
  /// Where the arenas of all threads would take more than this, one frame at a time is shared by all threads instead,
  /// so that memory does not grow with the number of processors.
  static constexpr std::size_t arenas_limit_bytes = std::size_t{512} << 20;

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }

  backend::StepShape describe(const Step& step) const { return step_shape(plan_, step); }

  /// Frames that a thread takes through the late steps at once; 0: too little memory for a frame a thread.
  std::size_t frames_together(std::size_t frames_of_a_thread) const {
    const std::size_t limit = arenas_limit_bytes / thread_count() / sizeof(float);
    std::size_t together = std::min<std::size_t>(frames_of_a_thread, B::most_frames);
    while (together > 0 && memory_.single_floats() + memory_.group_floats(static_cast<int>(together)) > limit)
      --together;
    return together;
  }

  /// Frames that one thread, or all threads together, take through the network.
  struct Group {
    Workspace& workspace;
    const std::uint8_t* pixels = nullptr;
    int frames = 1;
  };

  /// All steps for all frames of a group; calls visit(step) after each.
  template <class Visit>
  void run_group(Group& group, Visit visit) const {
    group.workspace.reserve_group(group.frames);
    for (int frame = 0; frame < group.frames; ++frame) {
      for (std::size_t i = 0; i < memory_.together_from(); ++i) {
        run_step(i, group, frame, 1, true);
        visit(plan_.steps[i]);
      }
    }
    for (std::size_t i = memory_.together_from(); i < plan_.steps.size(); ++i) {
      run_step(i, group, 0, group.frames, true);
      visit(plan_.steps[i]);
    }
  }

  /// One step for frames [first, first + count) of a group, in blocks when all threads share one frame or the back end
  /// knows no larger calls.
  void run_step(std::size_t i, Group& group, int first, int count, bool fuse) const {
    const Step& step = plan_.steps[i];
    if (fuse && i + 1 < plan_.steps.size() && fused_[i + 1]) return;
    const Extent& extent = plan_.views[at(step.output)].extent;
    const bool whole = B::most_frames > 1 && inside_parallel_for();
    const backend::BlockSize block = whole               ? backend::BlockSize{extent.height, extent.channels}
                                     : fuse && fused_[i] ? fused_blocks_[i]
                                                         : blocks_[i];
    const int down = (extent.height + block.rows - 1) / block.rows;
    const int across = (extent.channels + block.channels - 1) / block.channels;
    parallel_for(at(down * across), [&](std::size_t item, std::size_t worker) {
      const int begin = static_cast<int>(item) % down * block.rows,
                channel = static_cast<int>(item) / down * block.channels;
      const backend::Rows rows{begin, std::min(begin + block.rows, extent.height), channel};
      const int channels = std::min(block.channels, extent.channels - channel);
      const auto slice = [&](backend::Map map) {
        if (map && map.extent.channels == extent.channels) map.data += channel, map.extent.channels = channels;
        return map;
      };
      const backend::Map out = slice(map(step.output, group, first, count));
      float* scratch = group.workspace.scratch(worker);
      if (fuse && fused_[i])
        return run_fused(i, map(plan_.steps[i - 1].input, group, first, count), out, rows, scratch);
      if (step.kind == StepKind::normalize) return normalize(group.pixels + at(first) * frame_bytes(), out, rows);
      run_primitive<B>(step,
                       {map(step.input, group, first, count), slice(map(step.residual, group, first, count)),
                        map(step.scale, group, first, count).data, out,
                        step.weights == none ? nullptr : &*weights_.entries[at(step.weights)]},
                       rows, scratch);
    });
  }

  void copy_features(Group& group, float* features) const {
    for (int frame = 0; frame < group.frames; ++frame)
      std::copy_n(map(plan_.output, group, frame, 1).data, this->features(), features + at(frame) * this->features());
  }

  backend::Map map(int view, Group& group, int first, int count) const {
    return memory_.map(view, group.workspace.single(), group.workspace.group(), group.frames, first, count);
  }

  void run_fused(std::size_t i, backend::ConstMap in, backend::Map out, backend::Rows rows, float* scratch) const {
    if constexpr (backend::FusingBackend<B>) {
      const Step &expand = plan_.steps[i - 1], &step = plan_.steps[i];
      B::expand_depthwise(in, *weights_.entries[at(expand.weights)], expand.activation, step.window,
                          *weights_.entries[at(step.weights)], step.activation, out, rows, scratch);
    }
  }

  void normalize(const std::uint8_t* frames, const backend::Map& out, backend::Rows rows) const {
    for (int f = 0; f < out.frames; ++f)
      B::normalize(frames + at(f) * frame_bytes(), plan_.normalization.scale.data(), plan_.normalization.offset.data(),
                   out.frame(f), rows);
  }

  graph::PlanView plan_;
  PackedNetwork<B> weights_;
  GroupMemory memory_;
  std::vector<backend::BlockSize> blocks_, fused_blocks_;  // by step: alone, and together with the one before it
  std::vector<bool> fused_;                                // by step: computed together with the one before it
  std::unique_ptr<WorkspacePool> workspaces_;
};

}  // namespace rcar

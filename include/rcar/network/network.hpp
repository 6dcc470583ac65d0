#pragma once
/// The interpreter of plans: frames go in as RGB bytes, features come out.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "../backend/concept.hpp"
#include "../core/threads.hpp"
#include "../graph/plan.hpp"
#include "../weights/fold.hpp"
#include "../weights/store.hpp"
#include "normalization.hpp"
#include "workspace.hpp"

namespace rcar {

/// A network with its weights, on a back end whose memory is the host's.
///
///     Network<backend::Default> network(plan_view<EfficientNetB0<224>>(), store);
///     network.forward(frames, n, features);   // frames (N, D, D, 3) RGB bytes, features (N, F)
///
/// Every step is cut into blocks of rows by its shape alone, and one thread runs a block. As long as there are frames
/// for all threads, each thread takes whole frames; the frames left over are shared block by block. So a feature has
/// the same bits in any batch and for any number of threads. `forward` may be called from several threads at once.
template <backend::MapBackend B>
class Network {
 public:
  /// Folds and packs the weights; `store` is not needed afterwards.
  /// Throws WeightsError, naming the first tensor that is missing or has another shape.
  Network(const graph::PlanView& plan, const weights::Store& store) : plan_(plan), weights_(plan.weights.size()) {
    plan_.normalization = stored_normalization(plan, store);
    weights::check_weights(plan, store);
    parallel_for(plan.weights.size(), [&](std::size_t i, std::size_t) {
      auto folded = weights::fold(plan, plan.weights[i], store);
      weights_[i].emplace(B::pack(folded.shape, std::move(folded.kernel), std::move(folded.bias)));
    });
    std::size_t scratch_floats = 0;
    for (const Step& step : plan.steps) {
      const backend::StepShape shape = describe(step);
      const int rows = std::max(1, B::block_rows(shape));
      blocks_.push_back({rows, (shape.output.height + rows - 1) / rows});
      scratch_floats = std::max(scratch_floats, B::scratch_floats(shape));
    }
    workspaces_ = std::make_unique<WorkspacePool>(plan.arena_floats, scratch_floats);
  }

  const graph::PlanView& plan() const { return plan_; }
  std::size_t features() const { return static_cast<std::size_t>(plan_.features); }
  std::size_t frame_bytes() const { return plan_.input.size(); }

  /// Features of `count` frames. frames (N, D, D, 3) RGB bytes; features (N, F).
  void forward(const std::uint8_t* frames, std::size_t count, float* features) const {
    const std::size_t threads = thread_count();
    const bool roomy = threads * plan_.arena_floats * sizeof(float) <= arenas_limit_bytes;
    const std::size_t whole = roomy ? count / threads * threads : 0;
    std::deque<WorkspacePool::Lease> leases;
    for (std::size_t worker = 0; worker < threads; ++worker) leases.emplace_back(*workspaces_);
    const auto run = [&](std::size_t frame, std::size_t worker) {
      float* out = features + frame * this->features();
      run_steps(frames + frame * frame_bytes(), *leases[worker], [](const Step&, const backend::ConstMap&) {});
      copy_features(*leases[worker], out);
    };
    parallel_for(whole, run);
    for (std::size_t frame = whole; frame < count; ++frame) run(frame, 0);
  }

  /// Runs one frame and calls visit(step, output) after every step; output is a backend::ConstMap. For reports by
  /// layer.
  template <class Visit>
  void trace(const std::uint8_t* frame, Visit visit) const {
    WorkspacePool::Lease lease(*workspaces_);
    run_steps(frame, *lease, visit);
  }

 private:
  /// Where the arenas of all threads would take more than this, one frame at a time is shared by all threads instead,
  /// so that memory does not grow with the number of processors.
  static constexpr std::size_t arenas_limit_bytes = std::size_t{512} << 20;

  struct Blocks {
    int rows = 0, count = 0;
  };

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }

  backend::StepShape describe(const Step& step) const {
    backend::StepShape shape;
    shape.kind = step.kind;
    shape.window = step.window;
    shape.input = step.input == none ? plan_.input : plan_.views[at(step.input)].extent;
    shape.output = plan_.views[at(step.output)].extent;
    if (step.weights != none) shape.kernel = weights::kernel_shape(plan_.weights[at(step.weights)]);
    shape.scaled = step.scale != none;
    return shape;
  }

  template <class Visit>
  void run_steps(const std::uint8_t* frame, Workspace& workspace, Visit visit) const {
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      const Step& step = plan_.steps[i];
      const Blocks blocks = blocks_[i];
      const int height = plan_.views[at(step.output)].extent.height;
      parallel_for(at(blocks.count), [&](std::size_t block, std::size_t worker) {
        const int begin = static_cast<int>(block) * blocks.rows;
        run_block(step, frame, workspace.arena(), {begin, std::min(begin + blocks.rows, height)},
                  workspace.scratch(worker));
      });
      visit(step, map(step.output, static_cast<const float*>(workspace.arena())));
    }
  }

  void copy_features(Workspace& workspace, float* features) const {
    std::copy_n(workspace.arena() + plan_.views[at(plan_.output)].offset, this->features(), features);
  }

  template <class T>
  backend::BasicMap<T> map(int view, T* arena) const {
    if (view == none) return {};
    const MapView& place = plan_.views[at(view)];
    return {arena + place.offset, place.extent, place.pixel_stride};
  }

  void run_block(const Step& step, const std::uint8_t* frame, float* arena, backend::Rows rows, float* scratch) const {
    const float* constant = arena;
    const backend::ConstMap in = map(step.input, constant), residual = map(step.residual, constant);
    const float* scale = map(step.scale, constant).data;
    const backend::Map out = map(step.output, arena);
    const typename B::Weights* weights = step.weights == none ? nullptr : &*weights_[at(step.weights)];
    switch (step.kind) {
      case StepKind::normalize:
        return B::normalize(frame, plan_.normalization.scale.data(), plan_.normalization.offset.data(), out, rows);
      case StepKind::convolution:
        return B::convolution(in, scale, step.window, *weights, step.activation, residual, out, rows, scratch);
      case StepKind::depthwise_convolution:
        return B::depthwise_convolution(in, step.window, *weights, step.activation, out, rows);
      case StepKind::max_pooling:
        return B::max_pooling(in, step.window, out, rows);
      case StepKind::average_pooling:
        return B::average_pooling(in, step.window, out, rows);
      case StepKind::global_average_pooling:
        return B::global_average_pooling(in, out);
      case StepKind::activation:
        return B::activation(in, nullptr, step.activation, out, rows);
      case StepKind::add:
        return B::add(in, residual, step.activation, out, rows);
      case StepKind::multiply:
        return B::multiply(in, scale, out, rows);
      case StepKind::copy:
        return B::copy(in, out, rows);
    }
  }

  graph::PlanView plan_;
  std::vector<std::optional<typename B::Weights>> weights_;
  std::vector<Blocks> blocks_;  // by step
  std::unique_ptr<WorkspacePool> workspaces_;
};

}  // namespace rcar

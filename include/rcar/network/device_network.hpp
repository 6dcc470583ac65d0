#pragma once
/// The interpreter of plans for a back end with memory of its own: whole batches go through each step together, in an
/// arena of the memory plan, and are recorded, so that a batch is one call to the device.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../backend/concept.hpp"
#include "../core/error.hpp"
#include "../core/square.hpp"
#include "../graph/plan.hpp"
#include "../weights/store.hpp"
#include "device_lane.hpp"
#include "network.hpp"
#include "packing.hpp"
#include "primitive.hpp"
#include "readers.hpp"

namespace rcar {

/// What runs a plan on a device. Its recordings hold its address, so it stays where it is; Network owns one.
template <backend::DeviceBackend B>
class DeviceInterpreter {
  using Value = typename B::Value;
  using Map = backend::BasicMap<Value>;
  template <class T>
  using Array = typename B::template Array<T>;

 public:
  static constexpr std::size_t most_frames = 512;  // of a batch
  static constexpr std::size_t slots = 2;          // batches that may be under way at a time

  std::function<void(const std::string&)> warn = [](const std::string& text) {
    std::fprintf(stderr, "warning: %s\n", text.c_str());
  };

  DeviceInterpreter(const graph::PlanView& plan, PackedNetwork<B> packed) : plan_(plan), weights_(std::move(packed)) {
    plan_.normalization = weights_.normalization;
    std::array<float, 6> normalization{};
    std::copy_n(plan_.normalization.scale.begin(), 3, normalization.begin());
    std::copy_n(plan_.normalization.offset.begin(), 3, normalization.begin() + 3);
    normalization_ = Array<float>(normalization.data(), normalization.size());
    std::size_t scratch = 0;
    for (const Step& step : plan_.steps) scratch = std::max(scratch, B::scratch_floats(step_shape(plan_, step)));
    scratch_ = Array<Value>(scratch);
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) excites_next_.push_back(excites_next(i));
  }
  DeviceInterpreter(const DeviceInterpreter&) = delete;
  DeviceInterpreter& operator=(const DeviceInterpreter&) = delete;

  const graph::PlanView& plan() const { return plan_; }

  /// Frames that a batch may have: a kernel's threads, one for four channels of a pixel or for one, have indices of 31
  /// bits. 497 of EfficientNetB7<600>.
  static std::size_t most_frames_of(const graph::PlanView& plan) {
    std::size_t most = plan.input.size();  // threads of a frame
    for (const MapView& view : plan.views) {
      const bool by_four = view.extent.channels % 8 == 0 && view.pixel_stride % 8 == 0 && view.offset % 8 == 0;
      most = std::max(most, view.extent.size() / (by_four ? 4 : 1));
    }
    return std::clamp<std::size_t>(static_cast<std::size_t>(std::numeric_limits<int>::max()) / most, 1, most_frames);
  }

  void forward(std::span<const Square> squares, float* features) {
    std::lock_guard lock(mutex_);
    give_up();
    std::size_t begun = 0, finished = 0, slot = 0;
    std::array<std::size_t, slots> counts{};
    while (finished < squares.size()) {
      if (begun < squares.size() && counts[slot] == 0) {
        counts[slot] = queue(slot, squares.subspan(begun));
        begun += counts[slot];
        slot = 1 - slot;
        continue;
      }
      const std::size_t oldest = counts[slot] > 0 ? slot : 1 - slot;
      collect(oldest, features + finished * this->features());
      finished += std::exchange(counts[oldest], 0);
      slot = oldest;
    }
  }

  std::size_t begin(std::size_t slot, std::span<const Square> squares) {
    std::lock_guard lock(mutex_);
    return queue(slot, squares);
  }

  void finish(std::size_t slot, float* features) {
    std::lock_guard lock(mutex_);
    collect(slot, features);
  }

  template <class Visit>
  void trace(const std::uint8_t* frame, Visit visit) {
    std::lock_guard lock(mutex_);
    give_up();
    reserve(1);
    const Square square{frame, plan_.input.height};
    lanes_[0].take({&square, 1}, plan_.input.height);
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      run_step(i, lanes_[0].frames.data(), 1);
      const auto values = download(map(plan_.steps[i].output, 1));
      const Extent& extent = view(plan_.steps[i].output).extent;
      visit(plan_.steps[i], backend::ConstMap{values.data(), extent, extent.channels, 1});
    }
  }

 private:
  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  const MapView& view(int i) const { return plan_.views[at(i)]; }

  std::size_t features() const { return static_cast<std::size_t>(plan_.features); }

  /// Drops what an earlier call left under way when it failed.
  void give_up() {
    B::synchronize();
    for (auto& lane : lanes_) lane.running = 0;
  }

  /// Makes room for a batch of `wanted` frames, or for as many as fit; returns how many. Throws DeviceMemoryError where
  /// one does not.
  std::size_t reserve(std::size_t wanted) {
    std::size_t frames = std::min(wanted, limit_);
    if (frames <= capacity_) return frames;
    for (auto& lane : lanes_)
      if (lane.running > 0) return std::min(frames, capacity_);  // what it uses cannot move
    while (frames > capacity_) {
      try {
        for (auto& lane : lanes_) lane.work.clear();
        capacity_ = 0;
        arena_ = {};  // given back before more is asked for
        arena_ = Array<Value>(plan_.arena_floats * frames);
        for (auto& lane : lanes_) lane.reserve(frames, plan_.input.size(), features());
        capacity_ = frames;
      } catch (const DeviceMemoryError& error) {
        if (frames == 1)
          throw DeviceMemoryError(B::device_name(), bytes_of_frame(), error.free,
                                  "that is for one frame of " + std::string(plan_.name) +
                                      ": free some, or use a smaller image dimension or another back end");
        limit_ = frames / 2;
        warn("Memory of " + B::device_name() + " does not suffice for a batch of " + std::to_string(frames) +
             " frames; going on with " + std::to_string(limit_) + ".");
        frames = limit_;
      }
    }
    return frames;
  }

  std::size_t bytes_of_frame() const {
    return plan_.arena_floats * sizeof(Value) + 2 * plan_.input.size() + 2 * features() * sizeof(float);
  }

  std::size_t queue(std::size_t slot, std::span<const Square> squares) {
    const std::size_t count = reserve(squares.size());
    DeviceLane<B>& lane = lanes_[slot];
    if (lane.running > 0) lane.done.wait();  // left behind by an extraction that failed
    lane.take(squares.first(count), plan_.input.height);
    auto& recording = lane.work[count];
    if (!recording) recording = typename B::Recording([this, &lane, count] { run(lane, static_cast<int>(count)); });
    recording.run();
    B::queue_copy_out(lane.features.data(), count * features() * sizeof(float), lane.result.data());
    lane.done.set();
    lane.running = count;
    return count;
  }

  void collect(std::size_t slot, float* features) {
    DeviceLane<B>& lane = lanes_[slot];
    lane.done.wait();
    std::copy_n(lane.result.data(), lane.running * this->features(), features);
    lane.running = 0;
  }

  void run(DeviceLane<B>& lane, int frames) {
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      if (excites_next_[i]) {
        excite(i, frames);
        ++i;
      } else {
        run_step(i, lane.frames.data(), frames);
      }
    }
    B::widen(at(frames) * features(), map(plan_.output, frames).data, lane.features.data());
  }

  /// The maps of a view: of several frames one after another, root by root.
  Map map(int index, int frames) {
    if (index == none) return {};
    const MapView &place = view(index), &root = view(place.root);
    Value* data = arena_.data() + root.offset * at(frames) + (place.offset - root.offset);
    return {data, place.extent, place.pixel_stride, frames};
  }

  /// Whether steps i and i + 1 are squeeze-and-excitation's dense layers, which the back end takes as one.
  bool excites_next(std::size_t i) const {
    const auto dense = [&](const Step& step) {
      return step.kind == StepKind::convolution && step.residual == none && step.scale == none &&
             view(step.input).extent.pixels() == 1 && view(step.input).root == step.input &&
             view(step.output).root == step.output;
    };
    if (i + 1 >= plan_.steps.size() || !dense(plan_.steps[i]) || !dense(plan_.steps[i + 1])) return false;
    return reads_alone(plan_, i, i + 1) &&
           B::excites(step_shape(plan_, plan_.steps[i]).kernel, step_shape(plan_, plan_.steps[i + 1]).kernel);
  }

  void excite(std::size_t i, int frames) {
    const Step &first = plan_.steps[i], &second = plan_.steps[i + 1];
    B::excite(map(first.input, frames), weights_of(first), first.activation, weights_of(second), second.activation,
              map(second.output, frames));
  }

  const typename B::Weights& weights_of(const Step& step) const { return *weights_.entries[at(step.weights)]; }

  void run_step(std::size_t i, const std::uint8_t* pixels, int frames) {
    const Step& step = plan_.steps[i];
    const Map out = map(step.output, frames);
    const backend::Rows rows{0, out.extent.height};
    if (step.kind == StepKind::normalize)
      return B::normalize(pixels, normalization_.data(), normalization_.data() + 3, out, rows);
    const typename B::Weights* weights = step.weights == none ? nullptr : &weights_of(step);
    run_primitive<B>(step,
                     {map(step.input, frames), map(step.residual, frames), map(step.scale, frames).data, out, weights},
                     rows, scratch_.data());
  }

  /// A map as floats on the host, its pixels without gaps.
  std::vector<float> download(const Map& from) {
    const std::size_t count = from.extent.size();
    Array<Value> packed(count);
    Array<float> wide(count);
    B::copy(from, Map{packed.data(), from.extent, from.extent.channels, 1}, {0, from.extent.height});
    B::widen(count, packed.data(), wide.data());
    std::vector<float> values(count);
    B::download(wide.data(), count, values.data());
    return values;
  }

  graph::PlanView plan_;
  PackedNetwork<B> weights_;
  std::vector<bool> excites_next_;  // by step
  std::mutex mutex_;
  Array<float> normalization_;  // scale (3), offset (3)
  Array<Value> arena_, scratch_;
  std::size_t capacity_ = 0, limit_ = most_frames_of(plan_);  // frames
  std::array<DeviceLane<B>, slots> lanes_;
};

/// A network with its weights on a device; used as any other Network.
///
/// The weights are uploaded once. A batch allocates nothing once there was one as large, and nothing goes to the host
/// between its frames and its features. On a GPU a feature's last bits may depend on the number of frames in its batch
/// (the libraries choose algorithms by shape), never on the other frames or on the run. Where memory does not suffice
/// for a batch it is halved, which is told once.
template <backend::DeviceBackend B>
class Network<B> {
 public:
  static constexpr std::size_t slots = DeviceInterpreter<B>::slots;

  /// Folds and uploads the weights; `store` is not needed afterwards. Throws DeviceError where there is no device, and
  /// WeightsError, naming the first tensor that is missing or has another shape.
  Network(const graph::PlanView& plan, const weights::Store& store) : Network(plan, pack_network<B>(plan, store)) {}

  /// Takes weights that are on the device, as load_backbone returns them.
  Network(const graph::PlanView& plan, PackedNetwork<B> packed)
      : interpreter_(std::make_unique<DeviceInterpreter<B>>(plan, std::move(packed))) {}

  const graph::PlanView& plan() const { return interpreter_->plan(); }
  std::size_t features() const { return static_cast<std::size_t>(plan().features); }
  std::size_t frame_bytes() const { return plan().input.size(); }

  /// One call computes on the whole device.
  bool fits_one_a_thread() const { return false; }

  /// Who is told, in one sentence, that batches had to become smaller; by default it goes to standard error.
  void warn_by(const std::function<void(const std::string&)>& warn) { interpreter_->warn = warn; }

  /// Features of `count` frames. frames (N, D, D, 3) RGB bytes; features (N, F).
  void forward(const std::uint8_t* frames, std::size_t count, float* features) const {
    std::vector<Square> squares(count);
    for (std::size_t i = 0; i < count; ++i) squares[i] = {frames + i * frame_bytes(), plan().input.height};
    interpreter_->forward(squares, features);
  }

  /// The same of squares of any size, which the device resizes as OpenCV does (bilinear).
  void forward(std::span<const Square> squares, float* features) const { interpreter_->forward(squares, features); }

  /// Queues a batch and returns before it is computed; the squares' memory is free at once. `finish` of the same slot
  /// (0 or 1) is to follow. Returns how many squares were taken: fewer than given where memory does not suffice for
  /// more.
  std::size_t begin(std::size_t slot, std::span<const Square> squares) const {
    return interpreter_->begin(slot, squares);
  }
  /// Waits for the batch of a slot and writes its features.
  void finish(std::size_t slot, float* features) const { interpreter_->finish(slot, features); }

  /// Runs one frame and calls visit(step, output) after every step; output is a backend::ConstMap on the host. For
  /// reports by layer.
  template <class Visit>
  void trace(const std::uint8_t* frame, Visit visit) const {
    interpreter_->trace(frame, std::move(visit));
  }

 private:
  std::unique_ptr<DeviceInterpreter<B>> interpreter_;
};

}  // namespace rcar

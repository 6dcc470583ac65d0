#pragma once
/// The backbone as extraction sees it, and the batches that it is given.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../backend/cpu.hpp"
#include "../core/square.hpp"
#include "../core/tensor.hpp"
#include "../video/sampler.hpp"

namespace rcar {

/// How an extractor may be called: by one thread at a time, each call computing on all cores, or by several threads
/// side by side, each call inside a parallel_for and so computing on its own thread.
enum class Calls { in_turn, side_by_side };

/// What extraction needs to know of a backbone.
struct FeatureExtractor {
  int image_dim = 0;        // D
  int sequence_length = 0;  // T
  int feature_dim = 0;      // F
  Sampler sampler = Sampler::first;
  /// All that the features depend on besides the clip, the fields here and the engine's version: backbone, graph,
  /// weights, back end, precision.
  std::string identity;
  /// Kept apart from the identity, so that a cache from another kind of CPU is told from one of another backbone.
  std::string instruction_set = backend::instruction_set();
  /// Frames (n, D, D, 3) RGB to features (n, F). A frame's features must not depend on the batch it is in.
  std::function<void(const std::uint8_t* frames, std::size_t n, float* features)> run;
  Calls calls = Calls::in_turn;

  /// For a device that computes while the host gathers the next batch; both or neither. `begin` queues frames as the
  /// batch of a slot, 0 or 1, and returns how many it took; their memory is free then. `finish` waits for that batch
  /// and writes its features. Frames of up to own_up_to pixels a side come at their clip's own size, to be resized
  /// there.
  std::function<std::size_t(std::size_t slot, std::span<const Square> frames)> begin = {};
  std::function<void(std::size_t slot, float* features)> finish = {};
  int own_up_to = 0;

  /// Has `network` compute the features, called in the quickest way that its memory allows; it must outlive this.
  /// `network` is a Network, or offers its forward and fits_one_a_thread.
  template <class AnyNetwork>
  void run_on(const AnyNetwork& network) {
    run = [&network](const std::uint8_t* frames, std::size_t n, float* features) {
      network.forward(frames, n, features);
    };
    if constexpr (requires { network.begin(std::size_t{}, std::span<const Square>()); }) {
      begin = [&network](std::size_t slot, std::span<const Square> frames) { return network.begin(slot, frames); };
      finish = [&network](std::size_t slot, float* features) { network.finish(slot, features); };
      own_up_to = 2 * image_dim;  // beyond that a frame is cheaper to resize than to move
    }
    // A call on one thread has an arena of its own: side by side only as long as those of all threads stay small.
    calls = network.fits_one_a_thread() ? Calls::side_by_side : Calls::in_turn;
  }
};

namespace detail {

/// A clip on its way to the extractor: its frames, or what makes them needless.
struct PreparedClip {
  std::size_t row = 0;
  std::string cache_key;                       // empty: without a cache
  Frames frames;                               // (n, D, D, 3)
  std::optional<std::vector<float>> features;  // (n, F), from the cache
  std::string fault, warning;
};

/// Gathers frames of clips into batches of fixed size, runs the extractor on them and hands each clip's features (n, F)
/// to `done` once all its frames are through.
class FrameBatcher {
 public:
  using Done = std::function<void(const PreparedClip&, std::vector<float> features)>;

  FrameBatcher(const FeatureExtractor& extractor, std::size_t batch, Done done)
      : extractor_(extractor),
        feature_dim_(static_cast<std::size_t>(extractor.feature_dim)),
        batch_(batch),
        features_(batch * feature_dim_),
        done_(std::move(done)) {
    const auto side = static_cast<std::size_t>(extractor.image_dim);
    pixels_.reserve(batch * side * side * 3);
  }

  void add(PreparedClip clip) {
    const std::size_t count = clip.frames.shape(0), side = clip.frames.shape(1), bytes = side * side * 3;
    const Frames frames = std::move(clip.frames);  // released when copied into batches
    clip.frames = {};
    waiting_.push_back({std::move(clip), {}, count * feature_dim_});
    waiting_.back().features.reserve(count * feature_dim_);
    for (std::size_t i = 0; i < count; ++i) {
      pixels_.insert(pixels_.end(), frames.data() + i * bytes, frames.data() + (i + 1) * bytes);
      sides_.push_back(static_cast<int>(side));
      if (sides_.size() == batch_) run();
    }
  }

  /// Runs the extractor on what has gathered, and hands out all features.
  void flush() {
    if (!sides_.empty()) run();
    collect(1 - slot_);
  }

 private:
  struct Waiting {
    PreparedClip clip;
    std::vector<float> features;
    std::size_t wanted;
  };

  void run() {
    if (extractor_.begin) {
      begin();
    } else {
      extractor_.run(pixels_.data(), sides_.size(), features_.data());
      deliver(sides_.size());
    }
    pixels_.clear();
    sides_.clear();
  }

  /// A batch that is not full is filled up with its first frame, so that every feature comes from as large a batch.
  void begin() {
    squares_.clear();
    const std::uint8_t* at = pixels_.data();
    for (const int side : sides_) {
      squares_.push_back({at, side});
      at += static_cast<std::size_t>(side) * static_cast<std::size_t>(side) * 3;
    }
    squares_.resize(batch_, squares_.front());
    for (std::size_t begun = 0; begun < sides_.size(); slot_ = 1 - slot_, collect(slot_)) {
      const std::size_t taken = extractor_.begin(slot_, std::span(squares_).subspan(begun));
      running_[slot_] = std::min(taken, sides_.size() - begun);
      begun += taken;
    }
  }

  /// Hands out the features of a slot's batch, if there is one.
  void collect(std::size_t slot) {
    if (running_[slot] == 0) return;
    extractor_.finish(slot, features_.data());
    deliver(std::exchange(running_[slot], 0));
  }

  /// Hands out the features of the next `count` frames; clips stand in the order of their frames.
  void deliver(std::size_t count) {
    const float* next = features_.data();
    const float* end = next + count * feature_dim_;
    while (next != end) {
      Waiting& clip = waiting_.front();
      const auto take =
          std::min<std::ptrdiff_t>(end - next, static_cast<std::ptrdiff_t>(clip.wanted - clip.features.size()));
      clip.features.insert(clip.features.end(), next, next + take);
      next += take;
      if (clip.features.size() < clip.wanted) break;
      const Waiting whole = std::move(clip);
      waiting_.pop_front();
      done_(whole.clip, whole.features);
    }
  }

  const FeatureExtractor& extractor_;
  const std::size_t feature_dim_, batch_;
  std::vector<std::uint8_t> pixels_;  // of the batch's frames, one after another
  std::vector<int> sides_;            // of these frames
  std::vector<Square> squares_;
  std::size_t slot_ = 0;         // the next to begin
  std::size_t running_[2]{};     // frames under way, by slot
  std::vector<float> features_;  // (batch, F)
  std::deque<Waiting> waiting_;
  Done done_;
};

}  // namespace detail

}  // namespace rcar

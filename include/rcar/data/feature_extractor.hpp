#pragma once
/// The backbone as extraction sees it, and the batches that it is given.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../backend/cpu.hpp"
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

  /// Has `network` compute the features, called in the quickest way that its memory allows; it must outlive this.
  /// `network` is a Network, or offers its forward and fits_one_a_thread.
  template <class AnyNetwork>
  void run_on(const AnyNetwork& network) {
    run = [&network](const std::uint8_t* frames, std::size_t n, float* features) {
      network.forward(frames, n, features);
    };
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
        frame_bytes_(static_cast<std::size_t>(extractor.image_dim) * extractor.image_dim * 3),
        feature_dim_(static_cast<std::size_t>(extractor.feature_dim)),
        batch_(batch),
        frames_(batch * frame_bytes_),
        features_(batch * feature_dim_),
        done_(std::move(done)) {}

  void add(PreparedClip clip) {
    const std::size_t count = clip.frames.shape(0);
    const Frames frames = std::move(clip.frames);  // released when copied into batches
    clip.frames = {};
    waiting_.push_back({std::move(clip), {}, count * feature_dim_});
    waiting_.back().features.reserve(count * feature_dim_);
    for (std::size_t i = 0; i < count; ++i) {
      std::copy_n(frames.data() + i * frame_bytes_, frame_bytes_, frames_.data() + filled_ * frame_bytes_);
      if (++filled_ == batch_) flush();
    }
  }

  /// Runs the extractor on what has gathered.
  void flush() {
    if (filled_ == 0) return;
    extractor_.run(frames_.data(), filled_, features_.data());
    const float* next = features_.data();
    const float* end = next + filled_ * feature_dim_;
    filled_ = 0;
    while (next != end) {
      Waiting& clip = waiting_.front();  // clips stand in the order of their frames
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

 private:
  struct Waiting {
    PreparedClip clip;
    std::vector<float> features;
    std::size_t wanted;
  };

  const FeatureExtractor& extractor_;
  const std::size_t frame_bytes_, feature_dim_, batch_;
  std::vector<std::uint8_t> frames_;  // (batch, D, D, 3)
  std::vector<float> features_;       // (batch, F)
  std::size_t filled_ = 0;
  std::deque<Waiting> waiting_;
  Done done_;
};

}  // namespace detail

}  // namespace rcar

#pragma once
/// From a clip to the frames that a network sees.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/tensor.hpp"
#include "decoder.hpp"
#include "resize.hpp"
#include "sampler.hpp"

namespace rcar {

/// The sampled frames of a clip and the rate at which they play at the clip's own speed.
struct SampledClip {
  Frames frames;             // (n, S, S, 3) RGB
  double frames_per_second;  // of these frames: lower than the clip's where frames between them were left out
};

namespace detail {

/// Frames as they come, until their number is known. Those that fit into one block are never copied.
class FrameList {
 public:
  /// size       of a side
  /// most       how many frames may come
  /// own_up_to  squares of no more pixels a side keep their size, as long as all have the same
  FrameList(int size, std::size_t most, int own_up_to = 0)
      : block_frames_(std::min<std::size_t>(most, 64)), size_(size), own_up_to_(own_up_to) {
    if (size < 1) throw UsageError("The frame size is " + std::to_string(size) + "; it must be at least one pixel.");
  }

  void add(const Picture& square) {
    if (count_ == 0) side_ = at(square.pixels.rows <= own_up_to_ ? square.pixels.rows : size_);
    if (side_ != at(size_) && side_ != at(square.pixels.rows)) resize_all();
    put(square);
  }
  void clear() {
    blocks_.clear();
    count_ = 0;
  }
  std::size_t count() const { return count_; }

  /// Moves the frames (n, S, S, 3) into one tensor; each block is given back to the system once copied.
  Frames take() {
    Frames frames = count_ == block_frames_ ? std::move(blocks_.front()) : tensor(count_);
    if (count_ != block_frames_)
      for (std::size_t done = 0; done < count_; done += block_frames_) {
        std::copy_n(blocks_[done / block_frames_].data(), std::min(block_frames_, count_ - done) * frame_bytes(),
                    frames.data() + done * frame_bytes());
        blocks_[done / block_frames_] = {};
      }
    clear();
    return frames;
  }

 private:
  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  std::size_t frame_bytes() const { return side_ * side_ * 3; }
  Frames tensor(std::size_t frames) const { return Frames::from_shape({frames, side_, side_, 3}); }

  void put(const Picture& square) {
    if (count_ == blocks_.size() * block_frames_) blocks_.push_back(tensor(block_frames_));
    resize_square(square, static_cast<int>(side_), blocks_.back().data() + count_ % block_frames_ * frame_bytes());
    ++count_;
  }

  /// Gives all frames the size asked for, those that are there too.
  void resize_all() {
    const int own = static_cast<int>(side_);
    std::vector<Frames> kept = std::exchange(blocks_, {});
    const std::size_t count = std::exchange(count_, 0), bytes = frame_bytes();
    side_ = at(size_);
    for (std::size_t i = 0; i < count; ++i) {
      std::uint8_t* pixels = kept[i / block_frames_].data() + i % block_frames_ * bytes;
      put({cv::Mat(own, own, CV_8UC3, pixels), ChannelOrder::rgb});
    }
  }

  std::size_t block_frames_, side_ = 0, count_ = 0;
  int size_, own_up_to_;
  std::vector<Frames> blocks_;  // (block_frames, S, S, 3)
};

inline SampledClip first_frames(const std::filesystem::path& path, std::size_t count, int size, int own_up_to = 0) {
  FrameList frames(size, count, own_up_to);
  Decoder clip(path);
  for (Picture square; frames.count() < count && clip.grab() && clip.retrieve_square(square);) frames.add(square);
  if (frames.count() == 0) clip.fail_without_frames();
  return {frames.take(), clip.frames_per_second()};
}

/// Which frames to keep follows from how many there are, which is known at the end only. So a first pass keeps what
/// would be right if the container's count were true, and counts; if it was not, a second pass keeps what is right.
/// The result never depends on the claim, nor on what was left undecoded. Colours are converted for kept frames only.
inline SampledClip uniform_frames(const std::filesystem::path& path, std::size_t sequence_length, int size,
                                  int own_up_to) {
  FrameList frames(size, sequence_length, own_up_to);
  std::size_t believed = 0;
  std::size_t end = std::numeric_limits<std::size_t>::max();  // where a frame could not be converted
  Leaving leaving = Leaving::allowed;
  for (int pass = 0; pass < 5; ++pass) {
    frames.clear();
    Decoder clip(path, leaving);
    if (pass == 0) believed = clip.claimed_frame_count();
    const std::size_t kept = sampled_count(believed, sequence_length);
    std::size_t seen = 0;
    for (Picture square;; ++seen) {
      std::size_t next = end;
      if (frames.count() < kept) next = std::min(end, uniform_index(frames.count(), believed, sequence_length));
      seen += clip.pass(next - seen);
      if (seen < next || seen == end || !clip.grab()) break;
      if (!clip.retrieve_square(square)) {
        end = seen;
        break;
      }
      frames.add(square);
    }
    if (clip.doubtful()) {
      leaving = Leaving::forbidden;
    } else if (seen == 0) {
      clip.fail_without_frames();
    } else if (seen == believed) {
      const std::size_t count = frames.count();
      const double share = count > 1 ? static_cast<double>(count - 1) / static_cast<double>(seen - 1) : 1.0;
      return {frames.take(), clip.frames_per_second() * share};
    }
    believed = seen;
  }
  throw VideoError("The clip " + quoted(path.string()) +
                   " did not yield the same number of frames twice; wait until nothing writes to it.");
}

}  // namespace detail

/// The frames of a clip: centre square, resized bilinearly to target_size, RGB (the Keras pipeline's process_video).
///
/// path             any file that FFmpeg decodes
/// max_frame_count  stop after so many; 0: the whole clip, which is then held in memory
/// returns          (T, S, S, 3) uint8 RGB with S = target_size
///
/// Throws VideoError when the file is missing, empty, a folder, not a video, or holds no frame that decodes; UsageError
/// when target_size is not positive. A clip that breaks off yields the frames before that.
///
///     Frames frames = process_video("clip.avi", 20, 224);
inline Frames process_video(const std::filesystem::path& path, std::size_t max_frame_count = 0, int target_size = 224) {
  const std::size_t count = max_frame_count ? max_frame_count : std::numeric_limits<std::size_t>::max();
  return detail::first_frames(path, count, target_size).frames;
}

/// The frames that a sampler takes of a clip, and their rate. At most sequence_length frames are in memory, however
/// long the clip; `first` decodes no more than these, `uniform` decodes the clip once where the container's count is
/// true and twice where it is not. Frames of at most own_up_to pixels a side are not resized, for those who do it
/// later. Errors: as process_video; UsageError when sequence_length is 0.
inline SampledClip sample_clip(const std::filesystem::path& path, Sampler sampler, std::size_t sequence_length,
                               int image_dim, int own_up_to = 0) {
  if (sequence_length == 0) throw UsageError("The sequence length is 0; a clip needs at least one frame.");
  return sampler == Sampler::first ? detail::first_frames(path, sequence_length, image_dim, own_up_to)
                                   : detail::uniform_frames(path, sequence_length, image_dim, own_up_to);
}

/// sample_clip's frames alone: (n, D, D, 3) uint8 RGB, 1 <= n <= sequence_length; (n, S, S, 3) where they keep their
/// own size.
///
///     Frames frames = sample_video("clip.avi", Sampler::uniform, 20, 224);
inline Frames sample_video(const std::filesystem::path& path, Sampler sampler, std::size_t sequence_length,
                           int image_dim, int own_up_to = 0) {
  return sample_clip(path, sampler, sequence_length, image_dim, own_up_to).frames;
}

}  // namespace rcar

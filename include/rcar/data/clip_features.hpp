#pragma once
/// One clip: from its file, or the cache, to its features.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <new>
#include <string>
#include <vector>

#include "../core/error.hpp"
#include "../core/tensor.hpp"
#include "../core/version.hpp"
#include "../video/process_video.hpp"
#include "../video/resize.hpp"
#include "../video/sampler.hpp"
#include "feature_cache.hpp"
#include "feature_extractor.hpp"

namespace rcar::detail {

/// The text of everything that a clip's features depend on, but for the instruction set, which the cache adds.
inline std::string cache_key(const FeatureExtractor& extractor, const std::string& clip_sha256) {
  return "rcar-features 1\nclip " + clip_sha256 + "\nsampler " + std::string(to_string(extractor.sampler)) +
         "\nsequence_length " + std::to_string(extractor.sequence_length) + "\nimage_dim " +
         std::to_string(extractor.image_dim) + "\nframes center_crop,bilinear,rgb,opencv " CV_VERSION "\nfeature_dim " +
         std::to_string(extractor.feature_dim) + "\nengine " + std::to_string(engine_version) + "\nextractor " +
         extractor.identity;
}

/// Looks the clip up in the cache or decodes it; what is wrong with the clip becomes its fault, and nothing else does.
inline PreparedClip prepare_clip(const std::filesystem::path& path, std::size_t row, const FeatureExtractor& extractor,
                                 const FeatureCache* cache) {
  PreparedClip clip;
  clip.row = row;
  const auto steps = static_cast<std::size_t>(extractor.sequence_length);
  try {
    if (cache) {
      try {
        clip.cache_key = cache_key(extractor, file_sha256(path));
      } catch (const FileError&) {  // sample_video says better what is wrong with the clip
      }
    }
    if (!clip.cache_key.empty()) {
      clip.features = cache->load(clip.cache_key, static_cast<std::size_t>(extractor.feature_dim), steps, clip.warning);
      if (clip.features) return clip;
    }
    clip.frames = sample_video(path, extractor.sampler, steps, extractor.image_dim, extractor.own_up_to);
    if (clip.frames.shape(0) == 0 || clip.frames.shape(0) > steps)
      throw VideoError("The clip gives " + std::to_string(clip.frames.shape(0)) + " frames.");
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    clip.fault = error.what();
  }
  return clip;
}

/// Asks the system to have a file in memory soon.
inline void read_ahead(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // not waiting for a pipe's writer
  if (file < 0) return;
  ::posix_fadvise(file, 0, 0, POSIX_FADV_WILLNEED);
  ::close(file);
}

/// The features (n, F) of one clip's frames.
inline std::vector<float> run_clip(const FeatureExtractor& extractor, const Frames& frames, std::size_t batch) {
  const std::size_t count = frames.shape(0), feature_dim = static_cast<std::size_t>(extractor.feature_dim);
  const std::size_t frame_values = frames.size() / count;
  std::vector<float> features(count * feature_dim);
  for (std::size_t done = 0; done < count; done += batch)
    extractor.run(frames.data() + done * frame_values, std::min(batch, count - done),
                  features.data() + done * feature_dim);
  return features;
}

}  // namespace rcar::detail

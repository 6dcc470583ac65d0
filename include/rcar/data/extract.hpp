#pragma once
/// From clips to features: decode, run the backbone in batches over clip boundaries, keep what is computed.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/file.hpp"
#include "../core/progress.hpp"
#include "../core/tensor.hpp"
#include "../core/threads.hpp"
#include "../core/version.hpp"
#include "../video/process_video.hpp"
#include "../video/resize.hpp"
#include "../video/sampler.hpp"
#include "cache_writer.hpp"
#include "csv.hpp"
#include "dataset.hpp"
#include "feature_cache.hpp"
#include "feature_extractor.hpp"
#include "feature_set.hpp"
#include "name_list.hpp"
#include "prefetch.hpp"
#include "string_lookup.hpp"

namespace rcar {

/// How clips become features.
struct ExtractOptions {
  std::filesystem::path cache = {};  // folder of the feature cache; empty: none
  ForeignCache foreign_cache = ForeignCache::refuse;
  std::size_t batch = 40;  // frames that one call of the extractor gets; it changes speed and memory only
  std::string title = "Extracting features";
  ProgressDisplay progress = ProgressDisplay::automatic;
  std::function<void(const std::string&)> warn = [](const std::string& text) {
    std::fprintf(stderr, "warning: %s\n", text.c_str());
  };
};

/// A clip that was set aside, and why.
struct QuarantinedClip {
  std::string clip, reason;
};

/// The features of a data set, and the clips that gave none.
struct ExtractResult {
  FeatureSet features;                      // the clips that decode, in the list's order
  std::vector<QuarantinedClip> quarantine;  // the others, in the list's order
  std::size_t cached = 0;                   // clips whose features came from the cache
  std::size_t frames = 0;                   // frames that went through the extractor
  double seconds = 0, frames_per_second = 0;
};

/// Writes `clip,reason`, aside and renamed; only the header when every clip decoded.
inline void write_quarantine(const std::filesystem::path& path, std::span<const QuarantinedClip> quarantine) {
  std::string text = "clip,reason\n";
  for (const QuarantinedClip& each : quarantine) text += csv_line(std::array{each.clip, each.reason});
  write_file(path, text);
}

namespace detail {

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

/// Puts the clips' features, each (n, F), below one another, zero padded and masked; releases them on the way.
inline FeatureSet padded(std::vector<std::vector<float>>& features, std::size_t steps, std::size_t feature_dim) {
  const std::size_t n = features.size();
  FeatureSet set{Features(Features::shape_type{n, steps, feature_dim}), Mask(Mask::shape_type{n, steps}), {}, {}};
  for (std::size_t i = 0; i < n; ++i) {
    float* row = set.features.data() + i * steps * feature_dim;
    std::fill(std::copy(features[i].begin(), features[i].end(), row), row + steps * feature_dim, 0.f);
    bool* mask = set.mask.data() + i * steps;
    const std::size_t frames = features[i].size() / feature_dim;
    std::fill(std::fill_n(mask, frames, true), mask + steps, false);
    features[i] = {};
  }
  return set;
}

inline void require_usable(const FeatureExtractor& extractor, const ExtractOptions& options) {
  if (extractor.image_dim < 1 || extractor.sequence_length < 1 || extractor.feature_dim < 1 || !extractor.run)
    throw UsageError("The feature extractor needs image_dim, sequence_length and feature_dim above 0 and a run.");
  if (options.batch < 1) throw UsageError("The batch is 0 frames; give at least 1.");
}

/// One run over a list of clips: takes each from its file to its features, on all cores.
class Extraction {
 public:
  Extraction(const Dataset& data, const FeatureExtractor& extractor, const ExtractOptions& options)
      : features(data.size()),
        faults(data.size()),
        data_(data),
        extractor_(extractor),
        options_(options),
        steps_(static_cast<std::size_t>(extractor.sequence_length)),
        feature_dim_(static_cast<std::size_t>(extractor.feature_dim)),
        progress_(options.title, data.size() * steps_, "frames", options.progress) {
    if (options.cache.empty()) return;
    cache_.emplace(options.cache, extractor.instruction_set, options.foreign_cache);
    if (!cache_->warning().empty() && options.warn) options.warn(cache_->warning());
  }

  /// Fills `features` and `faults`, and the numbers of `result`.
  void run() {
    const OpenCvOnOneThread calm;
    // With clips enough for all threads each thread takes whole clips: none waits for another before the list's end.
    if (extractor_.calls == Calls::side_by_side && data_.size() >= 4 * thread_count())
      take_whole_clips();
    else
      take_batches();
    progress_.finish();
    result.seconds = progress_.seconds();
    if (result.frames > 0) result.frames_per_second = static_cast<double>(result.frames) / result.seconds;
  }

  std::vector<std::vector<float>> features;  // of each clip (n, F)
  std::vector<std::string> faults;           // of each clip; empty when it has features
  ExtractResult result;

 private:
  void take_whole_clips() {
    std::optional<CacheWriter> writer;
    if (cache_) writer.emplace(*cache_, feature_dim_, thread_count());
    const auto store = [&](const std::string& key, const std::vector<float>& values) { writer->add(key, values); };
    parallel_for(data_.size(), [&](std::size_t row, std::size_t) {
      if (row + 2 * thread_count() < data_.size()) read_ahead(data_.path(row + 2 * thread_count()));
      PreparedClip clip = prepare(row);
      if (needs_extractor(clip, store)) keep(clip, run_clip(extractor_, clip.frames, options_.batch), store);
    });
    if (writer) writer->finish();
  }

  void take_batches() {
    const auto store = [&](const std::string& key, const std::vector<float>& values) {
      cache_->store(key, values, feature_dim_);
    };
    FrameBatcher batcher(extractor_, options_.batch, [&](const PreparedClip& clip, std::vector<float> values) {
      keep(clip, std::move(values), store);
    });
    // Enough clips ahead to keep the extractor busy, and no more than 256 MiB of them where clips are large.
    const auto side = static_cast<std::size_t>(std::max(extractor_.image_dim, extractor_.own_up_to));
    const std::size_t ahead =
        std::clamp<std::size_t>((std::size_t{256} << 20) / (steps_ * side * side * 3), 2, 2 * thread_count() + 2);
    Prefetch<PreparedClip> clips(data_.size(), thread_count(), ahead, [&](std::size_t row) { return prepare(row); });
    while (auto clip = clips.next())
      if (needs_extractor(*clip, store)) batcher.add(std::move(*clip));
    batcher.flush();
  }

  PreparedClip prepare(std::size_t row) const {
    return prepare_clip(data_.path(row), row, extractor_, cache_ ? &*cache_ : nullptr);
  }

  /// Whether frames have to go through the extractor: not those of a clip that has features or a fault already.
  template <class Store>
  bool needs_extractor(PreparedClip& clip, const Store& store) {
    {
      std::lock_guard lock(mutex_);
      if (!clip.warning.empty() && options_.warn) options_.warn(clip.warning);
      if (!clip.fault.empty()) {
        progress_.skip(steps_);
        faults[clip.row] = std::move(clip.fault);
        return false;
      }
    }
    if (clip.features) keep(clip, *clip.features, store);
    return !clip.features;
  }

  template <class Store>
  void keep(const PreparedClip& clip, std::vector<float> values, const Store& store) {
    if (!std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); }))
      throw DataError("The features of clip " + quoted(data_.entries[clip.row].video_name) +
                      " are not finite numbers; check the backbone's weights, or take the clip out of the list.");
    if (!clip.features && !clip.cache_key.empty()) store(clip.cache_key, values);
    const std::size_t frames = values.size() / feature_dim_;
    std::lock_guard lock(mutex_);
    progress_.skip(steps_ - frames);
    if (clip.features) progress_.skip(frames), ++result.cached;
    if (!clip.features) progress_.advance(frames), result.frames += frames;
    features[clip.row] = std::move(values);
  }

  const Dataset& data_;
  const FeatureExtractor& extractor_;
  const ExtractOptions& options_;
  const std::size_t steps_, feature_dim_;
  std::optional<FeatureCache> cache_;
  Progress progress_;
  std::mutex mutex_;  // of warnings, progress, features, faults and result
};

}  // namespace detail

/// Features and masks of every clip in `data`, labelled by `labels`.
///
/// Every core takes clips whole, from the file to the features; where the extractor or too short a list does not allow
/// that, clips are decoded ahead of the extractor on all cores. Memory is bounded and does not grow with clips or list.
/// With a cache, clips that are in it are only hashed, and each clip's features are kept as soon as they are there: a
/// run that is interrupted continues where it was. The result is the same with and without a cache, for any batch and
/// any number of threads.
///
/// A clip that does not decode is quarantined with its reason. Throws DataError for a tag that `labels` lacks (before
/// any work), when no clip decodes, and for features that are not finite, naming the clip; FileError when the cache
/// cannot be written.
inline ExtractResult process_videos_and_extract_features(const Dataset& data, const StringLookup& labels,
                                                         const FeatureExtractor& extractor,
                                                         const ExtractOptions& options = {}) {
  detail::require_usable(extractor, options);
  if (data.entries.empty()) throw DataError("The list of clips is empty; there is nothing to extract.");
  std::vector<int> label_of;
  for (const ClipEntry& entry : data.entries) label_of.push_back(labels(entry.tag, entry.video_name));

  detail::Extraction extraction(data, extractor, options);
  extraction.run();
  ExtractResult result = std::move(extraction.result);
  std::vector<std::vector<float>>& features = extraction.features;
  std::vector<std::string>& faults = extraction.faults;
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < data.size(); ++row) {
    if (faults[row].empty())
      rows.push_back(row);
    else
      result.quarantine.push_back({data.entries[row].video_name, std::move(faults[row])});
  }
  if (rows.empty())
    throw DataError("None of the " + counted(data.size(), "clip", "clips") + " in " + quoted(data.directory.string()) +
                    " decodes (the first, " + quoted(result.quarantine[0].clip) + ": " + result.quarantine[0].reason +
                    "); check the folder and the files.");
  if (!result.quarantine.empty() && options.warn) {
    std::vector<std::string> names;
    for (const QuarantinedClip& each : result.quarantine) names.push_back(each.clip);
    options.warn(std::to_string(names.size()) + " of " + counted(data.size(), "clip", "clips") +
                 " could not be decoded and were set aside: " + name_list(names, 5) + ".");
  }
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i] != i) features[i] = std::move(features[rows[i]]);
  features.resize(rows.size());
  result.features = detail::padded(features, static_cast<std::size_t>(extractor.sequence_length),
                                   static_cast<std::size_t>(extractor.feature_dim));
  for (const std::size_t row : rows) {
    result.features.labels.push_back(label_of[row]);
    result.features.clips.push_back(data.entries[row].video_name);
  }
  return result;
}

}  // namespace rcar

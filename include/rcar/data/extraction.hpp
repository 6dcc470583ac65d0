#pragma once
/// From a list of clips to a stream of features: every clip's are handed on as soon as they are there, and forgotten.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/progress.hpp"
#include "../core/threads.hpp"
#include "../video/resize.hpp"
#include "cache_writer.hpp"
#include "clip_features.hpp"
#include "dataset.hpp"
#include "feature_cache.hpp"
#include "feature_extractor.hpp"
#include "name_list.hpp"
#include "prefetch.hpp"
#include "quarantine.hpp"

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
  /// For several processes that divide one list: the row of the clip to take next, nothing when none is left. Called
  /// from several threads at once. Empty: all clips are taken, in the list's order.
  std::function<std::optional<std::size_t>()> next_clip = {};
};

/// Takes the features (n, F), 1 <= n <= T, of the clip in `row` of the list. Called by one thread at a time, in the
/// order in which clips are done; what it throws ends the extraction. Empty: the features go to the cache only.
using FeatureSink = std::function<void(std::size_t row, std::vector<float> features)>;

/// What an extraction tells besides the features.
struct ExtractSummary {
  std::size_t clips = 0;                    // that have features
  std::vector<QuarantinedClip> quarantine;  // the others, in the list's order
  std::size_t cached = 0;                   // clips whose features came from the cache
  std::size_t frames = 0;                   // frames that went through the extractor
  double seconds = 0, frames_per_second = 0;
};

namespace detail {

inline void require_usable(const FeatureExtractor& extractor, const ExtractOptions& options) {
  if (extractor.image_dim < 1 || extractor.sequence_length < 1 || extractor.feature_dim < 1 || !extractor.run)
    throw UsageError("The feature extractor needs image_dim, sequence_length and feature_dim above 0 and a run.");
  if (options.batch < 1) throw UsageError("The batch is 0 frames; give at least 1.");
}

/// One run over a list of clips: takes each from its file to its features, on all cores.
class Extraction {
 public:
  Extraction(const Dataset& data, const FeatureExtractor& extractor, const FeatureSink& sink,
             const ExtractOptions& options)
      : data_(data),
        extractor_(extractor),
        sink_(sink),
        options_(options),
        steps_(static_cast<std::size_t>(extractor.sequence_length)),
        feature_dim_(static_cast<std::size_t>(extractor.feature_dim)),
        progress_(options.title, data.size() * steps_, "frames", options.progress) {
    if (options.cache.empty()) return;
    cache_.emplace(options.cache, extractor.instruction_set, options.foreign_cache);
    if (!cache_->warning().empty() && options.warn) options.warn(cache_->warning());
  }

  ExtractSummary run() {
    const OpenCvOnOneThread calm;
    // With clips enough for all threads each thread takes whole clips: none waits for another before the list's end.
    if (extractor_.calls == Calls::side_by_side && data_.size() >= 4 * thread_count())
      take_whole_clips();
    else
      take_batches();
    progress_.finish();
    summary_.seconds = progress_.seconds();
    if (summary_.frames > 0) summary_.frames_per_second = static_cast<double>(summary_.frames) / summary_.seconds;
    return std::move(summary_);
  }

 private:
  /// The next clip; nothing, from then on, when none is left.
  std::optional<std::size_t> next_row() {
    if (none_left_) return std::nullopt;
    std::optional<std::size_t> row;
    if (options_.next_clip)
      row = options_.next_clip();
    else if (const std::size_t next = next_++; next < data_.size())
      row = next;
    if (!row) none_left_ = true;
    return row;
  }

  void take_whole_clips() {
    std::optional<CacheWriter> writer;
    if (cache_) writer.emplace(*cache_, feature_dim_, thread_count());
    const auto store = [&](const std::string& key, const std::vector<float>& values) { writer->add(key, values); };
    const std::size_t ahead = 2 * thread_count();
    parallel_for(data_.size(), [&](std::size_t, std::size_t) {
      const auto row = next_row();
      if (!row) return;
      if (!options_.next_clip && *row + ahead < data_.size()) read_ahead(data_.path(*row + ahead));
      PreparedClip clip = prepare(*row);
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
    Prefetch<PreparedClip> clips(data_.size(), thread_count(), ahead, [&](std::size_t) {
      if (const auto row = next_row()) return prepare(*row);
      PreparedClip none;
      none.row = data_.size();
      return none;
    });
    while (auto clip = clips.next())
      if (clip->row < data_.size() && needs_extractor(*clip, store)) batcher.add(std::move(*clip));
    batcher.flush();
  }

  PreparedClip prepare(std::size_t row) const {
    return prepare_clip(data_.path(row), row, extractor_, cache_ ? &*cache_ : nullptr);
  }

  /// Keeps the list's order. Clips come nearly in it, and std::sort would cost every user a tenth of a second.
  void set_aside(QuarantinedClip clip) {
    auto& list = summary_.quarantine;
    list.push_back(std::move(clip));
    for (std::size_t i = list.size() - 1; i > 0 && list[i].row < list[i - 1].row; --i) std::swap(list[i], list[i - 1]);
  }

  /// Whether frames have to go through the extractor: not those of a clip that has features or a fault already.
  template <class Store>
  bool needs_extractor(PreparedClip& clip, const Store& store) {
    {
      std::lock_guard lock(mutex_);
      if (!clip.warning.empty() && options_.warn) options_.warn(clip.warning);
      if (!clip.fault.empty()) {
        progress_.skip(steps_);
        set_aside({data_.entries[clip.row].video_name, std::move(clip.fault), clip.row});
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
    if (sink_) {
      std::lock_guard lock(sink_mutex_);
      sink_(clip.row, std::move(values));
    }
    std::lock_guard lock(mutex_);
    progress_.skip(steps_ - frames);
    if (clip.features) progress_.skip(frames), ++summary_.cached;
    if (!clip.features) progress_.advance(frames), summary_.frames += frames;
    ++summary_.clips;
  }

  const Dataset& data_;
  const FeatureExtractor& extractor_;
  const FeatureSink& sink_;
  const ExtractOptions& options_;
  const std::size_t steps_, feature_dim_;
  std::optional<FeatureCache> cache_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> none_left_{false};
  Progress progress_;
  std::mutex mutex_;  // of warnings, progress and summary
  std::mutex sink_mutex_;
  ExtractSummary summary_;
};

/// What a user should hear of a list's end: that clips were set aside, or, as an error, that all were.
inline void report_set_aside(const Dataset& data, const ExtractSummary& summary, const ExtractOptions& options) {
  if (summary.quarantine.empty()) return;
  if (summary.clips == 0)
    throw DataError("None of the " + counted(data.size(), "clip", "clips") +
                    (data.directory.empty() ? "" : " in " + quoted(data.directory.string())) + " decodes (the first, " +
                    quoted(summary.quarantine[0].clip) + ": " + summary.quarantine[0].reason +
                    "); check the folder and the files.");
  if (!options.warn) return;
  std::vector<std::string> names;
  for (const QuarantinedClip& each : summary.quarantine) names.push_back(each.clip);
  options.warn(std::to_string(names.size()) + " of " + counted(data.size(), "clip", "clips") +
               " could not be decoded and were set aside: " + name_list(names, 5) + ".");
}

}  // namespace detail

/// Hands the features of every clip in `data` to `sink`.
///
/// Every core takes clips whole, from the file to the features; where the extractor or too short a list does not allow
/// that, clips are decoded ahead of the extractor on all cores. Memory is bounded: it grows neither with a clip's
/// length nor with the list. With a cache, clips that are in it are only hashed, and each clip's features are kept as
/// soon as they are there: a run that is interrupted continues where it was. The features are the same with and without
/// a cache, for any batch and any number of threads.
///
///     FeatureStore store("features", data, extractor);
///     extract_features(data, extractor, store.sink());
///     store.commit();
///
/// A clip that does not decode is quarantined with its reason. Throws DataError when no clip decodes (not where
/// `next_clip` divides the list: another process may have one that does), and for features that are not finite, naming
/// the clip; FileError when the cache cannot be written.
inline ExtractSummary extract_features(const Dataset& data, const FeatureExtractor& extractor, const FeatureSink& sink,
                                       const ExtractOptions& options = {}) {
  detail::require_usable(extractor, options);
  if (data.entries.empty()) throw DataError("The list of clips is empty; there is nothing to extract.");
  ExtractSummary summary = detail::Extraction(data, extractor, sink, options).run();
  if (!options.next_clip) detail::report_set_aside(data, summary, options);
  return summary;
}

}  // namespace rcar

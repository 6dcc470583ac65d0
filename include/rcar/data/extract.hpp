#pragma once
/// From clips to one set of features in memory, as training takes it.

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "../core/tensor.hpp"
#include "dataset.hpp"
#include "extraction.hpp"
#include "feature_extractor.hpp"
#include "feature_set.hpp"
#include "quarantine.hpp"
#include "string_lookup.hpp"

namespace rcar {

/// The features of a data set, and the clips that gave none.
struct ExtractResult {
  FeatureSet features;                      // the clips that decode, in the list's order
  std::vector<QuarantinedClip> quarantine;  // the others, in the list's order
  std::size_t cached = 0;                   // clips whose features came from the cache
  std::size_t frames = 0;                   // frames that went through the extractor
  double seconds = 0, frames_per_second = 0;
};

/// A sink that keeps all features, and makes a set of them in the list's order.
class FeatureCollector {
 public:
  /// Throws DataError for a tag that `labels` lacks. `data` must outlive this.
  FeatureCollector(const Dataset& data, const StringLookup& labels, const FeatureExtractor& extractor)
      : data_(data),
        steps_(static_cast<std::size_t>(extractor.sequence_length)),
        feature_dim_(static_cast<std::size_t>(extractor.feature_dim)),
        features_(data.size()) {
    for (const ClipEntry& entry : data.entries) label_of_.push_back(labels(entry.tag, entry.video_name));
  }

  FeatureSink sink() {
    return [this](std::size_t row, std::vector<float> features) { features_[row] = std::move(features); };
  }

  /// The set, and what the extraction tells. The features are moved out: once.
  ExtractResult result(ExtractSummary summary) {
    ExtractResult result;
    result.quarantine = std::move(summary.quarantine);
    result.cached = summary.cached;
    result.frames = summary.frames;
    result.seconds = summary.seconds;
    result.frames_per_second = summary.frames_per_second;
    result.features = padded(summary.clips);
    return result;
  }

 private:
  /// Puts the clips' features, each (n, F), below one another, zero padded and masked; releases them on the way.
  FeatureSet padded(std::size_t clips) {
    FeatureSet set{
        Features(Features::shape_type{clips, steps_, feature_dim_}), Mask(Mask::shape_type{clips, steps_}), {}, {}};
    for (std::size_t row = 0, i = 0; row < features_.size(); ++row) {
      const std::vector<float> clip = std::exchange(features_[row], {});
      if (clip.empty()) continue;
      float* features = set.features.data() + i * steps_ * feature_dim_;
      std::fill(std::copy(clip.begin(), clip.end(), features), features + steps_ * feature_dim_, 0.f);
      bool* mask = set.mask.data() + i * steps_;
      std::fill(std::fill_n(mask, clip.size() / feature_dim_, true), mask + steps_, false);
      set.labels.push_back(label_of_[row]);
      set.clips.push_back(data_.entries[row].video_name);
      ++i;
    }
    return set;
  }

  const Dataset& data_;
  const std::size_t steps_, feature_dim_;
  std::vector<int> label_of_;                 // of each clip
  std::vector<std::vector<float>> features_;  // of each clip (n, F); empty without
};

/// Features and masks of every clip in `data`, labelled by `labels`: extract_features, collected. It takes the memory
/// of all features, which extract_features with another sink does not.
///
/// Throws DataError for a tag that `labels` lacks (before any work), and as extract_features does.
inline ExtractResult process_videos_and_extract_features(const Dataset& data, const StringLookup& labels,
                                                         const FeatureExtractor& extractor,
                                                         const ExtractOptions& options = {}) {
  detail::require_usable(extractor, options);
  FeatureCollector collector(data, labels, extractor);
  return collector.result(extract_features(data, extractor, collector.sink(), options));
}

}  // namespace rcar

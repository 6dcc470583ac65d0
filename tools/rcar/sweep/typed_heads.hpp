#pragma once
// One cell's heads as types. A source a cell instantiates them, so that they compile side by side.

#include <algorithm>
#include <cstddef>
#include <ratio>
#include <rcar/heads/sequence_head.hpp>

#include "heads.hpp"

namespace rcar::tools::sweep {

enum class Layers { original, wide };

/// Throws UsageError when no registered backbone gives so many features.
template <class Cell>
HeadResult train_with(Layers layers, int frames, const FeatureSet& train, const FeatureSet& test,
                      const StringLookup& labels, const ExperimentOptions& options);

extern template HeadResult train_with<GRU>(Layers, int, const FeatureSet&, const FeatureSet&, const StringLookup&,
                                           const ExperimentOptions&);
extern template HeadResult train_with<LSTM>(Layers, int, const FeatureSet&, const FeatureSet&, const StringLookup&,
                                            const ExperimentOptions&);

/// The first `frames` frames of each clip as a head of `steps` steps reads them: (N, steps, F), the rest masked, which
/// changes nothing.
inline FeatureSet shortened(const FeatureSet& set, std::size_t frames, std::size_t steps) {
  const std::size_t clips = set.size(), has = set.features.shape(1), width = set.features.shape(2);
  if (has == steps && frames == steps) return set;
  FeatureSet out{Features(Features::shape_type{clips, steps, width}, 0.f), Mask(Mask::shape_type{clips, steps}, false),
                 set.labels, set.clips};
  for (std::size_t n = 0; n < clips; ++n) {
    std::copy_n(set.features.data() + n * has * width, frames * width, out.features.data() + n * steps * width);
    std::copy_n(set.mask.data() + n * has, frames, out.mask.data() + n * steps);
  }
  return out;
}

template <int FeatureDim, int Steps, class Cell, class Head>
HeadResult train_typed(int frames, const FeatureSet& train, const FeatureSet& test, const StringLookup& labels,
                       const ExperimentOptions& options) {
  const auto cut = [&](const FeatureSet& set) { return shortened(set, static_cast<std::size_t>(frames), Steps); };
  SequenceHead<FeatureDim, Steps, Cell, backend::Default, Head> head(static_cast<int>(labels.size()), options.seed);
  Experiment experiment = conduct_experiment(head, cut(train), labels, options);
  return {std::move(experiment), evaluate(head, cut(test))};
}

template <class Cell>
using Wide = heads::Stack<heads::Recurrent<Cell, 64>, heads::Dropout<std::ratio<1, 2>>>;

template <int FeatureDim, class Cell>
HeadResult train_of(Layers layers, int frames, const FeatureSet& train, const FeatureSet& test,
                    const StringLookup& labels, const ExperimentOptions& options) {
  const auto steps = [&]<class Head>() {
    return frames <= 20 ? train_typed<FeatureDim, 20, Cell, Head>(frames, train, test, labels, options)
                        : train_typed<FeatureDim, most_frames, Cell, Head>(frames, train, test, labels, options);
  };
  return layers == Layers::original ? steps.template operator()<heads::Original<Cell>>()
                                    : steps.template operator()<Wide<Cell>>();
}

template <class Cell>
HeadResult train_with(Layers layers, int frames, const FeatureSet& train, const FeatureSet& test,
                      const StringLookup& labels, const ExperimentOptions& options) {
  const auto of = [&]<int FeatureDim>() {
    return train_of<FeatureDim, Cell>(layers, frames, train, test, labels, options);
  };
  switch (train.features.shape(2)) {  // what the registered backbones give
    case 1280:
      return of.template operator()<1280>();
    case 1408:
      return of.template operator()<1408>();
    case 1536:
      return of.template operator()<1536>();
    case 1792:
      return of.template operator()<1792>();
    case 2048:
      return of.template operator()<2048>();
    case 2304:
      return of.template operator()<2304>();
    case 2560:
      return of.template operator()<2560>();
    default:
      break;
  }
  throw UsageError("A sweep has no heads for " + std::to_string(train.features.shape(2)) +
                   " features a frame; choose a registered backbone.");
}

}  // namespace rcar::tools::sweep

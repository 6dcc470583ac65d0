#pragma once
/// How long an epoch of head training takes.

#include <rcar/data/feature_set.hpp>
#include <rcar/train/fit.hpp>

#include <utility>
#include <vector>

#include "measure.hpp"

namespace rcar::bench {

struct Epochs {
  int measured = 0, warmup = 0, batch_size = 0;
};

/// Seconds of an epoch of `fit` without validation: the median of those after the warm-up.
template <class Head>
double epoch_seconds(Head& head, const FeatureSet& set, const Epochs& epochs) {
  std::vector<double> seconds;
  double begin = 0;
  const Stopwatch watch;
  FitOptions options;
  options.epochs = options.patience = epochs.warmup + epochs.measured;
  options.batch_size = epochs.batch_size;
  options.on_epoch = [&](int epoch, const History&) {
    const double end = watch.seconds();
    if (epoch > epochs.warmup) seconds.push_back(end - begin);
    begin = end;
  };
  fit(head, set, FeatureSet{}, options);
  return median(std::move(seconds));
}

}  // namespace rcar::bench

#pragma once
// The heads that a sweep can train, by name, for every registered backbone's features.

#include <rcar/data/feature_set.hpp>
#include <rcar/data/string_lookup.hpp>
#include <rcar/train/evaluate.hpp>
#include <rcar/train/experiment.hpp>
#include <string>
#include <vector>

namespace rcar::tools::sweep {

/// What training one head gave.
struct HeadResult {
  Experiment experiment;
  Evaluation test;
};

/// "gru", "lstm": the original's two layers, 16 and 8 units; "gru64", "lstm64": one layer of 64 and dropout 0.5.
const std::vector<std::string>& head_names();

/// Most frames of a clip that a head takes.
inline constexpr int most_frames = 40;

/// Trains the head of that name on the first `frames` frames of each clip and evaluates it. Features (N, T, F) with T
/// at least `frames`. Deterministic, on whatever threads; meant to be called by many at once. Throws UsageError for a
/// name, length or number of features that is not offered, and what conduct_experiment throws.
HeadResult train_head(const std::string& name, int frames, const FeatureSet& train, const FeatureSet& test,
                      const StringLookup& labels, const ExperimentOptions& options);

}  // namespace rcar::tools::sweep

#pragma once
/// What a report tells, gathered from a run's parts.

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/tensor.hpp"
#include "../data/extract.hpp"
#include "../data/feature_set.hpp"
#include "../data/split.hpp"
#include "../data/ucf_group.hpp"
#include "../train/history.hpp"
#include "machine.hpp"
#include "mistakes.hpp"

namespace rcar {

/// The clips of one part of the data ("train", "validation", "test"), class by class.
struct ClassCounts {
  std::string part;
  std::vector<std::size_t> clips;  // (K)
};

/// Counts the given rows of a set, all of them without `rows`.
inline ClassCounts count_classes(std::string part, const FeatureSet& set, std::size_t classes,
                                 const std::vector<std::size_t>* rows = nullptr) {
  ClassCounts counts{std::move(part), std::vector<std::size_t>(classes, 0)};
  if (rows)
    for (const std::size_t row : *rows) ++counts.clips.at(static_cast<std::size_t>(set.labels.at(row)));
  else
    for (const int label : set.labels) ++counts.clips.at(static_cast<std::size_t>(label));
  return counts;
}

/// All that report.html shows. Only `classes`, `test` and `probabilities` are needed; what else is empty is left out.
struct Report {
  std::string title = "Action recognition";
  std::string summary;               // a sentence below the title: backbone, cell, data
  std::vector<std::string> classes;  // (K), in the order of the probabilities
  std::optional<History> history;

  std::vector<std::string> clips;  // (N) names of the test clips
  std::vector<int> labels;         // (N) their true classes
  Probabilities probabilities;     // (N, K)
  double test_loss = 0;            // mean cross-entropy a clip

  std::vector<Mistake> mistakes;      // all of them, surest first
  std::vector<ShownMistake> watched;  // the first of them, as clips

  std::vector<ClassCounts> parts;           // the data, class by class
  std::vector<QuarantinedClip> quarantine;  // clips that could not be read
  std::vector<std::string> warnings;        // one sentence each: groups on both sides, classes too small
  std::vector<Facts> facts;                 // data, model, training, machine, versions: one table each
  std::string command_line;
};

/// The test side of a report: what evaluating `test` gave, and its mistakes.
///
/// predict    the trained head, for probabilities over time
/// read_clip  the frames that the head's features came from
inline void add_test(Report& report, const FeatureSet& test, const Evaluation& evaluation, const Predict& predict,
                     const ReadClip& read_clip, std::size_t most_watched = 12) {
  report.clips = test.clips;
  report.labels = test.labels;
  report.probabilities = evaluation.probabilities;
  report.test_loss = evaluation.loss;
  report.mistakes = find_mistakes(test, evaluation.probabilities);
  report.watched = show_mistakes(test, evaluation.probabilities, predict, read_clip, most_watched);
  report.parts.push_back(count_classes("test", test, report.classes.size()));
}

/// The training side: the curves, and the classes of the rows that trained and validated.
inline void add_training(Report& report, const History& history, const FeatureSet& train, const Split& split) {
  report.history = history;
  report.parts.push_back(count_classes("train", train, report.classes.size(), &split.train));
  report.parts.push_back(count_classes("validation", train, report.classes.size(), &split.validation));
  report.warnings.insert(report.warnings.end(), split.warnings.begin(), split.warnings.end());
}

}  // namespace rcar

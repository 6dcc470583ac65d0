#pragma once
/// What a report tells, gathered from a run's parts.

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "../core/tensor.hpp"
#include "../data/extract.hpp"
#include "../data/feature_set.hpp"
#include "../data/name_list.hpp"
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

  std::vector<ClassCounts> parts;                         // the data, class by class
  std::vector<QuarantinedClip> quarantine;                // clips that could not be read
  std::vector<std::string> warnings;                      // one sentence each: groups on both sides, classes too small
  std::vector<std::pair<std::string, std::string>> data;  // facts of the data: names and values
  std::vector<Facts> facts;                               // model, training, machine, versions: one table each
  std::string command_line;
};

/// What a set's masks and names say: clips shorter than the sequence, recordings.
inline void add_data_facts(Report& report, const std::string& part, const FeatureSet& set) {
  const std::size_t steps = set.mask.shape(1);
  std::size_t shorter = 0;
  std::set<std::string> groups;
  for (std::size_t n = 0; n < set.size(); ++n) {
    const bool* mask = set.mask.data() + n * steps;
    shorter += std::find(mask, mask + steps, false) != mask + steps;
    if (const std::string group = ucf_group(set.clips[n]); !group.empty())
      groups.insert(report.classes.at(static_cast<std::size_t>(set.labels[n])) + " " + group);
  }
  report.data.emplace_back("Shorter than " + std::to_string(steps) + " frames, " + part,
                           counted(shorter, "clip", "clips") + " of " + std::to_string(set.size()));
  if (!groups.empty()) report.data.emplace_back("Recordings, " + part, counted(groups.size(), "group", "groups"));
}

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
  add_data_facts(report, "test", test);
}

/// The training side: the curves, and the classes of the rows that trained and validated.
inline void add_training(Report& report, const History& history, const FeatureSet& train, const Split& split) {
  report.history = history;
  add_data_facts(report, "training and validation", train);
  report.parts.push_back(count_classes("train", train, report.classes.size(), &split.train));
  report.parts.push_back(count_classes("validation", train, report.classes.size(), &split.validation));
  report.warnings.insert(report.warnings.end(), split.warnings.begin(), split.warnings.end());
}

}  // namespace rcar

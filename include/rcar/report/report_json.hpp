#pragma once
/// A report as the JSON that its page reads.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/json.hpp"
#include "base64.hpp"
#include "calibration.hpp"
#include "class_metrics.hpp"
#include "page_text.hpp"
#include "report.hpp"
#include "tables.hpp"

namespace rcar::report {

/// Probabilities to six digits: more would only make the page long.
inline json::Value rounded(double value) {
  return std::isfinite(value) ? json::Value(std::round(value * 1e6) / 1e6) : json::Value();
}

/// `make(item)` of every item of a range, as a JSON array.
template <class Range, class Make>
json::Array array_of(const Range& range, Make&& make) {
  json::Array out;
  for (const auto& each : range) out.push_back(make(each));
  return out;
}

/// Lines of text, as the page may show them.
inline json::Array texts(const std::vector<std::string>& lines) {
  return array_of(lines, [](const std::string& line) { return json::Value(page_text(line)); });
}

/// Precision, recall and F1 of a class, or their means.
inline json::Value metrics_json(const ClassMetrics& metrics) {
  return json::Object{{"precision", metrics.precision},
                      {"recall", metrics.recall},
                      {"f1", metrics.f1},
                      {"support", metrics.support},
                      {"predicted", metrics.predicted}};
}

/// The curves of a training.
inline json::Value history_json(const History& history) {
  json::Object curves;
  for (const auto& [name, values] :
       {std::pair("loss", &history.loss), std::pair("val_loss", &history.val_loss),
        std::pair("accuracy", &history.accuracy), std::pair("val_accuracy", &history.val_accuracy)})
    if (!values->empty()) curves.push_back({name, array_of(*values, rounded)});
  return json::Object{{"curves", std::move(curves)},
                      {"best_epoch", history.best_epoch},
                      {"monitor", history.monitor},
                      {"stopped_early", history.stopped_early}};
}

/// The bins of the reliability diagram and their errors.
inline json::Value calibration_json(const Calibration& calibration) {
  return json::Object{{"expected_calibration_error", calibration.expected_calibration_error},
                      {"maximum_calibration_error", calibration.maximum_calibration_error},
                      {"brier_score", calibration.brier_score},
                      {"confidence", calibration.confidence},
                      {"bins", array_of(calibration.bins, [](const ConfidenceBin& bin) {
                         const Interval interval = wilson_interval(bin.correct, bin.clips);
                         return json::Value(json::Object{{"low", bin.low},
                                                         {"high", bin.high},
                                                         {"clips", bin.clips},
                                                         {"correct", bin.correct},
                                                         {"confidence", bin.confidence},
                                                         {"accuracy", bin.accuracy},
                                                         {"accuracy_low", interval.low},
                                                         {"accuracy_high", interval.high}});
                       })}};
}

/// A mistake as the page plays it.
inline json::Object mistake_json(const Mistake& mistake) {
  return {{"clip", page_text(mistake.clip)},
          {"truth", mistake.truth},
          {"predicted", mistake.predicted},
          {"confidence", rounded(mistake.confidence)}};
}

/// Of the classes, those that matter in this clip: what was said, what is true, and the five others that reached most
/// at any time.
inline json::Value watched_json(const ShownMistake& mistake) {
  const std::size_t frames = mistake.over_time.shape(0), classes = mistake.over_time.shape(1);
  std::vector<std::pair<float, std::size_t>> peaks;
  for (std::size_t k = 0; k < classes; ++k) {
    float peak = 0;
    for (std::size_t t = 0; t < frames; ++t) peak = std::max(peak, mistake.over_time(t, k));
    const int index = static_cast<int>(k);
    peaks.emplace_back(index == mistake.predicted ? 3.0f : index == mistake.truth ? 2.0f : peak, k);  // these stay
  }
  std::stable_sort(peaks.begin(), peaks.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  peaks.resize(std::min<std::size_t>(peaks.size(), 7));
  json::Array series;
  for (const auto& [peak, k] : peaks) {
    json::Array values;
    for (std::size_t t = 0; t < frames; ++t) values.push_back(rounded(static_cast<double>(mistake.over_time(t, k))));
    series.push_back(json::Object{{"class", k}, {"values", std::move(values)}});
  }
  json::Object out = mistake_json(mistake);
  out.push_back({"series", std::move(series)});
  if (mistake.sheet.frames > 0)
    out.push_back({"sheet", json::Object{{"jpeg", "data:image/jpeg;base64," + base64(mistake.sheet.jpeg)},
                                         {"frames", mistake.sheet.frames},
                                         {"columns", mistake.sheet.columns},
                                         {"side", mistake.sheet.side},
                                         {"frames_per_second", mistake.frames_per_second}}});
  if (!mistake.fault.empty()) out.push_back({"fault", page_text(mistake.fault)});
  return out;
}

/// Throws UsageError when the parts of a report do not fit together.
inline void require_whole(const Report& report) {
  const std::size_t clips = report.probabilities.shape(0), classes = report.probabilities.shape(1);
  if (report.classes.empty() || classes != report.classes.size() || report.labels.size() != clips ||
      report.clips.size() != clips)
    throw UsageError("The report has " + std::to_string(report.classes.size()) + " classes, " +
                     std::to_string(report.labels.size()) + " labels and " + std::to_string(report.clips.size()) +
                     " names for probabilities (" + std::to_string(clips) + ", " + std::to_string(classes) +
                     "); give one name a class and one label and name a clip.");
  for (const ClassCounts& part : report.parts)
    if (part.clips.size() != classes)
      throw UsageError("The report's part " + quoted(part.part) + " counts " + std::to_string(part.clips.size()) +
                       " classes and the model has " + std::to_string(classes) + "; count each class of the model.");
}

/// Throws UsageError when the report's parts do not fit one another.
inline json::Value report_json(const Report& report) {
  constexpr std::size_t most_listed = 2000;  // mistakes in the table
  require_whole(report);
  const std::size_t classes = report.classes.size();
  const Calibration calibration = calibrate(report.probabilities, report.labels);
  const auto counts = confusion_counts(report.labels, predicted_classes(report.probabilities), classes);
  const ClassReport metrics = class_report(counts, classes);
  std::size_t correct = 0;
  for (std::size_t k = 0; k < classes; ++k) correct += counts[k * classes + k];
  const Interval interval = wilson_interval(correct, report.clips.size());
  const auto listed = std::min(report.mistakes.size(), most_listed);

  json::Object out{{"format", "rcar-report"},
                   {"version", 1},
                   {"title", page_text(report.title)},
                   {"summary", page_text(report.summary)},
                   {"classes", texts(report.classes)},
                   {"test", json::Object{{"clips", report.clips.size()},
                                         {"correct", correct},
                                         {"accuracy", metrics.accuracy},
                                         {"accuracy_low", interval.low},
                                         {"accuracy_high", interval.high},
                                         {"loss", rounded(report.test_loss)}}},
                   {"confusion", array_of(counts, [](std::size_t count) { return json::Value(count); })},
                   {"metrics", json::Object{{"classes", array_of(metrics.classes, metrics_json)},
                                            {"macro", metrics_json(metrics.macro)},
                                            {"weighted", metrics_json(metrics.weighted)}}},
                   {"calibration", calibration_json(calibration)}};
  if (report.history) out.push_back({"history", history_json(*report.history)});
  out.push_back({"mistakes", array_of(std::vector<Mistake>(report.mistakes.begin(), report.mistakes.begin() + listed),
                                      [](const Mistake& each) { return json::Value(mistake_json(each)); })});
  out.push_back({"mistakes_in_all", report.mistakes.size()});
  out.push_back({"watched", array_of(report.watched, watched_json)});
  out.push_back({"parts", array_of(report.parts, [](const ClassCounts& part) {
                   return json::Value(json::Object{
                       {"part", page_text(part.part)},
                       {"clips", array_of(part.clips, [](std::size_t count) { return json::Value(count); })}});
                 })});
  out.push_back({"quarantine", array_of(report.quarantine, [](const QuarantinedClip& each) {
                   return json::Value(json::Object{{"clip", page_text(each.clip)}, {"reason", page_text(each.reason)}});
                 })});
  out.push_back({"warnings", texts(report.warnings)});
  const auto rows_json = [](const auto& rows) {
    return array_of(rows, [](const auto& row) {
      return json::Value(json::Array{page_text(row.first), page_text(row.second)});
    });
  };
  out.push_back({"data", rows_json(report.data)});
  out.push_back(
      {"facts", array_of(report.facts, [&](const Facts& facts) {
         return json::Value(json::Object{{"heading", page_text(facts.heading)}, {"rows", rows_json(facts.rows)}});
       })});
  out.push_back({"command_line", page_text(report.command_line)});
  return out;
}

}  // namespace rcar::report

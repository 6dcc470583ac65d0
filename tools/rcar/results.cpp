#include "results.hpp"

#include <algorithm>
#include <cstdio>
#include <rcar/report/confusion_matrix.hpp>
#include <rcar/report/tables.hpp>

namespace rcar::tools {

namespace fs = std::filesystem;

OutputFolder prepare_folder(const Console& console, const fs::path& folder,
                            std::initializer_list<std::string_view> files) {
  OutputFolder out(folder, files);
  if (!out.locked())
    console.warn("The file system of " + quoted(folder.string()) + " knows no locks; start no other run there.");
  return out;
}

void report_quarantine(const Console& console, const fs::path& folder, const std::vector<QuarantinedClip>& quarantine) {
  write_quarantine(folder / "quarantine.csv", quarantine);
  if (!quarantine.empty())
    console.say((folder / "quarantine.csv").string() + " says why " + counted(quarantine.size(), "clip", "clips") +
                " could not be decoded.");
}

std::vector<ClassResult> class_results(const FeatureSet& set, const Probabilities& probabilities,
                                       const std::vector<std::string>& classes) {
  std::vector<ClassResult> results;
  for (const std::string& name : classes) results.push_back({name});
  const std::vector<int> predicted = predicted_classes(probabilities);
  for (std::size_t i = 0; i < set.size(); ++i) {
    ClassResult &truth = results[static_cast<std::size_t>(set.labels[i])],
                &named = results[static_cast<std::size_t>(predicted[i])];
    ++truth.clips;
    ++named.taken_for_it;
    if (&truth == &named) ++truth.right;
  }
  return results;
}

void say_classes(const Console& console, const std::vector<ClassResult>& results) {
  std::size_t width = 5;
  for (const auto& each : results) width = std::max(width, each.name.size());
  const auto row = [&](const std::string& name, const char* format, auto... values) {
    char numbers[120];
    std::snprintf(numbers, sizeof numbers, format, values...);
    console.say("  " + name + std::string(width - name.size(), ' ') + numbers);
  };
  row("class", "  clips  recall  precision");
  for (const auto& each : results)
    row(each.name, "  %5zu  %5.1f%%     %5.1f%%", each.clips, 100 * each.recall(), 100 * each.precision());
}

nlohmann::ordered_json json_of(const std::vector<ClassResult>& results) {
  auto out = nlohmann::ordered_json::array();
  for (const auto& each : results)
    out.push_back(
        {{"class", each.name}, {"clips", each.clips}, {"recall", each.recall()}, {"precision", each.precision()}});
  return out;
}

void write_test(const fs::path& folder, const FeatureSet& set, const Evaluation& test,
                const std::vector<std::string>& classes) {
  write_predictions(folder / "predictions.csv", set, classes, test.probabilities);
  draw_confusion_matrix(confusion_counts(set.labels, predicted_classes(test.probabilities), classes.size()), classes,
                        folder / "confusion.png");
}

}  // namespace rcar::tools

#pragma once
// What a run leaves in its out folder, and what it says about a test.

#include <filesystem>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <rcar/core/output_folder.hpp>
#include <rcar/data/extract.hpp>
#include <rcar/train/evaluate.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "console.hpp"

namespace rcar::tools {

/// Makes the folder, holds it alone and proves that each of these files can be written to it, before hours are spent.
[[nodiscard]] OutputFolder prepare_folder(const Console& console, const std::filesystem::path& folder,
                                          std::initializer_list<std::string_view> files);

/// Writes quarantine.csv into `folder` and says where the reasons stand; extraction has warned of the clips by name.
void report_quarantine(const Console& console, const std::filesystem::path& folder,
                       const std::vector<QuarantinedClip>& quarantine);

/// How well one class is told from the others.
struct ClassResult {
  std::string name;
  std::size_t clips = 0, right = 0, taken_for_it = 0;  // of the class; of those, named rightly; named so in all

  double recall() const { return clips ? static_cast<double>(right) / static_cast<double>(clips) : 0; }
  double precision() const { return taken_for_it ? static_cast<double>(right) / static_cast<double>(taken_for_it) : 0; }
};

std::vector<ClassResult> class_results(const FeatureSet& set, const Probabilities& probabilities,
                                       const std::vector<std::string>& classes);

/// A table of classes for people.
void say_classes(const Console& console, const std::vector<ClassResult>& results);

/// The same for programs.
nlohmann::ordered_json json_of(const std::vector<ClassResult>& results);

/// predictions.csv and confusion.png of a test.
void write_test(const std::filesystem::path& folder, const FeatureSet& set, const Evaluation& test,
                const std::vector<std::string>& classes);

}  // namespace rcar::tools

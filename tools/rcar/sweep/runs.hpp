#pragma once
// The runs of a sweep: what each is, what it gave, and where finished ones are kept.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace rcar::tools::sweep {

/// One point of the grid.
struct Setting {
  std::string backbone, sampler;
  int frames = 0;
  std::string head;

  friend bool operator==(const Setting&, const Setting&) = default;
};

/// One training.
struct Run {
  Setting setting;
  std::uint64_t seed = 0;
};

/// What it gave; fractions, -1 where there were no validation clips.
struct RunResult {
  int epochs = 0, best_epoch = 0;
  double validation_loss = -1, validation_accuracy = -1, test_loss = 0, test_accuracy = 0;
  std::string failure;  // why it has no result; empty when it has
};

/// The finished runs of a folder, a file each, named by the hash of everything that the result depends on. Written
/// whole or not at all, so that whatever ends a sweep loses only the runs under way.
class RunStore {
 public:
  /// Makes the folder. Throws FileError when it cannot be made.
  explicit RunStore(std::filesystem::path folder);

  /// The result for `key`; nothing when there is none or its file is damaged.
  std::optional<RunResult> find(const std::string& key) const;
  void add(const std::string& key, const Run& run, const RunResult& result) const;

 private:
  std::filesystem::path path(const std::string& key) const;

  std::filesystem::path folder_;
};

/// Mean and standard deviation (n - 1) over the seeds of one setting.
struct Moments {
  double mean = 0, deviation = 0;
};
Moments moments(const std::vector<double>& values);

/// The seeds of one setting together.
struct Summary {
  Setting setting;
  std::size_t runs = 0, failed = 0;
  Moments validation_loss, validation_accuracy, test_accuracy, best_epoch;
};

/// One a setting, in the grid's order. `results` are those of `runs`, one each.
std::vector<Summary> summarise(const std::vector<Run>& runs, const std::vector<RunResult>& results);

}  // namespace rcar::tools::sweep

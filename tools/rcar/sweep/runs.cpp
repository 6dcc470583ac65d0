#include "runs.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <rcar/core/error.hpp>
#include <rcar/core/file.hpp>
#include <rcar/core/hash.hpp>
#include <system_error>
#include <utility>

namespace rcar::tools::sweep {

namespace fs = std::filesystem;

RunStore::RunStore(fs::path folder) : folder_(std::move(folder)) {
  std::error_code failure;
  fs::create_directories(folder_, failure);
  if (failure)
    throw FileError("Cannot make the folder " + quoted(folder_.string()) + ": " + failure.message() +
                    "; choose another --out.");
}

fs::path RunStore::path(const std::string& key) const { return folder_ / (Sha256().add(key).hex() + ".json"); }

std::optional<RunResult> RunStore::find(const std::string& key) const {
  std::error_code absent;
  if (!fs::exists(path(key), absent)) return std::nullopt;
  try {
    const MappedFile file(path(key));
    const auto value = nlohmann::json::parse(file.text());
    const std::string body = value.at("result").dump();
    if (value.at("checksum") != Sha256().add(key).add(body).hex()) return std::nullopt;
    const auto& result = value.at("result");
    return RunResult{result.at("epochs"),          result.at("best_epoch"),
                     result.at("validation_loss"), result.at("validation_accuracy"),
                     result.at("test_loss"),       result.at("test_accuracy"),
                     result.at("failure")};
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;  // it is computed again
  } catch (const FileError&) {
    return std::nullopt;
  }
}

void RunStore::add(const std::string& key, const Run& run, const RunResult& result) const {
  const nlohmann::json body = {{"epochs", result.epochs},
                               {"best_epoch", result.best_epoch},
                               {"validation_loss", result.validation_loss},
                               {"validation_accuracy", result.validation_accuracy},
                               {"test_loss", result.test_loss},
                               {"test_accuracy", result.test_accuracy},
                               {"failure", result.failure}};
  const nlohmann::ordered_json value = {{"format", "rcar-sweep-run"},
                                        {"version", 1},
                                        {"backbone", run.setting.backbone},
                                        {"sampler", run.setting.sampler},
                                        {"frames", run.setting.frames},
                                        {"head", run.setting.head},
                                        {"seed", run.seed},
                                        {"result", body},
                                        {"checksum", Sha256().add(key).add(body.dump()).hex()}};
  write_file(path(key), value.dump(2) + "\n");
}

Moments moments(const std::vector<double>& values) {
  Moments result;
  if (values.empty()) return result;
  const auto count = static_cast<double>(values.size());
  for (const double value : values) result.mean += value / count;
  double squares = 0;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  if (values.size() > 1) result.deviation = std::sqrt(squares / (count - 1));
  return result;
}

std::vector<Summary> summarise(const std::vector<Run>& runs, const std::vector<RunResult>& results) {
  struct Values {
    std::vector<double> validation_loss, validation_accuracy, test_accuracy, best_epoch;
  };
  std::vector<Summary> summaries;
  std::vector<Values> values;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    std::size_t at = 0;
    while (at < summaries.size() && !(summaries[at].setting == runs[i].setting)) ++at;
    if (at == summaries.size()) {
      summaries.emplace_back().setting = runs[i].setting;
      values.emplace_back();
    }
    ++summaries[at].runs;
    if (!results[i].failure.empty()) {
      ++summaries[at].failed;
      continue;
    }
    values[at].validation_loss.push_back(results[i].validation_loss);
    values[at].validation_accuracy.push_back(results[i].validation_accuracy);
    values[at].test_accuracy.push_back(results[i].test_accuracy);
    values[at].best_epoch.push_back(results[i].best_epoch);
  }
  for (std::size_t at = 0; at < summaries.size(); ++at) {
    summaries[at].validation_loss = moments(values[at].validation_loss);
    summaries[at].validation_accuracy = moments(values[at].validation_accuracy);
    summaries[at].test_accuracy = moments(values[at].test_accuracy);
    summaries[at].best_epoch = moments(values[at].best_epoch);
  }
  return summaries;
}

}  // namespace rcar::tools::sweep

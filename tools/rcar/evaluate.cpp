// rcar evaluate: how good a trained model is on labelled clips.
#include <cstdio>
#include <optional>
#include <rcar/report/html_report.hpp>

#include "commands.hpp"
#include "data_options.hpp"
#include "network_options.hpp"
#include "program.hpp"
#include "results.hpp"
#include "run_report.hpp"

namespace rcar::tools {

namespace {

namespace fs = std::filesystem;

struct Options {
  ModelOptions model;
  DataChoice data;
  CacheOptions cache;
  std::string part = "test";
  fs::path out;
  Readers readers = Readers::own;
};

/// The clips that are asked for. A folder of class folders has no test part of its own: then all of it.
Dataset choose(const Options& options) {
  if (options.part == "all") {
    if (data_kind(options.data) == DataKind::class_folders) return read_class_folders(options.data.folder);
    throw UsageError("--part all is for folders without a split of their own; choose train or test.");
  }
  TrainTest data = read_data(options.data);
  return options.part == "train" ? std::move(data.train) : std::move(data.test);
}

int evaluate(const Options& options, const Console& console) {
  const Dataset data = choose(options);
  const auto recognizer = options.model.load(console);
  const StringLookup& labels = recognizer->labels();
  std::optional<OutputFolder> out;
  if (!options.out.empty())
    out = prepare_folder(console, options.out,
                         {"predictions.csv", "confusion.png", "metrics.json", "quarantine.csv", "report.html"});
  const auto extracted =
      recognizer->process_videos_and_extract_features(data, labels, options.cache.extraction(console, "Clips"));
  const Evaluation result = recognizer->evaluate(extracted.features);
  const auto results = class_results(extracted.features, result.probabilities, labels.vocabulary());
  const nlohmann::ordered_json metrics = {{"accuracy", result.accuracy},
                                          {"loss", result.loss},
                                          {"clips", extracted.features.size()},
                                          {"quarantined_clips", extracted.quarantine.size()},
                                          {"classes", json_of(results)}};
  if (!options.out.empty()) {
    report_quarantine(console, options.out, extracted.quarantine);
    write_test(options.out, extracted.features, result, labels.vocabulary());
    write_file(options.out / "metrics.json", metrics.dump(2) + "\n");
    const ModelFile model = load_model(options.model.model);
    Report report = begin_report(*recognizer, model.backbone, model.cell, options.readers);
    report.quarantine = extracted.quarantine;
    add_tested_clips(report, *recognizer, data, extracted.features, result, options.readers);
    write_html_report(options.out / "report.html", report);
  }
  say_classes(console, results);
  char line[120];
  std::snprintf(line, sizeof line, "Accuracy %.2f%%, loss %.4f on %zu clips.", 100.0 * result.accuracy, result.loss,
                extracted.features.size());
  console.say(Console::painted(Colour::bold, line));
  console.json(metrics);
  return extracted.quarantine.empty() ? exit_code::done : exit_code::findings;
}

}  // namespace

void add_evaluate(Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App& app = program.add(
      "evaluate", "Measures a trained model on labelled clips",
      "  rcar evaluate out/model.rcar UCF-101 --lists ucfTrainTestlist --weights efficientnetb0_notop.h5\n"
      "  rcar evaluate out/model.rcar other_videos --part all --weights weights/efficientnetb0.safetensors --out test",
      [=](Console& console) { return evaluate(*options, console); });
  options->model.add(app);
  add_data_options(app, options->data);
  app.add_option("--part", options->part, "test, train, or all of a folder without a split of its own")
      ->capture_default_str()
      ->check(CLI::IsMember({"test", "train", "all"}));
  app.add_option("--seed", options->data.seed, "Of the division by --test-part: the one of the training")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber)
      ->group("Data");
  options->cache.add(app, "none");
  app.add_option("--out,-o", options->out, "Folder for report.html, predictions.csv, confusion.png and metrics.json");
  add_readers_option(app, options->readers);
}

}  // namespace rcar::tools

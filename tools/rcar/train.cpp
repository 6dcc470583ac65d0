// rcar train: from a folder of videos to a trained, evaluated, saved recognizer.
#include <cmath>
#include <cstdio>
#include <optional>
#include <rcar/report/curves.hpp>
#include <rcar/report/html_report.hpp>
#include <rcar/report/tables.hpp>
#include <rcar/report/tensorboard/run_events.hpp>

#include "../stopwatch.hpp"
#include "commands.hpp"
#include "data_options.hpp"
#include "network_options.hpp"
#include "program.hpp"
#include "results.hpp"
#include "run_metrics.hpp"
#include "run_report.hpp"
#include "team.hpp"

namespace rcar::tools {

namespace {

namespace fs = std::filesystem;

struct Options {
  DataChoice data;
  NetworkOptions network;
  CacheOptions cache;
  ExperimentOptions experiment;
  std::string validation = "stratified", reduction = "ordered";
  fs::path out = "out";
  bool fresh = false;
  Readers readers = Readers::own;
};

void describe(CLI::App& app, Options& options) {
  add_data_options(app, options.data);
  options.network.add(app);
  options.cache.add(app, "OUT/cache");
  const auto option = [&](const std::string& name, auto& value, const std::string& what) {
    return app.add_option(name, value, what)->capture_default_str()->group("Training");
  };
  ExperimentOptions& experiment = options.experiment;
  option("--epochs", experiment.epochs, "Most passes over the clips")->check(CLI::Range(1, 1000000));
  option("--batch-size", experiment.batch_size, "Clips of an optimiser step")->check(CLI::Range(1, 1000000));
  option("--patience", experiment.patience, "Epochs without a better validation loss before stopping")
      ->check(CLI::Range(1, 1000000));
  option("--learning-rate", experiment.learning_rate, "Adam's step")->check(CLI::Range(1e-9, 10.0));
  option("--seed", experiment.seed, "Same seed, same bits")->check(CLI::NonNegativeNumber);
  option("--validation", options.validation,
         "stratified: by class, groups kept together; last: Keras's last rows; none")
      ->check(one_of({"stratified", "last", "none"}));
  app.add_option("--reduction", options.reduction,
                 "Under mpirun: ordered sums gradients as one process does, to the same bits; fast moves fewer bytes")
      ->capture_default_str()
      ->check(CLI::IsMember({"ordered", "fast"}))
      ->group("Training");
  app.add_option("--out,-o", options.out, "Folder for model.rcar, report.html, tables and pictures")
      ->capture_default_str();
  add_readers_option(app, options.readers);
  app.add_flag("--fresh", options.fresh, "Train from the first epoch, even where an interrupted training can go on")
      ->group("Training");
}

/// Lines for people while it trains: a bar with the epochs' rate and the time left.
class EpochBar {
 public:
  EpochBar(const Console& console, int epochs)
      : bar_("Training", static_cast<std::size_t>(epochs), "epochs", console.progress()) {}

  /// Epochs that an earlier run trained.
  void skip(int epochs) { bar_.skip(static_cast<std::size_t>(epochs)); }

  void show(const History& history) {
    char note[120];
    const auto last = history.loss.size() - 1;
    int length =
        std::snprintf(note, sizeof note, "loss %.4f, accuracy %.4f", history.loss[last], history.accuracy[last]);
    if (!history.val_loss.empty())
      std::snprintf(note + length, sizeof note - static_cast<std::size_t>(length), ", val_loss %.4f, val_accuracy %.4f",
                    history.val_loss[last], history.val_accuracy[last]);
    bar_.advance(1, note);
  }

 private:
  Progress bar_;
};

/// What TensorBoard compares runs by.
std::vector<tensorboard::HyperParameter> settings_of(const Options& options) {
  const ExperimentOptions& experiment = options.experiment;
  return {{"backbone", options.network.choice.backbone},
          {"cell", options.network.choice.cell},
          {"sequence_length", options.network.choice.sequence_length},
          {"sampler", options.network.sampler},
          {"batch_size", experiment.batch_size},
          {"learning_rate", experiment.learning_rate},
          {"patience", experiment.patience},
          {"seed", experiment.seed},
          {"validation", options.validation}};
}

/// The numbers of every epoch, exactly.
std::string text_of(const History& history) {
  return nlohmann::ordered_json{history.loss, history.accuracy, history.val_loss, history.val_accuracy}.dump();
}

int train(const Options& given, const Console& console, Team& team) {
  Options options = given;
  Stopwatch watch;
  ExperimentOptions& experiment = options.experiment;
  if (std::isnan(experiment.learning_rate))  // which CLI11's range lets pass
    throw UsageError("--learning-rate is no number; give one from 1e-9 to 10.");
  options.network.require();
  experiment.validation = parse_validation(options.validation);
  options.data.seed = experiment.seed;
  const TrainTest data = read_data(options.data);
  const StringLookup labels = StringLookup::from_tags(data.train.tags());
  require_trainable_lists(data, labels);
  const auto recognizer = options.network.make(console);
  std::optional<OutputFolder> out;  // the first process's
  if (team.first())
    out.emplace(prepare_folder(
        console, options.out,
        {"model.rcar", "best_weights.safetensors", "training_state.safetensors", "split.csv", "history.csv",
         "predictions.csv", "metrics.json", "quarantine.csv", "curves.png", "confusion.png", "report.html"}));
  experiment.training_state = options.out / "training_state.safetensors";
  experiment.training_state_access = team.first() ? StateAccess::keep : StateAccess::read;
  if (team.first() && options.fresh) fs::remove(experiment.training_state);
  const NetworkOptions& network = options.network;
  console.say(counted(data.train.size(), "training clip", "training clips") + " and " +
              counted(data.test.size(), "test clip", "test clips") + " of " + std::to_string(labels.size()) +
              " classes; " + network.choice.backbone + " at " + std::to_string(recognizer->image_dim()) + ", " +
              network.choice.cell + ", " + std::to_string(recognizer->sequence_length()) + " frames a clip, sampler " +
              network.sampler + ".");
  std::vector<std::string> warnings = data.warnings;
  if (const std::string overlap = overlap_warning(group_overlap(data.train, data.test)); !overlap.empty())
    warnings.push_back(overlap);
  for (const auto& warning : warnings) console.warn(warning);
  const double loading_s = watch.lap();

  if (options.cache.cache.empty()) options.cache.cache = options.out / "cache";
  const FeatureExtractor extractor = recognizer->extractor();
  const auto train_set = team.process_videos_and_extract_features(data.train, labels, extractor,
                                                                  options.cache.extraction(console, "Training clips"));
  const auto test_set = team.process_videos_and_extract_features(data.test, labels, extractor,
                                                                 options.cache.extraction(console, "Test clips"));
  auto quarantine = train_set.quarantine;
  quarantine.insert(quarantine.end(), test_set.quarantine.begin(), test_set.quarantine.end());
  if (team.first()) report_quarantine(console, options.out, quarantine);
  const double extraction_s = watch.lap();

  if (team.first()) experiment.checkpoint = options.out / "best_weights.safetensors";
  experiment.exchange = team.exchange(options.reduction);
  experiment.warn = [&](const std::string& text) { console.warn(text); };
  History history;
  std::optional<RunEvents> events;  // the first process's, once there is something to tell
  const auto start_events = [&] {
    if (!team.first() || events) return;
    events.emplace(options.out / "events", RunEventsOptions{.learning_rate = experiment.learning_rate});
    events->start(settings_of(options));
  };
  {
    EpochBar bar(console, experiment.epochs);
    experiment.on_epoch = [&](int epoch, const History& so_far) {
      if (epoch == so_far.resumed_after + 1 && epoch > 1) {
        console.say("The training goes on after epoch " + std::to_string(epoch - 1) + ".");
        bar.skip(so_far.resumed_after);
      }
      bar.show(so_far);
      start_events();
      if (events) events->epoch(epoch, so_far);
    };
    history = recognizer->fit(train_set.features, labels, experiment);
  }
  if (history.resumed_after == static_cast<int>(history.loss.size()))
    console.say("An earlier run trained all " + std::to_string(history.resumed_after) +
                " epochs; its results are written now.");
  const double training_s = watch.lap();
  const Evaluation test = recognizer->evaluate(test_set.features);
  const double evaluation_s = watch.lap();

  team.require_same(text_of(history), "The losses");
  if (!team.first()) return quarantine.empty() ? exit_code::done : exit_code::findings;

  start_events();
  const auto& classes = labels.vocabulary();
  const Split split =
      split_validation(train_set.features, labels, experiment.validation, experiment.validation_split, experiment.seed);
  recognizer->save(options.out / "model.rcar");
  write_split(options.out / "split.csv", train_set.features, classes, split);
  write_history(options.out / "history.csv", history);
  draw_curves(training_curves(history), options.out / "curves.png",
              {.best_epoch = static_cast<std::size_t>(history.best_epoch - 1)});
  write_test(options.out, test_set.features, test, classes);
  nlohmann::ordered_json metrics =
      run_metrics(test, recognizer->card(), train_set, test_set, {loading_s, extraction_s, training_s, evaluation_s});
  write_file(options.out / "metrics.json", metrics.dump(2) + "\n");

  Report report = begin_report(*recognizer, network.choice.backbone, network.choice.cell, options.readers);
  report.warnings = warnings;
  report.quarantine = quarantine;
  add_training(report, history, train_set.features, split);
  add_tested_clips(report, *recognizer, data.test, test_set.features, test, options.readers);
  add_seconds(
      report,
      {{"Loading", loading_s}, {"Extraction", extraction_s}, {"Training", training_s}, {"Evaluation", evaluation_s}});
  write_html_report(options.out / "report.html", report);
  events->finish(report, test);
  fs::remove(experiment.training_state);  // last of all: until everything is written, a killed run is gone on with

  const auto results = class_results(test_set.features, test.probabilities, classes);
  say_classes(console, results);
  char line[200];
  std::snprintf(line, sizeof line, "Test accuracy %.2f%%, loss %.4f on %zu clips; best epoch %d of %zu.",
                100.0 * test.accuracy, test.loss, test_set.features.size(), history.best_epoch, history.loss.size());
  console.say(Console::painted(Colour::bold, line));
  console.say("Model, report.html and tables are in " + options.out.string() + ".");
  metrics["classes"] = json_of(results);
  metrics["out"] = options.out.string();
  console.json(metrics);
  return quarantine.empty() ? exit_code::done : exit_code::findings;
}

}  // namespace

void add_train(Program& program) {
  const auto options = std::make_shared<Options>();
  describe(program.add("train", "Trains and evaluates a classifier of the clips in a folder",
                       "  rcar train UCF-101 --lists ucfTrainTestlist --cell lstm --weights efficientnetb0_notop.h5\n"
                       "  rcar train videos --sampler uniform --weights weights/efficientnetb0.safetensors --out out\n"
                       "  rcar train videos --weights weights/efficientnetb0.safetensors --backend cuda --json\n"
                       "  mpirun -n 4 rcar train videos --weights weights/efficientnetb0.safetensors\n"
                       "Interrupt it at any time: what is computed is kept, and the same command goes on from there.",
                       [=](Console& console) {
                         return run_in_team(console, [&](Team& team) { return train(*options, console, team); });
                       }),
           *options);
}

}  // namespace rcar::tools

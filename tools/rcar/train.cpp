// rcar train: from a folder of videos to a trained, evaluated, saved recognizer.
#include <cmath>
#include <cstdio>
#include <rcar/report/curves.hpp>
#include <rcar/report/tables.hpp>

#include "../stopwatch.hpp"
#include "commands.hpp"
#include "data_options.hpp"
#include "network_options.hpp"
#include "program.hpp"
#include "results.hpp"
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
         "stratified: by class, groups kept together; last: Keras's last rows; none");
  app.add_option("--reduction", options.reduction,
                 "Under mpirun: ordered sums gradients as one process does, to the same bits; fast moves fewer bytes")
      ->capture_default_str()
      ->check(CLI::IsMember({"ordered", "fast"}))
      ->group("Training");
  app.add_option("--out,-o", options.out, "Folder for model.rcar, tables and pictures")->capture_default_str();
}

/// Lines for people while it trains: a bar with the epochs' rate and the time left.
class EpochBar {
 public:
  EpochBar(const Console& console, int epochs)
      : bar_("Training", static_cast<std::size_t>(epochs), "epochs", console.progress()) {}

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
  if (team.first())
    prepare_folder(options.out, {"model.rcar", "best_weights.safetensors", "split.csv", "history.csv",
                                 "predictions.csv", "metrics.json", "quarantine.csv", "curves.png", "confusion.png"});
  const NetworkOptions& network = options.network;
  console.say(counted(data.train.size(), "training clip", "training clips") + " and " +
              counted(data.test.size(), "test clip", "test clips") + " of " + std::to_string(labels.size()) +
              " classes; " + network.choice.backbone + " at " + std::to_string(recognizer->image_dim()) + ", " +
              network.choice.cell + ", " + std::to_string(recognizer->sequence_length()) + " frames a clip, sampler " +
              network.sampler + ".");
  for (const auto& warning : data.warnings) console.warn(warning);
  console.warn(overlap_warning(group_overlap(data.train, data.test)));
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
  {
    EpochBar bar(console, experiment.epochs);
    experiment.on_epoch = [&](int, const History& so_far) { bar.show(so_far); };
    history = recognizer->fit(train_set.features, labels, experiment);
  }
  const double training_s = watch.lap();
  const Evaluation test = recognizer->evaluate(test_set.features);
  const double evaluation_s = watch.lap();

  team.require_same(text_of(history), "The losses");
  if (!team.first()) return quarantine.empty() ? exit_code::done : exit_code::findings;

  const auto& classes = labels.vocabulary();
  const Split split =
      split_validation(train_set.features, labels, experiment.validation, experiment.validation_split, experiment.seed);
  recognizer->save(options.out / "model.rcar");
  write_split(options.out / "split.csv", train_set.features, classes, split);
  write_history(options.out / "history.csv", history);
  draw_curves(training_curves(history), options.out / "curves.png",
              {.best_epoch = static_cast<std::size_t>(history.best_epoch - 1)});
  write_test(options.out, test_set.features, test, classes);
  const TrainingCard& card = recognizer->card();
  const double computed_s = train_set.seconds + test_set.seconds;
  const auto computed_frames = train_set.frames + test_set.frames;
  nlohmann::ordered_json metrics = {
      {"test_accuracy", test.accuracy},
      {"test_loss", test.loss},
      {"train_clips", card.train_clips},
      {"validation_clips", card.validation_clips},
      {"test_clips", card.test_clips},
      {"quarantined_clips", quarantine.size()},
      {"epochs", card.epochs},
      {"best_epoch", card.best_epoch},
      {"seconds",
       {{"loading", loading_s}, {"extraction", extraction_s}, {"training", training_s}, {"evaluation", evaluation_s}}},
      {"cached_clips", train_set.cached + test_set.cached},
      {"frames_per_second", computed_s > 0 ? static_cast<double>(computed_frames) / computed_s : 0.0}};
  write_file(options.out / "metrics.json", metrics.dump(2) + "\n");

  const auto results = class_results(test_set.features, test.probabilities, classes);
  say_classes(console, results);
  char line[200];
  std::snprintf(line, sizeof line, "Test accuracy %.2f%%, loss %.4f on %zu clips; best epoch %d of %zu.",
                100.0 * test.accuracy, test.loss, test_set.features.size(), history.best_epoch, history.loss.size());
  console.say(Console::painted(Colour::bold, line));
  console.say("Model, curves and tables are in " + options.out.string() + ".");
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

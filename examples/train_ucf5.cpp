// The whole experiment: from a folder of videos to a trained, evaluated, saved recognizer.
//   train_ucf5 --data UCF-101 --lists ucfTrainTestlist --split 1 --backbone efficientnetb0 --cell lstm
//              --weights efficientnetb0.safetensors --out out
#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <rcar/any_recognizer.hpp>
#include <rcar/core/output_folder.hpp>
#include <rcar/data/any_folder.hpp>
#include <rcar/keras.hpp>
#include <rcar/report/confusion_matrix.hpp>
#include <rcar/report/curves.hpp>
#include <rcar/report/tables.hpp>

#include "../tools/backend_choice.hpp"
#include "../tools/run_metrics.hpp"
#include "../tools/run_program.hpp"
#include "../tools/stopwatch.hpp"

namespace {

namespace fs = std::filesystem;

struct Options {
  rcar::DataChoice data;
  fs::path weights, cache, out = "out";
  rcar::RecognizerChoice choice;
  std::string sampler = "first", validation = "stratified", backend = "cpu";
  rcar::ExperimentOptions experiment;
  bool accept_foreign_cache = false, fresh = false;
};

void warn(const std::string& text) {
  if (!text.empty()) std::fprintf(stderr, "warning: %s\n", text.c_str());
}

int train(Options options) {
  rcar::tools::Stopwatch watch;
  using List = rcar::RegisteredRecognizers;
  List::require(options.choice);
  if (std::isnan(options.experiment.learning_rate))  // which CLI11's range lets pass
    throw rcar::UsageError("--learning-rate is no number; give one from 1e-9 to 10.");
  rcar::tools::require_backend(options.backend);
  const rcar::Sampler sampler = rcar::parse_sampler(options.sampler);
  options.experiment.validation = rcar::parse_validation(options.validation);
  options.data.seed = options.experiment.seed;
  const rcar::TrainTest data = read_data(options.data);
  const rcar::StringLookup labels = rcar::StringLookup::from_tags(data.train.tags());
  require_trainable_lists(data, labels);
  const rcar::weights::Store weights =
      rcar::read_backbone_weights(options.weights, options.choice.backbone, List::layers(options.choice.backbone),
                                  [](const std::string& note) { std::printf("%s\n", note.c_str()); });
  const auto recognizer = rcar::tools::make_recognizer_on(options.backend, options.choice, weights, sampler);
  const fs::path state = options.out / "training_state.safetensors";
  const rcar::OutputFolder out(
      options.out, {"model.rcar", "best_weights.safetensors", "training_state.safetensors", "split.csv", "history.csv",
                    "predictions.csv", "metrics.json", "quarantine.csv", "curves.png", "confusion.png"});
  if (!out.locked())
    warn("The file system of " + rcar::quoted(options.out.string()) +
         " knows no locks; start no other training there.");
  if (options.fresh) fs::remove(state);
  std::printf("%zu training and %zu test clips of %zu classes; %s at %d, %s, %d frames a clip, sampler %s.\n",
              data.train.entries.size(), data.test.entries.size(), labels.vocabulary().size(),
              options.choice.backbone.c_str(), recognizer->image_dim(), options.choice.cell.c_str(),
              recognizer->sequence_length(), options.sampler.c_str());
  for (const auto& warning : data.warnings) warn(warning);
  warn(rcar::overlap_warning(rcar::group_overlap(data.train, data.test)));
  const double loading_s = watch.lap();

  rcar::ExtractOptions extract;
  extract.cache = options.cache.empty() ? options.out / "cache" : options.cache;
  if (options.accept_foreign_cache) extract.foreign_cache = rcar::ForeignCache::accept;
  extract.title = "Training clips";
  const auto train_set = recognizer->process_videos_and_extract_features(data.train, labels, extract);
  extract.title = "Test clips";
  const auto test_set = recognizer->process_videos_and_extract_features(data.test, labels, extract);
  auto quarantine = train_set.quarantine;
  quarantine.insert(quarantine.end(), test_set.quarantine.begin(), test_set.quarantine.end());
  rcar::write_quarantine(options.out / "quarantine.csv", quarantine);
  if (!quarantine.empty())
    warn(std::to_string(quarantine.size()) + " clips could not be read and were left out; " +
         (options.out / "quarantine.csv").string() + " says which and why.");
  const double extraction_s = watch.lap();

  options.experiment.checkpoint = options.out / "best_weights.safetensors";
  options.experiment.training_state = state;
  options.experiment.on_epoch = [&](int epoch, const rcar::History& history) {
    const auto last = history.loss.size() - 1;
    std::printf("epoch %2d/%d  loss %.4f  accuracy %.4f", epoch, options.experiment.epochs, history.loss[last],
                history.accuracy[last]);
    if (!history.val_loss.empty())
      std::printf("  val_loss %.4f  val_accuracy %.4f", history.val_loss[last], history.val_accuracy[last]);
    std::printf(epoch == history.resumed_after + 1 && epoch > 1 ? "  (goes on after epoch %d)\n" : "\n", epoch - 1);
    std::fflush(stdout);
  };
  const rcar::History history = recognizer->fit(train_set.features, labels, options.experiment);
  if (history.resumed_after == static_cast<int>(history.loss.size()))
    std::printf("An earlier run trained all %d epochs; its results are written now.\n", history.resumed_after);
  const double training_s = watch.lap();
  const rcar::Evaluation test = recognizer->evaluate(test_set.features);
  const double evaluation_s = watch.lap();

  const auto& classes = labels.vocabulary();
  const rcar::Split split = rcar::split_validation(train_set.features, labels, options.experiment.validation,
                                                   options.experiment.validation_split, options.experiment.seed);
  recognizer->save(options.out / "model.rcar");
  rcar::write_split(options.out / "split.csv", train_set.features, classes, split);
  rcar::write_history(options.out / "history.csv", history);
  rcar::write_predictions(options.out / "predictions.csv", test_set.features, classes, test.probabilities);
  rcar::draw_curves(rcar::training_curves(history), options.out / "curves.png",
                    {.best_epoch = static_cast<std::size_t>(history.best_epoch - 1)});
  rcar::draw_confusion_matrix(
      rcar::confusion_counts(test_set.features.labels, rcar::predicted_classes(test.probabilities), classes.size()),
      classes, options.out / "confusion.png");
  const nlohmann::ordered_json metrics = rcar::tools::run_metrics(test, recognizer->card(), train_set, test_set,
                                                                  {loading_s, extraction_s, training_s, evaluation_s});
  rcar::write_file(options.out / "metrics.json", metrics.dump(2) + "\n");
  fs::remove(state);  // the last of all: until everything is written, a run that is killed is gone on with
  std::printf("Test accuracy %.2f%%, loss %.4f on %zu clips. Model, curves and tables are in %s.\n",
              100.0 * test.accuracy, test.loss, test_set.features.size(), options.out.c_str());
  return 0;
}

void describe(CLI::App& app, Options& options) {
  app.add_option("--data", options.data.folder,
                 "Prepared folder (train.csv, test.csv, train/, test/), UCF-101 tree with --lists, or any folder with "
                 "one folder of clips a class, which is then split here")
      ->required();
  app.add_option("--lists", options.data.lists, "Folder of UCF101's official lists (trainlist01.txt, ...)");
  app.add_option("--split", options.data.split, "Which official split")->capture_default_str()->check(CLI::Range(1, 3));
  app.add_option("--weights", options.weights, "Backbone weights: rcar's .safetensors, or Keras's .h5 or .keras")
      ->required();
  app.add_option("--backbone", options.choice.backbone, "One of " + rcar::RegisteredRecognizers::backbone_names())
      ->capture_default_str();
  app.add_option("--cell", options.choice.cell, "gru or lstm")->capture_default_str();
  rcar::tools::add_backend_option(app, options.backend);
  app.add_option("--image-dim", options.choice.image_dim, "Image dimension; 0: the backbone's own")
      ->capture_default_str();
  app.add_option("--sequence-length", options.choice.sequence_length, "Frames of a clip")->capture_default_str();
  app.add_option("--sampler", options.sampler, "first: the first frames; uniform: frames over the whole clip")
      ->capture_default_str();
  app.add_option("--epochs", options.experiment.epochs)->capture_default_str()->check(CLI::Range(1, 1000000));
  app.add_option("--batch-size", options.experiment.batch_size)->capture_default_str()->check(CLI::Range(1, 1000000));
  app.add_option("--patience", options.experiment.patience, "Epochs without a better validation loss before stopping")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  app.add_option("--learning-rate", options.experiment.learning_rate)
      ->capture_default_str()
      ->check(CLI::Range(1e-9, 10.0));
  app.add_option("--seed", options.experiment.seed, "Same seed, same bits")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  app.add_option("--validation", options.validation,
                 "stratified: by class, groups kept together; last: Keras's last rows; none")
      ->capture_default_str();
  app.add_option("--test-part", options.data.test_part,
                 "Share of the clips to test on, where --data has no split of its own")
      ->capture_default_str()
      ->check(CLI::Range(0.05, 0.9));
  app.add_option("--cache", options.cache, "Folder of the feature cache (default: OUT/cache)");
  app.add_flag("--accept-foreign-cache", options.accept_foreign_cache, "Use a cache from another kind of CPU");
  app.add_option("--out", options.out, "Folder for model.rcar, tables and pictures")->capture_default_str();
  app.add_flag("--fresh", options.fresh,
               "Train from the first epoch, even where an interrupted training can be gone on with");
  app.footer(
      "Examples:\n"
      "  train_ucf5 --data UCF-101 --lists ucfTrainTestlist --split 1 --cell lstm --weights efficientnetb0_notop.h5\n"
      "  train_ucf5 --data my_clips --backbone inceptionv3 --weights weights/inceptionv3.safetensors --sampler "
      "uniform\n"
      "  train_ucf5 --data my_clips --weights weights/efficientnetb0.safetensors --backend cuda\n"
      "Interrupt it at any time: the next run goes on from there, with the features that are in the cache and from "
      "the\n"
      "last epoch whose state was kept in OUT, and ends with the same model.\n"
      "Exit code: 0 trained, 1 error, 2 wrong usage.");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Trains and evaluates a video classifier: CNN features, recurrent head."};
  describe(app, options);
  return rcar::tools::run_program(app, argc, argv, [&] { return train(options); });
}

// The whole experiment against the library: from a folder of videos to a trained, evaluated, saved recognizer.
//   train_ucf5 --data UCF-101 --lists ucfTrainTestlist --weights efficientnetb0_notop.h5 --cell lstm --out out
// `rcar train` trains the same model, with a report, TensorBoard's files and every option.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <rcar/any_recognizer.hpp>
#include <rcar/core/output_folder.hpp>
#include <rcar/data/any_folder.hpp>
#include <rcar/keras.hpp>
#include <rcar/report/confusion_matrix.hpp>
#include <rcar/report/curves.hpp>
#include <rcar/report/tables.hpp>

#include "../tools/run_program.hpp"

namespace {

struct Options {
  rcar::DataChoice data;
  rcar::RecognizerChoice choice;
  std::filesystem::path weights, out = "out";
  rcar::ExperimentOptions experiment;
};

int train(Options options) {
  // The clips, and the recognizer with its pre-trained backbone.
  using List = rcar::RegisteredRecognizers;
  List::require(options.choice);
  options.data.seed = options.experiment.seed;
  const rcar::TrainTest data = rcar::read_data(options.data);
  const rcar::StringLookup labels = rcar::StringLookup::from_tags(data.train.tags());
  require_trainable_lists(data, labels);
  for (const std::string& warning : data.warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
  const auto recognizer = rcar::make_recognizer(
      options.choice,
      rcar::read_backbone_weights(options.weights, options.choice.backbone, List::layers(options.choice.backbone)));

  // Their features: computed once, kept in the cache for the next run. Clips that do not decode are set aside.
  const rcar::OutputFolder out(options.out, {"model.rcar", "history.csv", "predictions.csv", "quarantine.csv",
                                             "training_state.safetensors", "curves.png", "confusion.png"});
  const auto features_of = [&](const rcar::Dataset& clips, const char* title) {
    rcar::ExtractOptions extract;
    extract.cache = options.out / "cache";
    extract.title = title;
    return recognizer->process_videos_and_extract_features(clips, labels, extract);
  };
  const auto training = features_of(data.train, "Training clips");
  const auto test = features_of(data.test, "Test clips");
  auto quarantine = training.quarantine;
  quarantine.insert(quarantine.end(), test.quarantine.begin(), test.quarantine.end());
  rcar::write_quarantine(options.out / "quarantine.csv", quarantine);

  // The head. A run that is interrupted goes on from its state.
  options.experiment.training_state = options.out / "training_state.safetensors";
  options.experiment.on_epoch = [&](int epoch, const rcar::History& history) {
    std::printf("epoch %2d/%d  loss %.4f  accuracy %.4f", epoch, options.experiment.epochs, history.loss.back(),
                history.accuracy.back());
    if (!history.val_loss.empty())
      std::printf("  val_loss %.4f  val_accuracy %.4f", history.val_loss.back(), history.val_accuracy.back());
    std::printf("\n");
  };
  const rcar::History history = recognizer->fit(training.features, labels, options.experiment);
  const rcar::Evaluation evaluation = recognizer->evaluate(test.features);

  // What it has learnt.
  const auto& classes = labels.vocabulary();
  const auto& probabilities = evaluation.probabilities;
  recognizer->save(options.out / "model.rcar");
  rcar::write_history(options.out / "history.csv", history);
  rcar::write_predictions(options.out / "predictions.csv", test.features, classes, probabilities);
  rcar::draw_curves(rcar::training_curves(history), options.out / "curves.png",
                    {.best_epoch = static_cast<std::size_t>(history.best_epoch - 1)});
  rcar::draw_confusion_matrix(
      rcar::confusion_counts(test.features.labels, rcar::predicted_classes(probabilities), classes.size()), classes,
      options.out / "confusion.png");
  std::filesystem::remove(options.experiment.training_state);
  std::printf("Test accuracy %.2f%%, loss %.4f on %zu clips; %zu clips could not be read. All is in %s.\n",
              100.0 * evaluation.accuracy, evaluation.loss, test.features.size(), quarantine.size(),
              options.out.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Trains and evaluates a video classifier: CNN features, recurrent head."};
  app.add_option("--data", options.data.folder,
                 "UCF-101 tree with --lists, or any folder with a folder of clips a class")
      ->required();
  app.add_option("--lists", options.data.lists, "Folder of UCF101's official lists (trainlist01.txt, ...)");
  app.add_option("--split", options.data.split, "Which official split")->capture_default_str()->check(CLI::Range(1, 3));
  app.add_option("--weights", options.weights, "Backbone weights: rcar's .safetensors, or Keras's .h5 or .keras")
      ->required();
  app.add_option("--backbone", options.choice.backbone, "One of " + rcar::RegisteredRecognizers::backbone_names())
      ->capture_default_str();
  app.add_option("--cell", options.choice.cell, "gru or lstm")->capture_default_str();
  app.add_option("--epochs", options.experiment.epochs)->capture_default_str()->check(CLI::Range(1, 1000000));
  app.add_option("--seed", options.experiment.seed, "Same seed, same bits")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  app.add_option("--out", options.out, "Folder for model.rcar, tables and pictures")->capture_default_str();
  app.footer(
      "Examples:\n"
      "  train_ucf5 --data UCF-101 --lists ucfTrainTestlist --split 1 --cell lstm --weights efficientnetb0_notop.h5\n"
      "  train_ucf5 --data my_clips --backbone inceptionv3 --weights weights/inceptionv3.safetensors");
  return rcar::tools::run_program(app, argc, argv, [&] { return train(options); });
}

#include "run_report.hpp"

#include <cstdio>
#include <rcar/video/process_video.hpp>

namespace rcar::tools {

namespace {

std::string text(double value, const char* format = "%.6g") {
  char out[40];
  std::snprintf(out, sizeof out, format, value);
  return out;
}

}  // namespace

void add_readers_option(CLI::App& app, Readers& readers) {
  app.add_flag_callback(
      "--shareable", [&readers] { readers = Readers::shared; },
      "Leave the clips' frames, the command line and the machine out of report.html and event files");
}

Report begin_report(const AnyRecognizer& recognizer, const std::string& backbone, const std::string& cell,
                    Readers readers) {
  const TrainingCard& card = recognizer.card();
  const std::string frames = std::to_string(recognizer.sequence_length()), dim = std::to_string(recognizer.image_dim());
  const std::string sampler(to_string(recognizer.sampler()));
  Report report;
  report.title = backbone + " + " + cell;
  report.summary = counted(recognizer.labels().size(), "class", "classes") + ", " + frames + " frames a clip at " +
                   dim + " pixels, sampler " + sampler + ".";
  report.classes = recognizer.labels().vocabulary();
  if (readers == Readers::own) report.command_line = this_command_line();
  report.facts.push_back({"Model",
                          {{"Backbone", backbone},
                           {"Image dimension", dim},
                           {"Features of a frame", std::to_string(recognizer.feature_dim())},
                           {"Cell", cell},
                           {"Frames of a clip", frames},
                           {"Sampler", sampler}}});
  if (!card.validation.empty())
    report.facts.push_back({"Training",
                            {{"Training clips", std::to_string(card.train_clips)},
                             {"Validation clips", std::to_string(card.validation_clips)},
                             {"Validation split", card.validation},
                             {"Epochs", std::to_string(card.epochs) + ", best " + std::to_string(card.best_epoch)},
                             {"Batch size", std::to_string(card.batch_size)},
                             {"Patience", std::to_string(card.patience)},
                             {"Learning rate", text(card.learning_rate)},
                             {"Seed", std::to_string(card.seed)}}});
  if (readers == Readers::own) report.facts.push_back(machine_facts());
  report.facts.push_back(version_facts());
  return report;
}

void add_tested_clips(Report& report, AnyRecognizer& recognizer, const Dataset& data, const FeatureSet& set,
                      const Evaluation& evaluation, Readers readers) {
  const std::size_t most_watched = readers == Readers::own ? 12 : 0;
  add_test(
      report, set, evaluation,
      [&](const Features& features, const Mask& mask) { return recognizer.predict(features, mask); },
      [&](const std::string& clip) {
        return sample_clip(data.directory / clip, recognizer.sampler(),
                           static_cast<std::size_t>(recognizer.sequence_length()), recognizer.image_dim());
      },
      most_watched);
}

void add_seconds(Report& report, const std::vector<std::pair<std::string, double>>& seconds) {
  Facts facts{"Time", {}};
  for (const auto& [what, value] : seconds) facts.rows.emplace_back(what, text(value, "%.2f s"));
  report.facts.push_back(std::move(facts));
}

}  // namespace rcar::tools

// The snippets of docs/reports.md.
#include <catch2/catch.hpp>
#include <filesystem>
#include <rcar/heads/sequence_head.hpp>
#include <rcar/report/html_report.hpp>
#include <rcar/report/tensorboard/run_events.hpp>
#include <rcar/train/fit.hpp>

#include "tests/support/clips.hpp"
#include "tests/support/toy_features.hpp"

using namespace rcar;

TEST_CASE("docs/reports.md: a report and an event file of a head's training") {
  const test::TempFolder folder;
  const std::filesystem::path& out = folder.path();
  const FeatureSet train = test::ordered_features(24, 6, 4, 1), test = test::ordered_features(10, 6, 4, 2);
  const StringLookup labels({"forward", "backward"});
  const Split split = split_validation(train, labels, Validation::last, 0.3, 1);
  SequenceHead<4, 6, GRU> head(2, 1);
  FitOptions options;
  options.epochs = 3;
  const Predict predict = [&](const Features& features, const Mask& mask) { return head.predict(features, mask); };
  const ReadClip read_clip = [](const std::string&) {
    return SampledClip{Frames(Frames::shape_type{6, 32, 32, 3}, std::uint8_t{90}), 25};
  };

  RunEvents events(out / "events", {.learning_rate = options.learning_rate});
  events.start({{"cell", "gru"}, {"batch_size", options.batch_size}});
  options.on_epoch = [&](int epoch, const History& history) { events.epoch(epoch, history); };
  const History history = fit(head, train.select(split.train), train.select(split.validation), options);
  const Evaluation evaluation = evaluate(head, test);

  Report report;
  report.title = "Two classes";
  report.classes = labels.vocabulary();
  add_training(report, history, train, split);
  add_test(report, test, evaluation, predict, read_clip);
  report.facts = {machine_facts(), version_facts()};
  report.command_line = this_command_line();
  write_html_report(out / "report.html", report);

  events.finish(report, evaluation);
  CHECK(std::filesystem::file_size(out / "report.html") > 30000);
  CHECK(std::filesystem::file_size(events.path()) > 5000);
}

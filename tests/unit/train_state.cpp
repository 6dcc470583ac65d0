#include <rcar/train/training_state.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <rcar/core/random.hpp>
#include <rcar/heads/sequence_head.hpp>
#include <rcar/train/experiment.hpp>
#include <rcar/train/fit.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/clips.hpp"
#include "tests/support/toy_features.hpp"

namespace {

using namespace rcar;
using Catch::Matchers::Contains;
using test::read_text;
using test::TempFolder;
using test::write_text;
namespace fs = std::filesystem;
using Head = SequenceHead<10, 4, GRU>;

const FeatureSet train_set = test::random_features(23, 4, 10, 3, 1);
const FeatureSet validation_set = test::random_features(11, 4, 10, 3, 2);

/// What a process that is killed does not do: anything after the epoch.
struct Killed {};

/// Trainings of one folder: each is a process of its own as far as fit can tell.
struct Place {
  TempFolder folder;
  fs::path state = folder / "training_state.safetensors";
  fs::path checkpoint = folder / "best.safetensors";
  std::vector<std::string> warnings;
  std::vector<int> epochs;  // that the last run trained
  FitOptions options{.epochs = 12,
                     .batch_size = 8,
                     .patience = 5,
                     .learning_rate = 0.02f,
                     .checkpoint = checkpoint,
                     .training_state = state,
                     .training_state_interval_s = 0};

  struct Outcome {
    std::vector<float> values;
    History history;
    std::string checkpoint;

    bool operator==(const Outcome& other) const {
      return values == other.values && history.loss == other.history.loss &&
             history.accuracy == other.history.accuracy && history.val_loss == other.history.val_loss &&
             history.val_accuracy == other.history.val_accuracy && history.best_epoch == other.history.best_epoch &&
             history.stopped_early == other.history.stopped_early && history.monitor == other.history.monitor &&
             checkpoint == other.checkpoint;
    }
  };

  Outcome run(const FeatureSet& validation = validation_set, std::uint64_t head_seed = 1) {
    Head head(3, head_seed);
    start();
    History history = fit(head, train_set, validation, options);
    return {head.values(), std::move(history), read_text(checkpoint)};
  }
  void run_until(int epoch, const FeatureSet& validation = validation_set) {
    Head head(3, 1);
    start();
    options.on_epoch = [&](int done, const History&) {
      if (done == epoch) throw Killed();
    };
    CHECK_THROWS_AS(fit(head, train_set, validation, options), Killed);
  }
  void start() {
    warnings.clear(), epochs.clear();
    options.warn = [this](const std::string& text) { warnings.push_back(text); };
    options.on_epoch = [this](int done, const History&) { epochs.push_back(done); };
  }
};

Place::Outcome undisturbed(const FeatureSet& validation = validation_set) { return Place().run(validation); }

}  // namespace

TEST_CASE("a training that ends after any epoch is gone on with, and the result has the bits of an undisturbed one") {
  const Place::Outcome expected = undisturbed();
  REQUIRE(expected.history.stopped_early);
  const int last = static_cast<int>(expected.history.loss.size());
  for (int epoch = 1; epoch <= last; ++epoch) {
    Place place;
    place.run_until(epoch);
    fs::remove(place.checkpoint);  // the state alone has to suffice
    const Place::Outcome outcome = place.run();
    CHECK(outcome == expected);
    CHECK(outcome.history.resumed_after == epoch);
    CHECK(static_cast<int>(place.epochs.size()) == last - epoch);
    CHECK(place.warnings.empty());
  }
}

TEST_CASE("a training that ends after every epoch gets done all the same") {
  const Place::Outcome expected = undisturbed({});
  Place place;
  for (int epoch = 1; epoch <= 12; ++epoch) place.run_until(epoch, {});
  CHECK(place.run({}) == expected);
  CHECK(place.epochs.empty());
}

TEST_CASE("a state that is some epochs old is as good as the last one") {
  const Place::Outcome expected = undisturbed();
  Place place;
  place.run_until(3);
  const std::string old = read_text(place.state);
  place.run_until(6);
  write_text(place.state, old);
  const Place::Outcome outcome = place.run();
  CHECK(outcome == expected);
  CHECK(outcome.history.resumed_after == 3);
}

TEST_CASE("the state of a training that is done stays, and gives its result without an epoch") {
  const Place::Outcome expected = undisturbed();
  Place place;
  CHECK(place.run() == expected);
  CHECK(place.run() == expected);
  CHECK(place.epochs.empty());
}

TEST_CASE("who only reads a state goes on from it and leaves the file as it is") {
  const Place::Outcome expected = undisturbed();
  Place place;
  place.run_until(3);
  const std::string before = read_text(place.state);
  place.options.training_state_access = StateAccess::read;
  const Place::Outcome outcome = place.run();
  CHECK(outcome == expected);
  CHECK(outcome.history.resumed_after == 3);
  CHECK(read_text(place.state) == before);
  place.options.seed = 2;
  CHECK(place.run().history.resumed_after == 0);
  CHECK(read_text(place.state) == before);
}

TEST_CASE("between the first epoch and the last the state is written no more often than asked") {
  Place place;
  place.options.training_state_interval_s = 3600;
  place.options.patience = 100;
  place.run_until(5);
  CHECK_FALSE(fs::exists(place.state));
  place.run();
  CHECK(fs::exists(place.state));
}

TEST_CASE("a training with more epochs goes on where the one with fewer ended") {
  Place place, longer;
  place.options.patience = longer.options.patience = 100;
  place.options.epochs = 4;
  place.run();
  place.options.epochs = longer.options.epochs = 7;
  CHECK(place.run() == longer.run());
  CHECK(place.epochs == std::vector<int>{5, 6, 7});
  place.options.epochs = longer.options.epochs = 5;
  fs::remove(longer.state);
  CHECK(place.run() == longer.run());
  REQUIRE(place.warnings.size() == 1);
  CHECK_THAT(place.warnings[0], Contains("epochs"));
}

TEST_CASE("the state of another training is set aside by name, and what is trained is as if it had not been there") {
  FeatureSet other_features = validation_set, other_mask = validation_set, other_labels = validation_set;
  other_features.features(10, 3, 9) += 1e-6f;
  other_mask.mask(4, 2) = !other_mask.mask(4, 2);
  std::swap(other_labels.labels[0], other_labels.labels[1]);
  const auto expect_aside = [](const std::string& difference, auto change, const FeatureSet& validation,
                               std::uint64_t head_seed = 1) {
    INFO(difference);
    Place place, fresh;
    place.run_until(2);
    const std::string old = read_text(place.state);
    change(place.options), change(fresh.options);
    CHECK(place.run(validation, head_seed) == fresh.run(validation, head_seed));
    REQUIRE(place.warnings.size() == 1);
    CHECK_THAT(place.warnings[0], Contains("training_state.safetensors'") && Contains("(other: " + difference + ")") &&
                                      Contains("safetensors.other'"));
    CHECK(read_text(place.state.string() + ".other") == old);
  };
  const auto nothing = [](FitOptions&) {};
  expect_aside(
      "learning rate", [](FitOptions& options) { options.learning_rate = 0.03f; }, validation_set);
  expect_aside(
      "seed", [](FitOptions& options) { options.seed = 2; }, validation_set);
  expect_aside(
      "batch size", [](FitOptions& options) { options.batch_size = 9; }, validation_set);
  expect_aside(
      "patience", [](FitOptions& options) { options.patience = 6; }, validation_set);
  expect_aside("initial weights", nothing, validation_set, 2);
  expect_aside("validation clips", nothing, other_features);
  expect_aside("validation clips", nothing, other_mask);
  expect_aside("validation clips", nothing, other_labels);
  expect_aside("validation clips", nothing, {});
}

TEST_CASE("the names of clips are no part of what a state is of, and nothing else of a set is left out") {
  FeatureSet set = train_set;
  const std::string hash = training_hash(set);
  set.clips[0] = "moved/clip0";
  CHECK(training_hash(set) == hash);
  set.labels[22] = (set.labels[22] + 1) % 3;
  CHECK(training_hash(set) != hash);
  CHECK(training_hash(validation_set) != hash);
}

TEST_CASE("a training state that is damaged at any place is named, and the training starts anew") {
  Place place;
  place.run_until(4);
  const std::string whole = read_text(place.state);
  const std::size_t header = 8 + static_cast<unsigned char>(whole[0]) + 256 * static_cast<unsigned char>(whole[1]);
  const Head head(3, 1);
  const auto key = detail::training_key(head, train_set, validation_set, place.options);
  const auto read = [&](const std::string& bytes) {
    write_text(place.state, bytes);
    place.warnings.clear();
    const TrainingStateFile file(place.state, key, head.parameter_count(), 1,
                                 [&](const std::string& text) { place.warnings.push_back(text); });
    return file.read(12).has_value();
  };
  REQUIRE(read(whole));
  REQUIRE(place.warnings.empty());
  std::size_t taken = 0, unnamed = 0;
  const auto expect_refused = [&](const std::string& bytes) {
    taken += read(bytes);
    unnamed += place.warnings.size() != 1 || place.warnings[0].find(place.state.string()) == std::string::npos;
  };
  Random random(1);
  for (int i = 0; i < 3000; ++i) {
    std::string bytes = whole;
    const std::size_t at = i < 2000 ? random.below(header) : random.below(whole.size());
    bytes[at] = static_cast<char>(bytes[at] ^ 1 << random.below(8));
    expect_refused(bytes);
  }
  for (int i = 0; i < 300; ++i) expect_refused(whole.substr(0, random.below(whole.size())));
  expect_refused(whole + '\0');
  expect_refused("");
  CHECK(taken == 0);
  CHECK(unnamed == 0);

  write_text(place.state, whole.substr(0, whole.size() / 2));
  CHECK(place.run() == undisturbed());
  CHECK_THAT(place.warnings.at(0), Contains("the training starts anew"));
}

TEST_CASE("a file of another kind in the place of the state is refused and left as it is") {
  Place place;
  place.run_until(2);
  fs::copy_file(place.checkpoint, place.state, fs::copy_options::overwrite_existing);
  const std::string before = read_text(place.state);
  CHECK_THROWS_WITH(place.run(), Contains("no training state"));
  CHECK(read_text(place.state) == before);
}

TEST_CASE("a state that cannot be written is an error that names it") {
  Place place;
  place.options.training_state = "/nowhere/at/all";
  CHECK_THROWS_WITH(place.run(), Contains("'/nowhere/at/all'"));
}

TEST_CASE("an experiment goes on with its training state, too") {
  const StringLookup labels(std::vector<std::string>{"a", "b", "c"});
  const auto run = [&](const fs::path& state, int killed_after) {
    Head head(3, 1);
    ExperimentOptions options;
    options.epochs = 6;
    options.training_state = state;
    options.on_epoch = [&](int epoch, const History&) {
      if (epoch == killed_after) throw Killed();
    };
    const Experiment experiment = conduct_experiment(head, train_set, labels, options);
    return std::pair(head.values(), experiment.history.val_loss);
  };
  const TempFolder folder;
  CHECK_THROWS_AS(run(folder / "state", 6), Killed);
  CHECK(run(folder / "state", 0) == run({}, 0));
}

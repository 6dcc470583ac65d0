// rcar sweep: many trainings on cached features, to compare backbones, clip lengths, samplers and heads over seeds.
#include "sweep/heads.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <mutex>
#include <rcar/core/hash.hpp>
#include <rcar/core/threads.hpp>
#include <rcar/core/version.hpp>
#include <rcar/data/csv.hpp>
#include <span>

#include "commands.hpp"
#include "data_options.hpp"
#include "network_options.hpp"
#include "program.hpp"
#include "results.hpp"
#include "sweep/runs.hpp"

namespace rcar::tools {

namespace {

namespace fs = std::filesystem;
using sweep::Run;
using sweep::RunResult;

struct Options {
  DataChoice data;
  std::vector<std::string> backbones;  // NAME=WEIGHTS
  std::vector<std::string> samplers{"first"}, heads{"gru", "lstm"}, seeds{"1-5"};
  std::vector<int> frames{20};
  std::string backend = "cpu", validation = "stratified";
  ExperimentOptions experiment;
  CacheOptions cache;
  fs::path out = "sweep";
};

struct Backbone {
  std::string name;
  fs::path weights;
};

std::vector<Backbone> parse_backbones(const std::vector<std::string>& given) {
  std::vector<Backbone> result;
  for (const std::string& text : given) {
    const auto sign = text.find('=');
    if (sign == std::string::npos || sign == 0 || sign + 1 == text.size())
      throw UsageError("--backbone is " + quoted(std::string(text)) +
                       "; give NAME=WEIGHTS, as in efficientnetb0=weights/efficientnetb0.safetensors.");
    result.push_back({text.substr(0, sign), text.substr(sign + 1)});
    RegisteredRecognizers::require({result.back().name, "gru", 20, 0});
  }
  return result;
}

/// "1-5" and "7" to numbers, each once, in the order given.
std::vector<std::uint64_t> parse_seeds(const std::vector<std::string>& given) {
  std::vector<std::uint64_t> seeds;
  for (const std::string& text : given) {
    std::uint64_t first = 0, last = 0;
    const char *at = text.data(), *const end = at + text.size();
    auto read = std::from_chars(at, end, first);
    bool good = read.ec == std::errc();
    last = first;
    if (good && read.ptr != end && *read.ptr == '-') {
      read = std::from_chars(read.ptr + 1, end, last);
      good = read.ec == std::errc();
    }
    if (!good || read.ptr != end || last < first || last - first > 9999)
      throw UsageError("--seeds has " + quoted(std::string(text)) + "; give numbers and ranges, as in 1-5,17.");
    for (std::uint64_t seed = first; seed <= last; ++seed)
      if (std::find(seeds.begin(), seeds.end(), seed) == seeds.end()) seeds.push_back(seed);
  }
  return seeds;
}

template <class T>
void keep_each_once(std::vector<T>& values) {
  std::vector<T> kept;
  for (const T& value : values)
    if (std::find(kept.begin(), kept.end(), value) == kept.end()) kept.push_back(value);
  values = std::move(kept);
}

/// Training and test features of one backbone and sampler, for all runs that read them.
struct Prepared {
  FeatureSet train, test;
  std::string sha256;  // of both
  std::vector<QuarantinedClip> quarantine;
};

void hash_set(Sha256& hash, const FeatureSet& set) {
  hash.add(std::as_bytes(std::span(set.features.data(), set.features.size())));
  hash.add(std::as_bytes(std::span(set.mask.data(), set.mask.size())));
  hash.add(std::as_bytes(std::span(set.labels)));
  for (const std::string& clip : set.clips) hash.add(clip).add(std::string_view("\0", 1));
}

class Sweep {
 public:
  Sweep(const Options& options, const Console& console, const TrainTest& data)
      : options_(options),
        console_(console),
        data_(data),
        labels_(StringLookup::from_tags(data.train.tags())),
        store_(options.out / "runs") {}

  /// Trains everything; returns the exit code.
  int run(const std::vector<Backbone>& backbones, const std::vector<std::uint64_t>& seeds) {
    const std::size_t all =
        backbones.size() * options_.samplers.size() * options_.frames.size() * options_.heads.size() * seeds.size();
    console_.say(counted(all, "training", "trainings") + ": " + counted(backbones.size(), "backbone", "backbones") +
                 ", " + counted(options_.samplers.size(), "sampler", "samplers") + ", " +
                 counted(options_.frames.size(), "length", "lengths") + ", " +
                 counted(options_.heads.size(), "head", "heads") + ", " + counted(seeds.size(), "seed", "seeds") + ".");
    for (const Backbone& backbone : backbones) {
      const auto extracting = network(backbone);
      for (const std::string& sampler : options_.samplers)
        for (const auto& lengths : extractions(sampler)) {
          const Prepared prepared = extract(*extracting, backbone, sampler, lengths);
          train_all(prepared, grid(backbone, sampler, lengths, seeds));
        }
    }
    return finish();
  }

 private:
  std::unique_ptr<AnyRecognizer> network(const Backbone& backbone) const {
    NetworkOptions network;
    network.weights = backbone.weights;
    network.choice.backbone = backbone.name;
    network.backend = options_.backend;
    return network.make(console_);
  }

  /// The lengths that can share one extraction: the first frames of a clip hold those of every shorter length; frames
  /// spread over the clip are others for each length.
  std::vector<std::vector<int>> extractions(const std::string& sampler) const {
    if (sampler == "first") return {options_.frames};
    std::vector<std::vector<int>> result;
    for (const int frames : options_.frames) result.push_back({frames});
    return result;
  }

  Prepared extract(AnyRecognizer& recognizer, const Backbone& backbone, const std::string& sampler,
                   const std::vector<int>& lengths) const {
    FeatureExtractor extractor = recognizer.extractor();
    extractor.sequence_length = *std::max_element(lengths.begin(), lengths.end());
    extractor.sampler = parse_sampler(sampler);
    const std::string of = backbone.name + ", " + sampler + " " + std::to_string(extractor.sequence_length);
    auto train = process_videos_and_extract_features(data_.train, labels_, extractor,
                                                     options_.cache.extraction(console_, "Training clips, " + of));
    auto test = process_videos_and_extract_features(data_.test, labels_, extractor,
                                                    options_.cache.extraction(console_, "Test clips, " + of));
    Prepared result{std::move(train.features), std::move(test.features), {}, std::move(train.quarantine)};
    result.quarantine.insert(result.quarantine.end(), test.quarantine.begin(), test.quarantine.end());
    Sha256 hash;
    hash_set(hash, result.train);
    hash_set(hash, result.test);
    result.sha256 = hash.hex();
    return result;
  }

  std::vector<Run> grid(const Backbone& backbone, const std::string& sampler, const std::vector<int>& lengths,
                        const std::vector<std::uint64_t>& seeds) const {
    std::vector<Run> runs;
    for (const int frames : lengths)
      for (const std::string& head : options_.heads)
        for (const std::uint64_t seed : seeds) runs.push_back({{backbone.name, sampler, frames, head}, seed});
    return runs;
  }

  /// Everything that a run's result depends on.
  std::string key(const Prepared& prepared, const Run& run) const {
    const ExperimentOptions& experiment = options_.experiment;
    char numbers[160];
    std::snprintf(numbers, sizeof numbers, "epochs %d\nbatch_size %d\npatience %d\nlearning_rate %.9g\n",
                  experiment.epochs, experiment.batch_size, experiment.patience,
                  static_cast<double>(experiment.learning_rate));
    std::string text = "rcar-sweep-run 1\nfeatures " + prepared.sha256 + "\nframes " +
                       std::to_string(run.setting.frames) + "\nhead " + run.setting.head + "\nseed " +
                       std::to_string(run.seed) + "\n" + numbers + "validation " + options_.validation + "\nengine " +
                       std::to_string(engine_version) + "\ninstruction_set " + backend::instruction_set();
    for (const std::string& name : labels_.vocabulary()) text += "\nclass " + name;
    return text;
  }

  void train_all(const Prepared& prepared, const std::vector<Run>& runs) {
    const std::size_t offset = runs_.size();
    runs_.insert(runs_.end(), runs.begin(), runs.end());
    results_.resize(runs_.size());
    for (const auto& each : prepared.quarantine)
      if (std::none_of(quarantine_.begin(), quarantine_.end(), [&](const auto& had) { return had.clip == each.clip; }))
        quarantine_.push_back(each);
    const Run& first = runs.front();
    Progress progress("Training on " + first.setting.backbone + ", " + first.setting.sampler, runs.size(), "runs",
                      console_.progress());
    std::mutex mutex;                                            // of progress and warnings
    parallel_for(runs.size(), [&](std::size_t i, std::size_t) {  // a training inside one item computes on one thread
      const std::string text = key(prepared, runs[i]);
      RunResult& result = results_[offset + i];
      if (const auto found = store_.find(text)) {
        result = *found;
        std::lock_guard lock(mutex);
        ++found_;
        progress.skip(1);
        return;
      }
      result = train_one(prepared, runs[i], mutex);
      store_.add(text, runs[i], result);
      std::lock_guard lock(mutex);
      progress.advance(1);
    });
  }

  RunResult train_one(const Prepared& prepared, const Run& run, std::mutex& mutex) {
    ExperimentOptions experiment = options_.experiment;
    experiment.seed = run.seed;
    experiment.warn = [&](const std::string& text) {  // of the split: the same for many runs
      std::lock_guard lock(mutex);
      if (std::find(warned_.begin(), warned_.end(), text) != warned_.end()) return;
      warned_.push_back(text);
      console_.warn(text);
    };
    RunResult result;
    try {
      const sweep::HeadResult trained =
          sweep::train_head(run.setting.head, run.setting.frames, prepared.train, prepared.test, labels_, experiment);
      const History& history = trained.experiment.history;
      const auto best = static_cast<std::size_t>(std::max(history.best_epoch - 1, 0));
      result.epochs = static_cast<int>(history.loss.size());
      result.best_epoch = history.best_epoch;
      if (!history.val_loss.empty()) {
        result.validation_loss = history.val_loss[best];
        result.validation_accuracy = history.val_accuracy[best];
      }
      result.test_loss = trained.test.loss;
      result.test_accuracy = trained.test.accuracy;
    } catch (const UsageError& error) {  // a loss that is no number: the other runs go on
      result.failure = error.what();
    }
    return result;
  }

  int finish() const {
    std::size_t failed = 0;
    for (const RunResult& result : results_) failed += !result.failure.empty();
    const auto summaries = sweep::summarise(runs_, results_);
    write_runs();
    const auto table = write_table(summaries);
    report_quarantine(console_, options_.out, quarantine_);
    say_table(summaries);
    if (found_ > 0) console_.say(counted(found_, "training was", "trainings were") + " known already.");
    if (failed > 0)
      console_.warn(counted(failed, "training", "trainings") + " failed; " + (options_.out / "runs.csv").string() +
                    " says which and why.");
    console_.say("All runs are in " + (options_.out / "runs.csv").string() + ", their means in " +
                 (options_.out / "table.csv").string() + ".");
    console_.json({{"out", options_.out.string()},
                   {"runs", runs_.size()},
                   {"failed", failed},
                   {"found", found_},
                   {"table", table}});
    return failed == 0 && quarantine_.empty() ? exit_code::done : exit_code::findings;
  }

  void write_runs() const {
    std::string text =
        "backbone,sampler,frames,head,seed,epochs,best_epoch,val_loss,val_accuracy,test_loss,test_accuracy,failure\n";
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      const auto& [setting, seed] = runs_[i];
      const RunResult& result = results_[i];
      text += csv_line(std::vector<std::string>{
          setting.backbone, setting.sampler, std::to_string(setting.frames), setting.head, std::to_string(seed),
          std::to_string(result.epochs), std::to_string(result.best_epoch), number(result.validation_loss),
          number(result.validation_accuracy), number(result.test_loss), number(result.test_accuracy), result.failure});
    }
    write_file(options_.out / "runs.csv", text);
  }

  nlohmann::ordered_json write_table(const std::vector<sweep::Summary>& summaries) const {
    auto table = nlohmann::ordered_json::array();
    std::string text =
        "backbone,sampler,frames,head,runs,failed,val_loss_mean,val_loss_sd,val_accuracy_mean,val_accuracy_sd,"
        "test_accuracy_mean,test_accuracy_sd,best_epoch_mean\n";
    for (const auto& each : summaries) {
      const auto& s = each.setting;
      text += csv_line(std::vector<std::string>{
          s.backbone, s.sampler, std::to_string(s.frames), s.head, std::to_string(each.runs),
          std::to_string(each.failed), number(each.validation_loss.mean), number(each.validation_loss.deviation),
          number(each.validation_accuracy.mean), number(each.validation_accuracy.deviation),
          number(each.test_accuracy.mean), number(each.test_accuracy.deviation), number(each.best_epoch.mean)});
      table.push_back(
          {{"backbone", s.backbone},
           {"sampler", s.sampler},
           {"frames", s.frames},
           {"head", s.head},
           {"runs", each.runs},
           {"failed", each.failed},
           {"val_loss", {{"mean", each.validation_loss.mean}, {"sd", each.validation_loss.deviation}}},
           {"val_accuracy", {{"mean", each.validation_accuracy.mean}, {"sd", each.validation_accuracy.deviation}}},
           {"test_accuracy", {{"mean", each.test_accuracy.mean}, {"sd", each.test_accuracy.deviation}}}});
    }
    write_file(options_.out / "table.csv", text);
    return table;
  }

  /// The settings, best validation accuracy first: the test is no way to choose.
  void say_table(std::vector<sweep::Summary> summaries) const {
    std::stable_sort(summaries.begin(), summaries.end(), [](const auto& one, const auto& other) {
      return one.validation_accuracy.mean > other.validation_accuracy.mean;
    });
    const auto say = [&](const char* format, auto... values) {
      char line[200];
      std::snprintf(line, sizeof line, format, values...);
      console_.say(line);
    };
    say("  %-18s %-8s %6s  %-7s %4s  %16s  %16s", "backbone", "sampler", "frames", "head", "runs", "validation",
        "test");
    for (const auto& each : summaries) {
      const auto part = [](const sweep::Moments& value) {
        char text[40];
        std::snprintf(text, sizeof text, "%5.1f%% (sd %4.1f)", 100 * value.mean, 100 * value.deviation);
        return std::string(text);
      };
      say("  %-18s %-8s %6d  %-7s %4zu  %16s  %16s", each.setting.backbone.c_str(), each.setting.sampler.c_str(),
          each.setting.frames, each.setting.head.c_str(), each.runs - each.failed,
          options_.validation == "none" ? "-" : part(each.validation_accuracy).c_str(),
          part(each.test_accuracy).c_str());
    }
  }

  static std::string number(double value) {
    char text[40];
    std::snprintf(text, sizeof text, "%.9g", value);
    return text;
  }

  const Options& options_;
  const Console& console_;
  const TrainTest& data_;
  StringLookup labels_;
  sweep::RunStore store_;
  std::vector<Run> runs_;
  std::vector<RunResult> results_;
  std::vector<QuarantinedClip> quarantine_;
  std::vector<std::string> warned_;
  std::size_t found_ = 0;
};

int run_sweep(const Options& given, const Console& console) {
  Options options = given;
  const auto backbones = parse_backbones(options.backbones);
  const auto seeds = parse_seeds(options.seeds);
  keep_each_once(options.samplers);
  keep_each_once(options.heads);
  keep_each_once(options.frames);
  options.experiment.validation = parse_validation(options.validation);
  require_backend(options.backend);
  const TrainTest data = read_data(options.data);
  require_trainable_lists(data, StringLookup::from_tags(data.train.tags()));
  const auto held = prepare_folder(console, options.out, {"runs.csv", "table.csv", "quarantine.csv"});
  if (options.cache.cache.empty()) options.cache.cache = options.out / "cache";
  for (const auto& warning : data.warnings) console.warn(warning);
  console.warn(overlap_warning(group_overlap(data.train, data.test)));
  return Sweep(options, console, data).run(backbones, seeds);
}

void describe(CLI::App& app, Options& options) {
  add_data_options(app, options.data);
  app.add_option("--data-seed", options.data.seed, "Of the division by --test-part: the same for all trainings")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber)
      ->group("Data");
  const auto grid = [&](const std::string& name, auto& values, const std::string& what) {
    return app.add_option(name, values, what)->delimiter(',')->capture_default_str()->group("Grid");
  };
  grid("--backbone,-b", options.backbones,
       "NAME=WEIGHTS, once a backbone; one of " + RegisteredRecognizers::backbone_names())
      ->required()
      ->default_str("");
  grid("--lengths", options.frames, "Frames of a clip, 1 to " + std::to_string(sweep::most_frames))
      ->check(CLI::Range(1, sweep::most_frames));
  grid("--samplers", options.samplers, "first, uniform")->check(CLI::IsMember({"first", "uniform"}));
  grid("--heads", options.heads, "gru, lstm: the original's two layers; gru64, lstm64: one layer of 64 units")
      ->check(CLI::IsMember(sweep::head_names()));
  grid("--seeds", options.seeds, "Numbers and ranges");
  const auto option = [&](const std::string& name, auto& value, const std::string& what) {
    return app.add_option(name, value, what)->capture_default_str()->group("Training");
  };
  option("--epochs", options.experiment.epochs, "Most passes over the clips")->check(CLI::Range(1, 1000000));
  option("--batch-size", options.experiment.batch_size, "Clips of an optimiser step")->check(CLI::Range(1, 1000000));
  option("--patience", options.experiment.patience, "Epochs without a better validation loss before stopping")
      ->check(CLI::Range(1, 1000000));
  option("--learning-rate", options.experiment.learning_rate, "Adam's step")->check(CLI::Range(1e-9, 10.0));
  option("--validation", options.validation,
         "stratified: by class, groups kept together; last: Keras's last rows; none");
  add_backend_option(app, options.backend);
  options.cache.add(app, "OUT/cache");
  app.add_option("--out,-o", options.out, "Folder for runs.csv, table.csv and the finished runs")
      ->capture_default_str();
}

}  // namespace

void add_sweep(Program& program) {
  const auto options = std::make_shared<Options>();
  describe(
      program.add(
          "sweep", "Trains over backbones, clip lengths, samplers, heads and seeds, and compares them",
          "  rcar sweep UCF-101 --lists ucfTrainTestlist -b efficientnetb0=efficientnetb0_notop.h5 --seeds 1-10\n"
          "  rcar sweep videos -b inceptionv3=i.safetensors -b efficientnetb0=e.safetensors --lengths 10,20,40 \\\n"
          "    --samplers first,uniform --heads gru,lstm,lstm64 --seeds 1-5 --out compared\n"
          "Interrupt it at any time: finished trainings are kept, and the same command goes on from there.",
          [=](Console& console) { return run_sweep(*options, console); }),
      *options);
}

}  // namespace rcar::tools

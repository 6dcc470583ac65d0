// rcar extract: the features of many clips, into a cache, a folder of NumPy files, or both.
#include <cstdio>
#include <optional>
#include <rcar/data/any_folder.hpp>
#include <rcar/data/extraction.hpp>
#include <rcar/data/feature_store.hpp>
#include <system_error>

#include "commands.hpp"
#include "network_options.hpp"
#include "program.hpp"
#include "results.hpp"
#include "team.hpp"

namespace rcar::tools {

namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<fs::path> data;
  DataChoice choice;
  NetworkOptions network;
  CacheOptions cache;
  bool no_cache = false;
  fs::path out;
};

void describe(CLI::App& app, Options& options) {
  app.add_option("DATA", options.data,
                 "Prepared folder (train.csv, test.csv, train/, test/), UCF-101 tree with --lists, folder with one "
                 "folder of clips a class, or clips")
      ->required();
  app.add_option("--lists", options.choice.lists, "Folder of UCF101's official lists (trainlist01.txt, ...)")
      ->group("Data");
  app.add_option("--split", options.choice.split, "Which official split")
      ->capture_default_str()
      ->check(CLI::Range(1, 3))
      ->group("Data");
  options.network.add(app);
  options.cache.add(app, "OUT/cache");
  app.add_flag("--no-cache", options.no_cache, "Keep no cache, and use none")->group("Cache");
  app.add_option("--out,-o", options.out, "Folder for features.npy, mask.npy, clips.csv and quarantine.csv");
}

/// One list of all clips, and the parts it consists of (none: the data has no division of its own).
struct Clips {
  Dataset list;
  std::vector<ClipPart> parts;
};

Clips joined(const TrainTest& data, const fs::path& folder) {
  Clips clips{{folder, {}}, {{"train", data.train.size()}, {"test", data.test.size()}}};
  for (const Dataset* side : {&data.train, &data.test}) {
    const fs::path below = side->directory.lexically_relative(folder);
    for (const ClipEntry& entry : side->entries)
      clips.list.entries.push_back({(below / entry.video_name).lexically_normal().generic_string(), entry.tag});
  }
  return clips;
}

Clips read_clips(Options options) {
  std::error_code ignored;
  const bool a_folder = fs::is_directory(options.data.front(), ignored);
  if (a_folder && options.data.size() == 1) {
    options.choice.folder = options.data.front();
    if (data_kind(options.choice) == DataKind::class_folders) return {read_class_folders(options.choice.folder), {}};
    return joined(read_data(options.choice), options.choice.folder);
  }
  Clips clips;
  for (const fs::path& clip : options.data) {
    if (fs::is_directory(clip, ignored))
      throw UsageError("DATA is " + quoted(clip.string()) + ", a folder, beside others; give one folder, or clips.");
    clips.list.entries.push_back({clip.string(), ""});
  }
  return clips;
}

void report(const Console& console, const Options& options, const AnyRecognizer& recognizer,
            const ExtractSummary& summary, const Team& team) {
  char line[200];
  std::snprintf(line, sizeof line, "%s: %zu from the cache, %zu frames computed in %.1f s, %.1f frames/s.",
                counted(summary.clips, "clip", "clips").c_str(), summary.cached, summary.frames, summary.seconds,
                summary.frames_per_second);
  console.say(line);
  for (const QuarantinedClip& each : summary.quarantine) console.say("set aside: " + each.reason);
  if (!options.out.empty())
    console.say("features.npy, mask.npy, clips.csv and quarantine.csv are in " + options.out.string() + ".");
  else
    console.say("The features are in the cache " + options.cache.cache.string() + ".");

  auto quarantine = nlohmann::ordered_json::array();
  for (const QuarantinedClip& each : summary.quarantine)
    quarantine.push_back({{"clip", each.clip}, {"reason", each.reason}});
  console.json({{"clips", summary.clips},
                {"sequence_length", recognizer.sequence_length()},
                {"feature_dim", recognizer.feature_dim()},
                {"cached", summary.cached},
                {"frames", summary.frames},
                {"seconds", summary.seconds},
                {"frames_per_second", summary.frames_per_second},
                {"out", options.out.string()},
                {"cache", options.cache.cache.string()},
                {"clips_of_rank", team.clips_of_rank()},
                {"quarantined", summary.quarantine.size()},
                {"quarantine", quarantine}});
}

int extract(const Options& given, const Console& console, Team& team) {
  Options options = given;
  if (options.no_cache && !options.cache.cache.empty())
    throw UsageError("--no-cache and --cache exclude one another; give one of them.");
  if (options.out.empty() && options.cache.cache.empty())
    throw UsageError("There is nowhere to put the features; give --out, --cache or both.");
  if (!options.no_cache && options.cache.cache.empty()) options.cache.cache = options.out / "cache";
  options.network.require();
  const Clips clips = read_clips(options);
  const auto recognizer = options.network.make(console);
  const FeatureExtractor extractor = recognizer->extractor();
  std::optional<FeatureStore> store;
  if (!options.out.empty() && team.first()) {
    store.emplace(options.out, clips.list, extractor, clips.parts);
    if (!store->locked())
      console.warn("The file system of " + quoted(options.out.string()) + " knows no locks; start no other run there.");
  }

  const ExtractSummary summary = team.extract_features(clips.list, extractor, store ? store->sink() : FeatureSink(),
                                                       options.cache.extraction(console, "Extracting features"));
  if (store) {
    store->commit();
    write_quarantine(options.out / "quarantine.csv", summary.quarantine);
  }
  report(console, options, *recognizer, summary, team);
  return summary.quarantine.empty() ? exit_code::done : exit_code::findings;
}

}  // namespace

void add_extract(Program& program) {
  const auto options = std::make_shared<Options>();
  describe(program.add(
               "extract", "Computes the features of many clips, for other programs or for training to come",
               "  rcar extract UCF-101 --lists ucfTrainTestlist --weights efficientnetb0.safetensors --out features\n"
               "  rcar extract videos --weights weights/efficientnetb0.safetensors --cache cache\n"
               "  mpirun -n 4 rcar extract videos --weights weights/efficientnetb0.safetensors --cache cache\n"
               "  rcar extract a.mp4 b.mp4 --weights weights/efficientnetb0.safetensors --no-cache --out features "
               "--json\n"
               "Interrupt it at any time: with a cache the same command goes on from there.",
               [=](Console& console) {
                 return run_in_team(console, [&](Team& team) { return extract(*options, console, team); });
               }),
           *options);
}

}  // namespace rcar::tools

// The speed of extraction, from files to the cache, against what network and decoding cost by themselves.
//   extraction --clips clips --sampler uniform

#include <unistd.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>
#include <rcar/data/extract.hpp>
#include <rcar/data/ucf101.hpp>
#include <rcar/network/network.hpp>
#include <rcar/video/process_video.hpp>
#include <string>
#include <vector>

#include "../run_program.hpp"
#include "support/backends.hpp"
#include "support/measure.hpp"
#include "support/networks.hpp"

namespace {

using namespace rcar;
namespace fs = std::filesystem;

struct Options {
  fs::path clips, weights;
  std::string network = "EfficientNetB0", sampler = "first";
  bool csv = false;
  bench::BackendChoice backend;
};

/// A folder that is gone when the program ends, however it does.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (fs::temp_directory_path() / "rcar-extraction-XXXXXX").string();
    if (!::mkdtemp(name.data()))
      throw FileError("Cannot make a folder in " + quoted(fs::temp_directory_path().string()) +
                      "; set TMPDIR to one that can be written.");
    path_ = name;
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

template <class B>
int measure(const Options& options) {
  constexpr int sequence_length = 20;
  const bench::MeasuredNetwork& measured = bench::find_network(options.network);
  const Network<B> network(measured.plan, bench::read_or_draw_weights(measured, options.weights));
  const Dataset data = read_class_folders(options.clips);
  const StringLookup labels = StringLookup::from_tags(data.tags());
  const Sampler sampler = parse_sampler(options.sampler);
  const std::size_t threads = thread_count();
  const auto cores = static_cast<double>(threads);
  ExtractOptions extract;

  FeatureExtractor extractor;
  extractor.image_dim = measured.dim;
  extractor.sequence_length = sequence_length;
  extractor.feature_dim = static_cast<int>(network.features());
  extractor.sampler = sampler;
  extractor.identity = "benchmark";
  extractor.run_on(network);

  // The network by itself, in extraction's batches: its core time. Half of the runs before and half after, since a
  // machine's speed drifts.
  const auto frames = bench::drawn_frames(measured, extract.batch);
  std::vector<float> features(extract.batch * network.features());
  std::vector<double> batch_core_s;
  const auto run_network = [&](int batches) {
    for (int i = 0; i < batches; ++i) {
      const double before = bench::core_seconds();
      network.forward(frames.data(), extract.batch, features.data());
      batch_core_s.push_back(bench::core_seconds() - before);
    }
  };
  const OpenCvOnOneThread calm;  // as extraction has it
  // Decoding by itself: the core time of every clip once.
  double decode_core_s = 0;
  const auto run_decoding = [&](std::size_t begin, std::size_t end) {
    const double before = bench::core_seconds();
    parallel_for(end - begin, [&](std::size_t i, std::size_t) {
      sample_video(data.path(begin + i), sampler, sequence_length, measured.dim);
    });
    decode_core_s += bench::core_seconds() - before;
  };

  network.forward(frames.data(), extract.batch, features.data());  // warm up
  run_network(9);
  run_decoding(0, data.size() / 2);
  ScratchFolder scratch;
  extract.cache = scratch.path() / "cache";
  const bench::Stopwatch watch;
  const ExtractResult result = process_videos_and_extract_features(data, labels, extractor, extract);
  const double wall_s = watch.seconds();
  run_decoding(data.size() / 2, data.size());
  run_network(9);

  const double all_core_s = wall_s * cores;
  const double network_core_s =
      bench::median(batch_core_s) / static_cast<double>(extract.batch) * static_cast<double>(result.frames);
  const double share = network_core_s / all_core_s, ideal = network_core_s / (network_core_s + decode_core_s);
  if (options.csv) {
    std::printf(
        "network,sampler,clips,frames,backend,engine,threads,wall_core_s,network_core_s,decode_core_s,share,"
        "ideal_share\n");
    std::printf("%s,%s,%zu,%zu,%s,%s,%zu,%.4f,%.4f,%.4f,%.5f,%.5f\n", options.network.c_str(), options.sampler.c_str(),
                data.size(), result.frames, std::string(B::name).c_str(), B::engine().c_str(), threads, all_core_s,
                network_core_s, decode_core_s, share, ideal);
    return 0;
  }
  const auto line = [&](const char* what, double core_s) {
    std::printf("%-34s %10.0f core-ms  %6.2f a frame\n", what, 1e3 * core_s,
                1e3 * core_s / static_cast<double>(result.frames));
  };
  std::printf("%zu clips, %zu frames, sampler %s, %s at %d, %s, %zu threads: %.2f s\n", data.size(), result.frames,
              options.sampler.c_str(), options.network.c_str(), measured.dim, B::engine().c_str(), threads, wall_s);
  line("network, by itself", network_core_s);
  line("decoding, by itself", decode_core_s);
  line("rest: hashing, cache, waiting", all_core_s - network_core_s - decode_core_s);
  line("all: wall time x threads", all_core_s);
  std::printf("network's share of the core time: %.1f %%, at best %.1f %%: %.1f points below\n", 100 * share,
              100 * ideal, 100 * (ideal - share));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Measures extraction, from clips in files to the feature cache, against its parts by themselves."};
  app.add_option("--clips", options.clips, "Folder with one folder of clips a class, as generate_clips draws it")
      ->required();
  app.add_option("--sampler", options.sampler, "first or uniform")->capture_default_str();
  app.add_option("--network", options.network, "InceptionV3, EfficientNetB0 or EfficientNetB7")->capture_default_str();
  app.add_option("--weights", options.weights, "Weight file, native or Keras's (default: drawn weights)");
  app.add_flag("--csv", options.csv, "Print CSV");
  bench::add_backend_options(app, options.backend);
  app.footer(
      "Examples:\n"
      "  generate_clips --out clips --clips-per-class 50 --frames 60 --size 320x240\n"
      "  extraction --clips clips --sampler first\n"
      "  extraction --clips clips --sampler uniform --network InceptionV3\n"
      "Exit code: 0 measured, 1 error, 2 wrong usage.");
  return tools::run_program(app, argc, argv, [&] {
    return bench::with_backend(options.backend,
                               [&](auto back_end) { return measure<typename decltype(back_end)::type>(options); });
  });
}

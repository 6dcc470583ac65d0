// The speed of extraction, from files to the cache, against what network and decoding cost by themselves.
//   extraction --clips clips --sampler uniform

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <rcar/data/extract.hpp>
#include <rcar/data/ucf101.hpp>
#include <rcar/network/network.hpp>
#include <rcar/video/process_video.hpp>
#include <string>
#include <vector>

#include "../run_program.hpp"
#include "../scratch_folder.hpp"
#include "support/backends.hpp"
#include "support/measure.hpp"
#include "support/networks.hpp"

namespace {

using namespace rcar;
namespace fs = std::filesystem;

struct Options {
  fs::path clips, weights;
  std::string network = "EfficientNetB0", sampler = "first";
  int rounds = 1;
  bool csv = false;
  bench::BackendChoice backend;
};

/// Core time of all rounds together.
struct CoreSeconds {
  double network = 0, decoding = 0, working = 0, all = 0;  // by itself, by itself, of extraction, of extraction
  std::size_t network_frames = 0, frames = 0;              // through the network by itself, through extraction
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

  CoreSeconds sum;
  // The network by itself, called as extraction calls it, for a 24th of the list's frames.
  const bool side_by_side = extractor.calls == Calls::side_by_side;
  const std::size_t frames_a_call = side_by_side ? sequence_length : extract.batch;
  const auto frames = bench::drawn_frames(measured, frames_a_call);
  std::vector<float> features(threads * frames_a_call * network.features());
  const auto call_network = [&](std::size_t, std::size_t worker) {
    network.forward(frames.data(), frames_a_call, features.data() + worker * frames_a_call * network.features());
  };
  const auto run_network = [&] {
    const std::size_t calls_a_thread = data.size() * sequence_length / (24 * threads * frames_a_call) + 1;
    const std::size_t calls = calls_a_thread * (side_by_side ? threads : 1);
    const double before = bench::core_seconds();
    if (side_by_side)
      parallel_for(calls, call_network);
    else
      for (std::size_t call = 0; call < calls; ++call) call_network(call, 0);
    sum.network += bench::core_seconds() - before;
    sum.network_frames += calls * frames_a_call;
  };
  // Decoding by itself, on all cores.
  const OpenCvOnOneThread calm;  // as extraction has it
  const auto run_decoding = [&](std::size_t begin, std::size_t end) {
    const double before = bench::core_seconds();
    parallel_for(end - begin, [&](std::size_t i, std::size_t) {
      sample_video(data.path(begin + i), sampler, sequence_length, measured.dim);
    });
    sum.decoding += bench::core_seconds() - before;
  };
  const tools::ScratchFolder scratch("rcar-extraction");
  const auto run_extraction = [&](int round, std::size_t begin, std::size_t end) {
    Dataset part = data;
    part.entries.assign(data.entries.begin() + static_cast<std::ptrdiff_t>(begin),
                        data.entries.begin() + static_cast<std::ptrdiff_t>(end));
    extract.cache = scratch.path() / std::to_string(round);
    const double before = bench::core_seconds();
    const bench::Stopwatch watch;
    sum.frames += process_videos_and_extract_features(part, labels, extractor, extract).frames;
    sum.all += watch.seconds() * cores;
    sum.working += bench::core_seconds() - before;
  };

  run_network();  // warm up
  // A machine's speed drifts within seconds, by more than what is to be told apart: so a long list is taken a sixth at
  // a time, and what is measured by itself has its turns before and after each.
  const std::size_t parts = std::clamp<std::size_t>(data.size() / 48, 1, 6);
  sum = {};
  run_network();
  for (int round = 0; round < options.rounds; ++round)
    for (std::size_t part = 0; part < parts; ++part) {
      const std::size_t begin = data.size() * part / parts, end = data.size() * (part + 1) / parts;
      run_decoding(begin, (begin + end) / 2);
      run_extraction(round, begin, end);
      run_decoding((begin + end) / 2, end);
      run_network();
    }

  const auto a_round = [&](double core_s) { return core_s / options.rounds; };
  const std::size_t frames_a_round = sum.frames / static_cast<std::size_t>(options.rounds);
  const double network_core_s =
      sum.network / static_cast<double>(sum.network_frames) * static_cast<double>(frames_a_round);
  const double decode_core_s = a_round(sum.decoding), working_core_s = a_round(sum.working),
               all_core_s = a_round(sum.all);
  const double share = network_core_s / all_core_s, ideal = network_core_s / (network_core_s + decode_core_s);
  if (options.csv) {
    std::printf(
        "network,sampler,clips,frames,backend,engine,threads,wall_core_s,working_core_s,network_core_s,"
        "decode_core_s,share,ideal_share\n");
    std::printf("%s,%s,%zu,%zu,%s,%s,%zu,%.4f,%.4f,%.4f,%.4f,%.5f,%.5f\n", options.network.c_str(),
                options.sampler.c_str(), data.size(), frames_a_round, std::string(B::name).c_str(), B::engine().c_str(),
                threads, all_core_s, working_core_s, network_core_s, decode_core_s, share, ideal);
    return 0;
  }
  const auto line = [&](const char* what, double core_s) {
    std::printf("%-34s %10.0f core-ms  %6.2f a frame\n", what, 1e3 * core_s,
                1e3 * core_s / static_cast<double>(frames_a_round));
  };
  std::printf("%zu clips, %zu frames, sampler %s, %s at %d, %s, %zu threads: %.2f s\n", data.size(), frames_a_round,
              options.sampler.c_str(), options.network.c_str(), measured.dim, B::engine().c_str(), threads,
              all_core_s / cores);
  line("network, by itself", network_core_s);
  line("decoding, by itself", decode_core_s);
  line("rest at work: hashing, cache", working_core_s - network_core_s - decode_core_s);
  line("rest idle: list's end, other work", all_core_s - working_core_s);
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
  app.add_option("--rounds", options.rounds, "Extractions, each between its parts by themselves; the mean counts")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
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

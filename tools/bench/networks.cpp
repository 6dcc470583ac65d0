// The speed of the networks alone: frames in memory to features.
//   networks --network InceptionV3 --batch 20 --mode throughput
//   networks --network EfficientNetB0 --mode latency --layers

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <rcar/network/network.hpp>
#include <rcar/weights/safetensors.hpp>
#include <string>
#include <vector>

#include "../run_program.hpp"
#include "support/backends.hpp"
#include "support/measure.hpp"
#include "support/networks.hpp"
#include "support/steps.hpp"

namespace {

using namespace rcar;
namespace fs = std::filesystem;

struct Options {
  std::string network = "InceptionV3", mode = "throughput";
  int dim = 0, batch = 0, runs = 7, warmup = 2;
  fs::path weights, write_weights;
  bool layers = false, csv = false;
  bench::BackendChoice backend;
};

template <class B>
int measure(const Options& options, const bench::MeasuredNetwork& measured) {
  const std::size_t threads = thread_count();
  const bool latency = options.mode == "latency";
  const std::size_t batch = static_cast<std::size_t>(latency ? 1 : options.batch > 0 ? options.batch : measured.batch);
  const Network<B> network(measured.plan, bench::read_or_draw_weights(measured, options.weights));
  const auto frames = bench::drawn_frames(measured, batch);
  std::vector<float> features(batch * network.features());
  const double peak = bench::peak_gflops(threads);
  const double seconds = bench::median_seconds(options.warmup, options.runs,
                                               [&] { network.forward(frames.data(), batch, features.data()); }) /
                         static_cast<double>(batch);
  bench::require_usual(features);
  const double gflops = 2e-9 * static_cast<double>(measured.multiply_adds) / seconds;

  const std::string name(measured.name), back_end(B::name);
  if (options.csv) {
    std::printf("network,dim,batch,mode,backend,engine,threads,ms_per_frame,gflops,peak_gflops\n");
    std::printf("%s,%d,%zu,%s,%s,%s,%zu,%.4f,%.2f,%.2f\n", name.c_str(), measured.dim, batch, options.mode.c_str(),
                back_end.c_str(), B::engine().c_str(), threads, 1e3 * seconds, gflops, peak);
  } else {
    std::printf("%s at %d, batch %zu, %s, %s (%s), %zu threads\n", name.c_str(), measured.dim, batch,
                options.mode.c_str(), back_end.c_str(), B::engine().c_str(), threads);
    std::printf("%.2f ms a frame, %.1f GFLOP/s, %.1f %% of the measured peak of %.1f GFLOP/s\n", 1e3 * seconds, gflops,
                100 * gflops / peak, peak);
  }
  if (options.layers) {
    const auto spread = latency ? bench::Spread::blocks : bench::Spread::frames;
    const int group = std::clamp(static_cast<int>(batch / threads), 1, int{B::most_frames});
    const auto times = bench::time_steps(network, frames.data(), group, options.warmup, options.runs, spread);
    bench::print_steps(bench::describe_steps<B>(measured.plan), times, peak / static_cast<double>(threads),
                       latency ? threads : 1, options.csv);
  }
  return 0;
}

int run(const Options& options) {
  if (options.mode != "throughput" && options.mode != "latency")
    throw UsageError("There is no mode " + quoted(options.mode) + "; choose throughput or latency.");
  if (options.mode == "latency" && options.batch > 1)
    throw UsageError("Latency is that of one frame; leave out --batch, or choose --mode throughput.");
  const bench::MeasuredNetwork& measured = bench::find_network(options.network, options.dim);
  if (!options.write_weights.empty()) {
    weights::write_safetensors(options.write_weights, bench::drawn_weights(measured));
    return 0;
  }
  return bench::with_backend(
      options.backend, [&](auto back_end) { return measure<typename decltype(back_end)::type>(options, measured); });
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Measures a network: milliseconds a frame, the median of several runs."};
  app.add_option("--network", options.network, "InceptionV3, EfficientNetB0 or EfficientNetB7")->capture_default_str();
  app.add_option("--dim", options.dim, "Image dimension; 0: the network's own (224, 224, 600)")->capture_default_str();
  app.add_option("--batch", options.batch, "Frames a call; 0: 20, of EfficientNetB7 4")
      ->capture_default_str()
      ->check(CLI::Range(0, 4096));
  app.add_option("--mode", options.mode, "throughput: a batch a call; latency: one frame on all cores")
      ->capture_default_str();
  app.add_option("--weights", options.weights, "Weight file, native or Keras's (default: drawn weights)");
  app.add_option("--write-weights", options.write_weights, "Write the drawn weights as a native file, measure nothing");
  app.add_option("--runs", options.runs, "Runs that the median is of")
      ->capture_default_str()
      ->check(CLI::Range(1, 9999));
  app.add_option("--warmup", options.warmup, "Runs before them")->capture_default_str()->check(CLI::Range(0, 9999));
  app.add_flag("--layers", options.layers, "Also a table of every step of the network");
  app.add_flag("--csv", options.csv, "Print CSV");
  bench::add_backend_options(app, options.backend);
  app.footer(
      "Examples:\n"
      "  networks --network EfficientNetB7 --batch 4\n"
      "  networks --network EfficientNetB0 --mode latency --layers\n"
      "  RCAR_NUM_THREADS=1 RCAR_INSTRUCTION_SET=avx2 networks --network InceptionV3 --csv\n"
      "With --mode throughput the table's times are those of a frame on one core, in the groups of a batch, while the "
      "other cores run frames too; a step that is fused with the next has no time of its own.\n"
      "Exit code: 0 measured, 1 error, 2 wrong usage.");
  return tools::run_program(app, argc, argv, [&] { return run(options); });
}

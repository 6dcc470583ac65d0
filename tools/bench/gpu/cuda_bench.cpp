// The speed of backend::Cuda: networks, from frames in the host's memory to features there, and head training. Of
// rcar's libraries it needs rcar::cuda alone. tools/bench/cuda runs it beside PyTorch.
//   cuda_bench networks --network InceptionV3 --precision bf16 --batch 1,20
//   cuda_bench heads --cell lstm

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <limits>
#include <rcar/core/error.hpp>
#include <rcar/cuda.hpp>
#include <rcar/heads/original.hpp>
#include <rcar/heads/sequence_head.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "tools/bench/support/features.hpp"
#include "tools/bench/support/measure.hpp"
#include "tools/bench/support/networks.hpp"
#include "tools/bench/support/training.hpp"
#include "tools/run_program.hpp"

namespace {

using namespace rcar;

constexpr int steps = 20, feature_dim = 2048;  // InceptionV3's

struct Options {
  std::vector<std::string> precisions{"fp32", "tf32", "bf16"};
  std::string network = "InceptionV3";
  int dim = 0;
  std::vector<std::size_t> batches{1, 20, 128, 512};
  int runs = 3, warmup = 2;
  double least_seconds = 1;
  std::vector<std::string> cells{"lstm", "gru"};
  int clips = 9537, classes = 101, batch_size = 64, epochs = 7;
};

/// Calls run(std::type_identity<B>{}) with the back end of this precision.
template <class Run>
void with_precision(const std::string& precision, Run&& run) {
  if (precision == "fp32") return run(std::type_identity<backend::Cuda>{});
  if (precision == "tf32") return run(std::type_identity<backend::CudaTf32>{});
  if (precision == "bf16") return run(std::type_identity<backend::CudaBf16>{});
  if (precision == "fp16") return run(std::type_identity<backend::CudaFp16>{});
  throw UsageError("There is no precision " + quoted(precision) + "; choose fp32, tf32, bf16 or fp16.");
}

/// One line of JSON, at once, so that a driver that ends the program keeps what it has measured.
struct Line {
  std::string work, precision;
  std::size_t batch;

  void figure(double value) const { print("\"figure\": " + std::to_string(value)); }
  void missing(std::string why) const {
    std::replace_if(
        why.begin(), why.end(), [](char c) { return c == '"' || c == '\\' || c < ' '; }, ' ');
    print("\"missing\": \"" + why + "\"");
  }

 private:
  void print(const std::string& what) const {
    std::printf("{\"work\": \"%s\", \"precision\": \"%s\", \"batch\": %zu, \"mode\": \"rcar\", %s}\n", work.c_str(),
                precision.c_str(), batch, what.c_str());
    std::fflush(stdout);
  }
};

/// Seconds of a call: the median of `runs`, or of as many as `least_seconds` hold.
template <class Call>
double measured_seconds(const Options& options, Call&& call) {
  for (int i = 0; i < options.warmup; ++i) call();
  std::vector<double> seconds;
  const bench::Stopwatch all;
  while (seconds.size() < static_cast<std::size_t>(options.runs) || all.seconds() < options.least_seconds) {
    const bench::Stopwatch watch;
    call();
    seconds.push_back(watch.seconds());
  }
  return bench::median(std::move(seconds));
}

/// `count` frames of a few different ones.
std::vector<std::uint8_t> repeated_frames(const bench::MeasuredNetwork& measured, std::size_t count) {
  std::vector<std::uint8_t> frames = bench::drawn_frames(measured, std::min<std::size_t>(count, 16));
  const std::size_t drawn = frames.size(), all = measured.plan.input.size() * count;
  frames.resize(all);
  for (std::size_t i = drawn; i < all; i += drawn)
    std::copy_n(frames.data(), std::min(drawn, all - i), frames.data() + i);
  return frames;
}

template <class B>
void measure_network(const Options& options, const bench::MeasuredNetwork& measured, const weights::Store& weights,
                     const std::string& precision) {
  B::require_device();
  Network<B> network(measured.plan, weights);
  std::size_t too_many = std::numeric_limits<std::size_t>::max();
  std::string why;
  for (const std::size_t batch : options.batches) {
    const Line line{std::string(measured.name), precision, batch};
    network.warn_by([&](const std::string& text) { too_many = batch, why = text; });
    try {
      if (batch < too_many) {
        const auto frames = repeated_frames(measured, batch);
        std::vector<float> features(batch * network.features());
        const auto forward = [&] { network.forward(frames.data(), batch, features.data()); };
        forward();
        if (batch < too_many) {
          const double seconds = measured_seconds(options, forward);
          bench::require_usual(features);
          line.figure(static_cast<double>(batch) / seconds);
        }
      }
      if (batch >= too_many) line.missing("does not fit: " + why);
    } catch (const DeviceMemoryError& error) {
      line.missing(std::string("does not fit: ") + error.what());
    } catch (const WeightsError& error) {
      line.missing(error.what());
    }
  }
}

int measure_networks(const Options& options) {
  const bench::MeasuredNetwork& measured = bench::find_network(options.network, options.dim);
  for (const auto& precision : options.precisions) with_precision(precision, [](auto) {});
  backend::Cuda::require_device();  // before anything is drawn
  const weights::Store weights = bench::formula_weights(measured);
  for (const auto& precision : options.precisions)
    with_precision(precision, [&](auto back_end) {
      measure_network<typename decltype(back_end)::type>(options, measured, weights, precision);
    });
  return 0;
}

/// Seconds of an epoch, the median of those after the warm-up, in which the set goes to the GPU.
template <class Cell>
void measure_head(const Options& options, const FeatureSet& set, const std::string& cell) {
  SequenceHead<feature_dim, steps, Cell, backend::Cuda> head(options.classes, 1);
  const double seconds = bench::epoch_seconds(head, set, {options.epochs, options.warmup, options.batch_size});
  Line{"head " + cell, "fp32", static_cast<std::size_t>(options.batch_size)}.figure(seconds);
}

int measure_heads(const Options& options) {
  for (const auto& cell : options.cells)
    if (cell != "gru" && cell != "lstm") throw UsageError("There is no cell " + quoted(cell) + "; choose gru or lstm.");
  if (options.clips < options.classes)
    throw UsageError("There are fewer clips than classes; give --clips at least " + std::to_string(options.classes) +
                     ".");
  backend::Cuda::require_device();
  const FeatureSet set = bench::random_features(options.clips, options.classes, steps, feature_dim);
  for (const auto& cell : options.cells) {
    if (cell == "gru")
      measure_head<GRU>(options, set, cell);
    else
      measure_head<LSTM>(options, set, cell);
  }
  return 0;
}

int describe_device() {
  backend::Cuda::require_device();
  std::printf("{\"GPU\": \"%s\", \"engine\": \"%s\"}\n", backend::Cuda::device_name().c_str(),
              backend::Cuda::engine().c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Measures backend::Cuda; prints one line of JSON a figure."};
  app.require_subcommand(1);
  const auto count = CLI::Range(1, 1000000);
  CLI::App* device = app.add_subcommand("device", "The GPU, and the libraries that it is used by");
  CLI::App* networks =
      app.add_subcommand("networks", "Frames a second: bytes of the host in, features of the host out");
  networks->add_option("--network", options.network, "InceptionV3, EfficientNetB0 or EfficientNetB7")
      ->capture_default_str();
  networks->add_option("--dim", options.dim, "Image dimension; 0: the network's own (224, 224, 600)")
      ->capture_default_str();
  networks->add_option("--precision", options.precisions, "fp32, tf32, bf16, fp16, with commas between them")
      ->delimiter(',')
      ->capture_default_str();
  networks->add_option("--batch", options.batches, "Frames a call, with commas between them")
      ->delimiter(',')
      ->capture_default_str()
      ->check(CLI::Range(1, 512));
  networks->add_option("--runs", options.runs, "The fewest runs that a median is of")
      ->capture_default_str()
      ->check(count);
  networks->add_option("--seconds", options.least_seconds, "More runs, until they have taken so long")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 600.0));
  CLI::App* heads = app.add_subcommand("heads", "Seconds of an epoch of head training, on drawn features of 20 x 2048");
  heads->add_option("--cell", options.cells, "lstm, gru, with a comma between them")
      ->delimiter(',')
      ->capture_default_str();
  heads->add_option("--clips", options.clips, "Clips; 9,537 take 1.6 GB")->capture_default_str()->check(count);
  heads->add_option("--classes", options.classes, "Classes")->capture_default_str()->check(CLI::Range(2, 10000));
  heads->add_option("--batch-size", options.batch_size, "Clips a step of the optimiser")
      ->capture_default_str()
      ->check(count);
  heads->add_option("--epochs", options.epochs, "Epochs that the median is of")->capture_default_str()->check(count);
  app.footer(
      "Examples:\n"
      "  cuda_bench device\n"
      "  cuda_bench networks --network EfficientNetB7 --precision bf16 --batch 1,20\n"
      "  cuda_bench heads --cell lstm\n"
      "A batch that the GPU's memory does not hold is a line without a figure.\n"
      "Exit code: 0 measured, 1 error (no GPU, for one), 2 wrong usage.");
  return tools::run_program(app, argc, argv, [&] {
    if (*device) return describe_device();
    return *networks ? measure_networks(options) : measure_heads(options);
  });
}

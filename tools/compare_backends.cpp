// Whether two back ends compute the same: the largest difference of each layer, and whether a run has the bits of the
// one before.
//   compare_backends native cuda --network EfficientNetB0 --weights weights/efficientnetb0.safetensors
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <rcar/backend/blas.hpp>
#include <rcar/backend/native.hpp>
#include <rcar/backend/portable.hpp>
#include <rcar/backend/reference.hpp>
#include <rcar/network/device_network.hpp>
#include <rcar/network/network.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#ifdef RCAR_HAS_CUDA
#include <rcar/backend/cuda.hpp>
#endif

#include "bench/support/networks.hpp"
#include "run_program.hpp"

namespace {

using namespace rcar;
namespace fs = std::filesystem;

struct Options {
  std::string first, second, network = "EfficientNetB0";
  fs::path weights;
  std::size_t frames = 4;
  double most = 0;
  bool csv = false;
};

/// What one step gave.
struct Layer {
  std::string name;
  std::vector<float> values;
};

/// One back end's run of a network.
struct Run {
  std::string engine;
  std::vector<Layer> layers;    // of the first frame
  std::vector<float> features;  // of all frames, computed as users have them computed: in one batch, steps fused
  bool repeats = true;          // whether a second run had the same bits
};

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

template <class B>
Run run_on(const bench::MeasuredNetwork& measured, const weights::Store& store, const std::vector<std::uint8_t>& frames,
           std::size_t count) {
  const Network<B> network(measured.plan, store);
  Run run;
  run.engine = B::engine();
  const auto values_of = [](const backend::ConstMap& map) {
    std::vector<float> values;
    values.reserve(map.extent.size());
    for (int y = 0; y < map.extent.height; ++y)
      for (int x = 0; x < map.extent.width; ++x)
        values.insert(values.end(), map.pixel(y, x), map.pixel(y, x) + map.extent.channels);
    return values;
  };
  network.trace(frames.data(), [&](const Step& step, const backend::ConstMap& out) {
    const auto& layer = measured.plan.layers[static_cast<std::size_t>(step.layer)];
    run.layers.push_back({std::string(std::string_view(layer.name)), values_of(out)});
  });
  std::size_t next = 0;
  network.trace(frames.data(), [&](const Step&, const backend::ConstMap& out) {
    run.repeats = run.repeats && same_bits(values_of(out), run.layers[next++].values);
  });
  run.features.resize(count * network.features());
  network.forward(frames.data(), count, run.features.data());
  std::vector<float> again(run.features.size());
  network.forward(frames.data(), count, again.data());
  run.repeats = run.repeats && same_bits(again, run.features);
  return run;
}

using Runner = Run (*)(const bench::MeasuredNetwork&, const weights::Store&, const std::vector<std::uint8_t>&,
                       std::size_t);

/// Every back end of this program, by name.
std::vector<std::pair<std::string, Runner>> runners() {
  using backend::Precision;
  std::vector<std::pair<std::string, Runner>> all{
      {"reference", run_on<backend::Reference>},
      {"blas", run_on<backend::Blas>},
      {"native", run_on<backend::Native<>>},
      {"native-exact", run_on<backend::Native<backend::numerics::exact>>},
      {"portable", run_on<backend::Portable>},
      {"portable-bf16", run_on<backend::BasicPortable<Precision::bf16>>},
      {"portable-fp16", run_on<backend::BasicPortable<Precision::fp16>>},
  };
#ifdef RCAR_HAS_CUDA
  all.insert(all.end(), {{"cuda", run_on<backend::Cuda>},
                         {"cuda-tf32", run_on<backend::CudaTf32>},
                         {"cuda-bf16", run_on<backend::CudaBf16>},
                         {"cuda-fp16", run_on<backend::CudaFp16>}});
#endif
  return all;
}

Runner find_runner(const std::string& name) {
  std::string known;
  for (const auto& [each, runner] : runners()) {
    if (each == name) return runner;
    known += (known.empty() ? "" : ", ") + each;
  }
  if (name.starts_with("cuda"))
    throw UsageError(
        "This program was built without CUDA; build it where nvcc, cuBLAS and cuDNN are (tools/check --cuda "
        "fetches them), or choose of " +
        known + ".");
  throw UsageError("There is no back end " + quoted(name) + "; choose two of " + known + ".");
}

struct Difference {
  double largest = 0, relative = 0;  // absolute, and over the largest absolute value
};

/// A NaN on one side alone is an infinite difference.
Difference difference(const std::vector<float>& a, const std::vector<float>& b) {
  Difference result;
  double scale = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    double apart = std::abs(double(a[i]) - b[i]);
    if (std::isnan(apart)) apart = std::isnan(a[i]) && std::isnan(b[i]) ? 0 : INFINITY;
    result.largest = std::max(result.largest, apart);
    scale = std::max(scale, std::abs(double(a[i])));
  }
  result.relative = scale > 0 ? result.largest / scale : result.largest;
  return result;
}

double deviation(const std::vector<float>& values) {
  double sum = 0, squares = 0;
  for (const double value : values) sum += value, squares += value * value;
  const double mean = sum / static_cast<double>(values.size());
  return std::sqrt(squares / static_cast<double>(values.size()) - mean * mean);
}

int compare(const Options& options) {
  const Runner first = find_runner(options.first), second = find_runner(options.second);
  if (!std::isfinite(options.most)) throw UsageError("--most is no number; give one above 0.");
  const bench::MeasuredNetwork& measured = bench::find_network(options.network);
  const weights::Store store = bench::read_or_draw_weights(measured, options.weights);
  const auto frames = bench::drawn_frames(measured, options.frames);
  const Run a = first(measured, store, frames, options.frames), b = second(measured, store, frames, options.frames);

  if (options.csv)
    std::printf("step,layer,largest_difference,relative_difference\n");
  else
    std::printf("%s at %d: %s (%s) and %s (%s)\n\n%4s  %-34s %12s %12s\n", options.network.c_str(), measured.dim,
                options.first.c_str(), a.engine.c_str(), options.second.c_str(), b.engine.c_str(), "step", "layer",
                "largest", "relative");
  double worst = 0;
  std::string worst_layer;
  for (std::size_t i = 0; i < a.layers.size(); ++i) {
    const Difference apart = difference(a.layers[i].values, b.layers[i].values);
    if (apart.relative >= worst) worst = apart.relative, worst_layer = a.layers[i].name;
    std::printf(options.csv ? "%zu,%s,%.3e,%.3e\n" : "%4zu  %-34s %12.3e %12.3e\n", i, a.layers[i].name.c_str(),
                apart.largest, apart.relative);
  }
  const Difference features = difference(a.features, b.features);
  const double in_deviations = features.largest / deviation(a.features);
  if (options.csv) {
    std::printf("features,%zu frames,%.3e,%.3e\n", options.frames, features.largest, features.relative);
  } else {
    std::printf("\nWorst layer: %s, %.2e of its largest value.\n", worst_layer.c_str(), worst);
    std::printf("Features of %zu frames in one batch: %.2e apart, %.2e of their standard deviation.\n", options.frames,
                features.largest, in_deviations);
  }
  for (const auto& [name, run] : {std::pair(options.first, &a), std::pair(options.second, &b)})
    std::fprintf(options.csv ? stderr : stdout, "%s: %s.\n", name.c_str(),
                 run->repeats ? "a second run has the same bits" : "a second run has OTHER BITS");
  if (!(a.repeats && b.repeats)) return 1;
  if (options.most > 0 && !(in_deviations <= options.most)) {
    tools::print_error("The features differ by more than --most " + std::to_string(options.most) +
                       " standard deviations.");
    return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Compares two back ends on one network: the largest difference of each layer, and whether runs repeat."};
  std::string names;
  for (const auto& [name, runner] : runners()) names += (names.empty() ? "" : ", ") + name;
  app.add_option("FIRST", options.first, "A back end: " + names)->required();
  app.add_option("SECOND", options.second, "The back end to compare with it")->required();
  app.add_option("--network", options.network, "InceptionV3, EfficientNetB0 or EfficientNetB7")->capture_default_str();
  app.add_option("--weights", options.weights, "Backbone weights: native or Keras file (default: drawn by a formula)");
  app.add_option("--frames", options.frames, "Frames of the batch whose features are compared")
      ->capture_default_str()
      ->check(CLI::Range(1, 512));
  app.add_option("--most", options.most, "Fail when features differ by more standard deviations than this")
      ->check(CLI::PositiveNumber);
  app.add_flag("--csv", options.csv, "The table as CSV");
  app.footer(
      "Examples:\n"
      "  compare_backends native cuda\n"
      "  compare_backends native cuda-bf16 --network InceptionV3 --weights weights/inceptionv3.safetensors --most 0.1\n"
      "Exit code: 0 compared, 1 error, runs that do not repeat, or a difference above --most, 2 wrong usage.");
  return tools::run_program(app, argc, argv, [&] { return compare(options); });
}

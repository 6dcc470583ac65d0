// The speed of every distinct convolution of the measured networks, each by itself on one core (Google Benchmark).
//   kernels --network InceptionV3 --benchmark_filter=depthwise

#include <benchmark/benchmark.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "../run_program.hpp"
#include "support/backends.hpp"
#include "support/layers.hpp"
#include "support/measure.hpp"
#include "support/networks.hpp"
#include "support/steps.hpp"

namespace {

using namespace rcar;

struct Options {
  std::string network;  // empty: all
  bench::BackendChoice backend;
};

/// "InceptionV3/convolution/25x25x96 3x3 -> 25x25x96 relu"
std::string name_of(const bench::MeasuredNetwork& network, const Step& step, const backend::StepShape& shape) {
  static constexpr const char* activations[] = {"", " relu", " relu6", " swish", " sigmoid", " tanh"};
  return std::string(network.name) + "/" + bench::kind_name(shape.kind) + "/" + bench::to_string(shape) +
         activations[static_cast<std::size_t>(step.activation)] + (shape.scaled ? " scaled" : "") +
         (step.residual != none ? " added" : "");
}

template <class B>
void run_layer(benchmark::State& state, const backend::StepShape& shape, Activation activation, bool residual,
               double peak) {
  bench::Layer<B> layer(shape, activation, residual);
  const bench::Stopwatch watch;
  for (auto _ : state) {
    layer.run();
    benchmark::ClobberMemory();
  }
  const double gflop = 2e-9 * bench::multiply_adds(shape) * static_cast<double>(state.iterations());
  const double gflops = gflop / watch.seconds();
  state.counters["GFLOP/s"] = gflops;
  state.counters["peak%"] = 100 * gflops / peak;
  state.SetLabel(bench::algorithm_of<B>(shape));
}

template <class B>
void register_layers(const Options& options) {
  const double peak = bench::peak_gflops(1);
  benchmark::AddCustomContext("peak_gflops_of_a_core", std::to_string(peak));
  benchmark::AddCustomContext("engine", B::engine());
  std::set<std::string> seen;
  for (const bench::MeasuredNetwork& network : bench::measured_networks()) {
    if (!options.network.empty() && network.name != options.network) continue;
    for (const Step& step : network.plan.steps) {
      if (step.weights == none) continue;
      const backend::StepShape shape = step_shape(network.plan, step);
      const std::string name = name_of(network, step, shape);
      if (!seen.insert(name).second) continue;
      benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
        run_layer<B>(state, shape, step.activation, step.residual != none, peak);
      })->Unit(benchmark::kMillisecond);
    }
  }
}

int run(const Options& options, std::vector<std::string> rest, char* program) {
  if (!options.network.empty()) bench::find_network(options.network);
  std::vector<char*> arguments{program};
  for (std::string& each : rest) {
    if (!each.starts_with("--benchmark_") && !each.starts_with("--v="))
      throw UsageError("Unknown option " + quoted(each) + "; --help tells the options.");
    arguments.push_back(each.data());
  }
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (count > 1) throw UsageError("Google Benchmark knows no option " + quoted(std::string(arguments[1])) + ".");
  bench::with_backend(options.backend,
                      [&](auto back_end) { register_layers<typename decltype(back_end)::type>(options); });
  if (benchmark::RunSpecifiedBenchmarks() == 0) throw UsageError("No layer matches the filter.");
  benchmark::Shutdown();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Measures every distinct convolution of the networks by itself, on one core, by Google Benchmark."};
  app.allow_extras();
  app.add_option("--network", options.network, "InceptionV3, EfficientNetB0 or EfficientNetB7 (default: all)");
  bench::add_backend_options(app, options.backend);
  app.footer(
      "Google Benchmark's options are taken too, as --benchmark_NAME=VALUE.\n"
      "Examples:\n"
      "  kernels --network InceptionV3\n"
      "  kernels --benchmark_filter='EfficientNetB7/depthwise' --benchmark_min_time=0.2\n"
      "  kernels --benchmark_format=json --benchmark_out=kernels.json\n"
      "Exit code: 0 measured, 1 error, 2 wrong usage.");
  return tools::run_program(app, argc, argv, [&] { return run(options, app.remaining(), argv[0]); });
}

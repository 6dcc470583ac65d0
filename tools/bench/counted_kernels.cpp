// A few small kernels, each run a fixed number of times, for counting their instructions
// (tools/bench/instruction_counts).
//   valgrind --tool=callgrind counted_kernels convolution_3x3

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <functional>
#include <iterator>
#include <memory>
#include <rcar/heads/cell.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../run_program.hpp"
#include "support/backends.hpp"
#include "support/layers.hpp"

namespace {

using namespace rcar;

struct Options {
  std::string kernel;
  int repetitions = 20;
  bool list = false, compiler = false;
  bench::BackendChoice backend;
};

/// A square convolution with Keras's `same` padding.
backend::StepShape square(int dim, int in_channels, int window, int stride, int out_channels, bool scaled = false) {
  const int out = (dim + stride - 1) / stride;
  const int padding = std::max(0, (out - 1) * stride + window - dim);
  const int before = padding / 2, after = padding - before;
  return {StepKind::convolution,
          {window, window, stride, stride, before, after, before, after},
          {dim, dim, in_channels},
          {out, out, out_channels},
          {window, window, in_channels, out_channels, false},
          scaled};
}

backend::StepShape depthwise(int dim, int channels, int window, int stride) {
  backend::StepShape shape = square(dim, channels, window, stride, channels);
  shape.kind = StepKind::depthwise_convolution;
  shape.kernel.depthwise = true;
  return shape;
}

/// What a recurrence reads and writes.
struct RecurrenceMemory {
  RecurrenceMemory(std::size_t steps, std::size_t features, std::size_t units, std::size_t width)
      : x(bench::random_values(steps * features, 1)),
        kernel(bench::random_values(features * width, 2, -0.1F, 0.1F)),
        recurrent(bench::random_values(units * width, 3, -0.3F, 0.3F)),
        bias(bench::random_values(width, 4)),
        initial(2 * units),
        projected(steps * width),
        states(steps * units),
        last(units),
        saved(steps * 5 * units) {
    std::fill(std::begin(mask), std::end(mask), true);
  }

  std::vector<float> x, kernel, recurrent, bias, initial, projected, states, last, saved;
  bool mask[64];
};

template <class B>
struct Kernels {
  using Run = std::function<void()>;
  /// Makes everything that a kernel needs; what it returns runs it once.
  using Prepare = std::function<Run()>;

  static Prepare layer(const backend::StepShape& shape, Activation activation, bool residual = false) {
    return [=]() -> Run {
      auto made = std::make_shared<bench::Layer<B>>(shape, activation, residual);
      return [made] { made->run(); };
    };
  }

  /// 16 units over 20 steps of one clip, the input products included.
  template <class Cell>
  static Run recurrence() {
    constexpr int steps = 20, features = 256, units = 16;
    constexpr bool is_gru = std::is_same_v<Cell, GRU>;
    constexpr int width = (is_gru ? 3 : 4) * units;
    auto memory = std::make_shared<RecurrenceMemory>(steps, features, units, width);
    return [memory] {
      RecurrenceMemory& m = *memory;
      B::gemm(Transpose::no, Transpose::no, steps, width, features, 1, m.x.data(), features, m.kernel.data(), width, 0,
              m.projected.data(), width);
      const backend::Recurrence in{
          1, steps, units, m.mask, m.projected.data(), m.initial.data(), m.recurrent.data(), m.bias.data()};
      const backend::RecurrenceOutput out{m.states.data(), m.last.data(), m.saved.data()};
      if constexpr (is_gru)
        B::gru(in, out);
      else
        B::lstm(in, out);
    };
  }

  /// By name.
  static std::vector<std::pair<std::string, Prepare>> all() {
    return {
        {"convolution_1x1", layer(square(14, 96, 1, 1, 64), Activation::relu)},
        {"convolution_1x1_scaled_added", layer(square(14, 96, 1, 1, 32, true), Activation::linear, true)},
        {"convolution_3x3", layer(square(17, 32, 3, 1, 48), Activation::relu)},
        {"convolution_3x3_stride_2", layer(square(33, 3, 3, 2, 32), Activation::swish)},
        {"convolution_1x1_vector", layer(square(1, 480, 1, 1, 20), Activation::swish)},
        {"depthwise_3x3", layer(depthwise(28, 48, 3, 1), Activation::swish)},
        {"depthwise_5x5_stride_2", layer(depthwise(28, 48, 5, 2), Activation::swish)},
        {"gru_steps", [] { return recurrence<GRU>(); }},
        {"lstm_steps", [] { return recurrence<LSTM>(); }},
    };
  }
};

/// What counts depend on besides the sources: "gcc 12, optimised".
std::string compiler() {
#if defined(__clang__)
  std::string text = "clang " + std::to_string(__clang_major__);
#else
  std::string text = "gcc " + std::to_string(__GNUC__);
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return text + ", sanitized";
#elif defined(__OPTIMIZE__)
  return text + ", optimised";
#else
  return text + ", not optimised";
#endif
}

template <class B>
int run_kernel(const Options& options) {
  if (options.compiler) {
    std::printf("%s\n", compiler().c_str());
    return 0;
  }
  const auto kernels = Kernels<B>::all();
  if (options.list) {
    for (const auto& [name, prepare] : kernels) std::printf("%s\n", name.c_str());
    return 0;
  }
  for (const auto& [name, prepare] : kernels) {
    if (name != options.kernel) continue;
    const auto run = prepare();
    for (int i = 0; i < options.repetitions; ++i) run();
    return 0;
  }
  throw UsageError("There is no kernel " + quoted(options.kernel) + "; --list names them.");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Runs one small kernel a fixed number of times, for a tool that counts its instructions."};
  app.add_option("KERNEL", options.kernel, "Which kernel");
  app.add_option("--repetitions", options.repetitions,
                 "How often; 1 against 21 tells 20 runs without what comes before them")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000000));
  app.add_flag("--list", options.list, "Print the kernels' names");
  app.add_flag("--compiler", options.compiler, "Print which compiler made the program");
  bench::add_backend_options(app, options.backend);
  app.footer(
      "Examples:\n"
      "  counted_kernels --list\n"
      "  valgrind --tool=callgrind --callgrind-out-file=/dev/null counted_kernels convolution_3x3\n"
      "Exit code: 0 run, 1 error, 2 wrong usage.");
  return tools::run_program(app, argc, argv, [&] {
    return bench::with_backend(options.backend,
                               [&](auto back_end) { return run_kernel<typename decltype(back_end)::type>(options); });
  });
}

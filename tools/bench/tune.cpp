// Measures every algorithm for every convolution of a network and writes those that beat the cost rule to the table
// that backend::Native reads: include/rcar/backend/native/algorithm_table.hpp.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <rcar/backend/native.hpp>
#include <rcar/core/buffer.hpp>
#include <rcar/core/file.hpp>
#include <rcar/core/threads.hpp>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "../run_program.hpp"
#include "support/layers.hpp"
#include "support/measure.hpp"
#include "support/networks.hpp"
#include "support/steps.hpp"

namespace {

using namespace rcar;
using namespace rcar::backend::native;
using backend::StepShape;
namespace fs = std::filesystem;

constexpr int group_frames = Maps<backend::numerics::fast>::most_frames;
constexpr double least_gain = 0.03;

struct Options {
  std::string network = "InceptionV3";
  fs::path table = "include/rcar/backend/native/algorithm_table.hpp";
  int dim = 0, passes = 3, rounds = 7;
  bool dry_run = false;
};

// --- the table
// ---------------------------------------------------------------------------------------------------------

using Key = std::tuple<int, int, int, int, int, int, int>;  // of TunedLayer, in its order
using Table = std::map<Key, Algorithm>;

Key key_of(const StepShape& shape, int lanes) {
  const auto& k = shape.kernel;
  return {lanes,          k.kernel_height,     k.kernel_width,    k.in_channels,
          k.out_channels, shape.output.height, shape.output.width};
}

/// The entries of the file, the compiled table's or a later one's.
Table read_table(const fs::path& path) {
  std::ifstream file(path);
  if (!file)
    throw UsageError("There is no table " + quoted(path.string()) + "; run this in rcar's folder, or give --table.");
  Table table;
  for (std::string line; std::getline(file, line);) {
    int v[9];
    if (std::sscanf(line.c_str(), " {%d, %d, %d, %d, %d, %d, %d, {%d, %d}}", v, v + 1, v + 2, v + 3, v + 4, v + 5,
                    v + 6, v + 7, v + 8) == 9)
      table[{v[0], v[1], v[2], v[3], v[4], v[5], v[6]}] = {v[7], v[8]};
  }
  return table;
}

std::string text_of(const Table& table) {
  std::string text = R"(#pragma once
/// How layers are computed where a measurement found better than the cost rule of choose.hpp: written by
/// build/tools/bench/tune, which says in its --help how it measures; do not edit.

#include <array>

#include "algorithm.hpp"

namespace rcar::backend::native {

// clang-format off
// {lanes, kernel height, width, channels in, out, output height, width, {Winograd's outputs down, across}}
)";
  text += "inline constexpr std::array<TunedLayer, " + std::to_string(table.size()) + "> tuned_layers{{\n";
  for (const auto& [key, algorithm] : table) {
    text += "  {";
    std::apply([&](auto... each) { ((text += std::to_string(each) + ", "), ...); }, key);
    text += "{" + std::to_string(algorithm.outputs_y) + ", " + std::to_string(algorithm.outputs_x) + "}},\n";
  }
  return text + "}};\n// clang-format on\n\n}  // namespace rcar::backend::native\n";
}

// --- measuring
// ---------------------------------------------------------------------------------------------------------

/// In a network other layers come between two calls of one: its weights come from memory, for those of all layers
/// are more than a cache holds, and its input from the third-level cache.
void forget_caches(std::span<const float> weights) {
  static std::vector<float> memory(16 << 18);  // 16 MiB
  parallel_for(16, [](std::size_t part, std::size_t) {
    for (std::size_t i = part << 18; i < (part + 1) << 18; i += 16) memory[i] += 1;
  });
#if defined(__x86_64__)
  for (std::size_t i = 0; i < weights.size(); i += 16) __builtin_ia32_clflush(&weights[i]);
#else
  static_cast<void>(weights);
#endif
}

/// The maps of a layer. Where they lie decides some percent, by what falls in the same sets of a cache: every pass has
/// another `shift`, in floats.
struct GroupMaps {
  std::size_t shift;
  std::vector<float> in, out;

  GroupMaps(const StepShape& shape, std::size_t shift)
      : shift(shift),
        in(bench::random_values(shape.input.size() * group_frames + shift, 3)),
        out(shape.output.size() * group_frames + 3 * shift) {}
};

/// One layer by one algorithm.
class Candidate {
 public:
  Candidate(const StepShape& shape, Algorithm algorithm, std::size_t shift)
      : algorithm(algorithm),
        shape_(shape),
        block_(share(shape, algorithm, kernels().abilities.lanes, static_cast<int>(thread_count()))),
        weights_(pack(shape.kernel, algorithm, kernels().abilities.lanes, bench::random_values(shape.kernel.size(), 1),
                      bench::random_values(static_cast<std::size_t>(shape.kernel.out_channels), 2))) {
    for (std::size_t i = 0; i < thread_count(); ++i)
      scratch_.push_back(allocate_floats(scratch_floats(shape, algorithm, kernels().abilities.lanes) + 2 * shift));
  }

  /// Seconds of a frame, in a group on one core.
  double group(GroupMaps& maps) const {
    const bench::Stopwatch watch;
    convolve(job(maps, group_frames, {0, shape_.output.height}, shape_.output.channels, 0));
    return watch.seconds() / group_frames;
  }

  /// Seconds of a frame that all threads share.
  double single(GroupMaps& maps) const {
    const int down = parts_of(shape_.output.height, block_.rows), channels = shape_.output.channels;
    const int count = down * parts_of(channels, block_.channels);
    const bench::Stopwatch watch;
    parallel_for(static_cast<std::size_t>(count), [&](std::size_t index, std::size_t worker) {
      const int begin = static_cast<int>(index) % down * block_.rows;
      const int channel = static_cast<int>(index) / down * block_.channels;
      convolve(job(maps, 1, {begin, std::min(begin + block_.rows, shape_.output.height), channel},
                   std::min(block_.channels, channels - channel), worker));
    });
    return watch.seconds();
  }

  void forget() const { forget_caches(weights_.values()); }

  Algorithm algorithm;
  double group_s = 1e9, single_s = 1e9;  // the least seen in the pass

  /// Core time of a frame: mostly, frames come in groups.
  double score() const { return 0.7 * group_s + 0.3 * single_s * static_cast<double>(thread_count()); }

 private:
  Convolution job(GroupMaps& maps, int frames, backend::Rows rows, int channels, std::size_t worker) const {
    backend::Map to{maps.out.data() + 3 * maps.shift + rows.first_channel, shape_.output, shape_.output.channels,
                    frames};
    to.extent.channels = channels;
    return {{maps.in.data() + maps.shift, shape_.input, shape_.input.channels, frames},
            nullptr,
            shape_.window,
            weights_.view().from_channel(rows.first_channel),
            Activation::relu,
            {},
            to,
            rows,
            scratch_[worker].get() + 2 * maps.shift};
  }

  StepShape shape_;
  backend::BlockSize block_;
  PackedWeights weights_;
  std::vector<Buffer> scratch_;
};

/// Every algorithm of one layer, the sums of products first.
std::vector<Candidate> candidates_of(const StepShape& shape, std::size_t shift) {
  std::vector<Candidate> candidates;
  candidates.emplace_back(shape, Algorithm{}, shift);
  for (const WinogradVariant& v : winograd_variants)
    if (is_for(v, shape.kernel)) candidates.emplace_back(shape, algorithm_of(v, shape.kernel), shift);
  return candidates;
}

/// The algorithm that beats the rule by more than 3 % in every pass, or the rule's. Prints a line for each pass.
Algorithm measure(const StepShape& shape, const Options& options) {
  const Algorithm rule = choose_by_cost(shape, kernels().abilities.lanes);
  std::vector<Algorithm> algorithms;
  std::vector<double> sums, least_gains;
  std::printf("%s, rule %s\n", bench::to_string(shape).c_str(), to_string(rule).c_str());
  for (int pass = 0; pass < options.passes; ++pass) {
    const std::size_t shift = 16 * 17 * static_cast<std::size_t>(pass);
    GroupMaps maps(shape, shift);
    std::vector<Candidate> candidates = candidates_of(shape, shift);
    for (int round = 0; round < options.rounds; ++round)
      for (Candidate& c : candidates) {  // in turn, so that what disturbs disturbs all
        c.forget();
        c.group_s = std::min(c.group_s, c.group(maps));
        for (int i = 0; i < 2; ++i) {  // it is short
          c.forget();
          c.single_s = std::min(c.single_s, c.single(maps));
        }
      }
    const auto by_rule =
        std::find_if(candidates.begin(), candidates.end(), [&](auto& c) { return c.algorithm == rule; });
    sums.resize(candidates.size());
    least_gains.resize(candidates.size(), 1);
    algorithms.clear();
    std::printf(" ");
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const Candidate& c = candidates[i];
      algorithms.push_back(c.algorithm);
      sums[i] += c.score();
      least_gains[i] = std::min(least_gains[i], 1 - c.score() / by_rule->score());
      std::printf("  %s %.3f ms, %.3f ms shared", to_string(c.algorithm).c_str(), 1e3 * c.group_s, 1e3 * c.single_s);
    }
    std::printf("\n");
    std::fflush(stdout);
  }
  const auto best = static_cast<std::size_t>(std::min_element(sums.begin(), sums.end()) - sums.begin());
  if (least_gains[best] <= least_gain) return rule;
  std::printf("    %s gains %.0f %%\n", to_string(algorithms[best]).c_str(), 100 * least_gains[best]);
  return algorithms[best];
}

int run(const Options& options) {
  const bench::MeasuredNetwork& network = bench::find_network(options.network, options.dim);
  const int lanes = kernels().abilities.lanes;
  Table table = read_table(options.table);
  std::map<Key, StepShape> layers;
  for (const Step& step : network.plan.steps) {
    if (step.kind != StepKind::convolution) continue;
    const StepShape shape = step_shape(network.plan, step);
    const bool choice = std::any_of(std::begin(winograd_variants), std::end(winograd_variants),
                                    [&](const WinogradVariant& v) { return is_for(v, shape.kernel); });
    if (choice && winograd_fits(shape, lanes)) layers.emplace(key_of(shape, lanes), shape);
  }
  std::printf("%s at %d, %zu layers with a choice, %s, %zu threads\n", options.network.c_str(), network.dim,
              layers.size(), backend::instruction_set().c_str(), thread_count());
  for (const auto& [key, shape] : layers) {
    const Algorithm best = measure(shape, options);
    table.erase(key);
    if (best != choose_by_cost(shape, lanes)) table.emplace(key, best);
  }
  if (!options.dry_run) write_file(options.table, text_of(table));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{
      "Measures every algorithm for every distinct convolution of a network, and writes those that are faster\n"
      "than what the cost rule chooses to the table that backend::Native reads."};
  app.add_option("--network", options.network, "InceptionV3, EfficientNetB0 or EfficientNetB7")->capture_default_str();
  app.add_option("--dim", options.dim, "Image dimension; 0: the network's own (224, 224, 600)")->capture_default_str();
  app.add_option("--table", options.table, "The table, whose entries for other layers stay")->capture_default_str();
  app.add_option("--passes", options.passes, "Times that a gain must show")
      ->capture_default_str()
      ->check(CLI::Range(1, 99));
  app.add_option("--rounds", options.rounds, "Runs of each algorithm a pass, of which the fastest counts")
      ->capture_default_str()
      ->check(CLI::Range(1, 999));
  app.add_flag("--dry-run", options.dry_run, "Print the times, leave the table as it is");
  app.footer(
      "A layer runs on a group of 10 frames on one core, and on one frame that all threads share. The score is 0.7 of\n"
      "the group's time a frame and 0.3 of the shared frame's core time; one algorithm serves both, since results may\n"
      "not depend on the batch. Weights come from memory, as in a network. Only gains of more than 3 % in every pass "
      "count.\n"
      "Examples:\n"
      "  build/tools/bench/tune\n"
      "  RCAR_INSTRUCTION_SET=avx2 build/tools/bench/tune --network InceptionV3 --passes 5\n"
      "Exit code: 0 measured, 1 error, 2 wrong usage.");
  return tools::run_program(app, argc, argv, [&] { return run(options); });
}

#pragma once
/// The steps of a network one by one: what they are, how long each takes.

#include <rcar/core/threads.hpp>
#include <rcar/graph/plan.hpp>
#include <rcar/network/network.hpp>
#include <rcar/weights/fold.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "measure.hpp"

namespace rcar::bench {

inline const char* kind_name(StepKind kind) {
  switch (kind) {
    case StepKind::normalize:
      return "normalize";
    case StepKind::convolution:
      return "convolution";
    case StepKind::depthwise_convolution:
      return "depthwise";
    case StepKind::max_pooling:
      return "max_pooling";
    case StepKind::average_pooling:
      return "average_pooling";
    case StepKind::global_average_pooling:
      return "global_average";
    case StepKind::activation:
      return "activation";
    case StepKind::add:
      return "add";
    case StepKind::multiply:
      return "multiply";
    case StepKind::copy:
      return "copy";
  }
  return "?";
}

/// Multiply-adds of a convolution; 0 of other steps.
inline double multiply_adds(const backend::StepShape& shape) {
  return static_cast<double>(shape.output.size()) * shape.kernel.depth() *
         (shape.kind == StepKind::convolution || shape.kind == StepKind::depthwise_convolution);
}

/// "147x147x64 3x3/2 -> 73x73x192"
inline std::string to_string(const backend::StepShape& shape) {
  const auto extent = [](const Extent& e) {
    return std::to_string(e.height) + "x" + std::to_string(e.width) + "x" + std::to_string(e.channels);
  };
  std::string text = extent(shape.input);
  if (shape.window != Window{})
    text += " " + std::to_string(shape.window.kernel_height) + "x" + std::to_string(shape.window.kernel_width);
  if (shape.window.stride_height > 1) text += "/" + std::to_string(shape.window.stride_height);
  return text + " -> " + extent(shape.output);
}

struct StepDescription {
  std::string layer, kind, shape, algorithm;
  double multiply_adds = 0;
};

/// How the back end computes a convolution, where it says so by a function `algorithm(shape)`.
template <class B>
std::string algorithm_of(const backend::StepShape& shape) {
  if constexpr (requires { to_string(B::algorithm(shape)); })
    if (shape.kind == StepKind::convolution) return to_string(B::algorithm(shape));
  return "-";
}

template <class B>
std::vector<StepDescription> describe_steps(const graph::PlanView& plan) {
  std::vector<StepDescription> result;
  for (const Step& step : plan.steps) {
    const backend::StepShape shape = step_shape(plan, step);
    const auto layer = std::string(std::string_view(plan.layers[static_cast<std::size_t>(step.layer)].name));
    result.push_back({layer, kind_name(step.kind), to_string(shape), algorithm_of<B>(shape), multiply_adds(shape)});
  }
  return result;
}

/// frames: every thread runs a group of frames of its own, as in a batch. blocks: all threads share one frame.
enum class Spread { frames, blocks };

/// Seconds of every step a frame, in groups of `count` frames, the medians of `runs`; of two fused steps the second has
/// the time of both.
template <class B>
std::vector<double> time_steps(const Network<B>& network, const std::uint8_t* frames, int count, int warmup, int runs,
                               Spread spread) {
  const std::size_t steps = network.plan().steps.size();
  const std::size_t threads = spread == Spread::frames ? thread_count() : 1;
  std::vector<std::vector<double>> seconds(steps);
  for (int run = -warmup; run < runs; ++run) {
    std::vector<std::vector<double>> of_thread(threads, std::vector<double>(steps));
    const auto profile = [&](std::size_t thread, std::size_t) {
      double last = 0;
      const Stopwatch watch;
      network.profile(frames, count, [&](const Step& step) {
        const double now = watch.seconds();
        of_thread[thread][static_cast<std::size_t>(&step - network.plan().steps.data())] += (now - last) / count;
        last = now;
      });
    };
    if (spread == Spread::frames)
      parallel_for(threads, profile);  // what is nested in it runs on one thread
    else
      profile(0, 0);
    for (const auto& of_steps : of_thread)
      for (std::size_t i = 0; run >= 0 && i < steps; ++i) seconds[i].push_back(of_steps[i]);
  }
  std::vector<double> medians;
  for (auto& of_step : seconds) medians.push_back(median(std::move(of_step)));
  return medians;
}

/// `threads` share each step; the peak is that of one of them.
inline void print_steps(const std::vector<StepDescription>& steps, const std::vector<double>& seconds,
                        double peak_gflops_of_a_thread, std::size_t threads, bool csv) {
  double all = 0;
  for (const double each : seconds) all += each;
  std::printf(csv ? "\nstep,layer,kind,shape,algorithm,ms,part,gflops,share_of_peak\n"
                  : "\nstep layer                        kind            shape                                "
                    "algorithm            ms  part %%  GFLOP/s  peak %%\n");
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const StepDescription& step = steps[i];
    const double gflops = 2e-9 * step.multiply_adds / seconds[i];
    const double share = gflops / (peak_gflops_of_a_thread * static_cast<double>(threads));
    std::printf(
        csv ? "%zu,%s,%s,%s,%s,%.4f,%.4f,%.2f,%.4f\n" : "%4zu %-28s %-15s %-36s %-16s %7.3f  %6.2f  %7.1f  %6.1f\n", i,
        step.layer.c_str(), step.kind.c_str(), step.shape.c_str(), step.algorithm.c_str(), 1e3 * seconds[i],
        (csv ? 1 : 100) * seconds[i] / all, gflops, (csv ? 1 : 100) * share);
  }
  if (!csv) std::printf("%-103s %7.3f\n", "sum", 1e3 * all);
}

}  // namespace rcar::bench

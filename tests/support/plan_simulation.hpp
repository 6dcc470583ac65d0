#pragma once
/// Runs a plan with labels for numbers: every float that a step writes is marked with the layer and the channel it
/// belongs to, and every float that a step reads must carry the mark that the graph says.

#include <rcar/graph/plan.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace rcar::test {

class PlanSimulation {
 public:
  explicit PlanSimulation(const graph::PlanView& plan)
      : plan_(plan), arena_(plan.arena_floats, 0), computed_(plan.layers.size(), 0) {}

  /// The first thing that is wrong, or nothing.
  std::string run() {
    for (const Step& step : plan_.steps) {
      execute(step);
      if (!failure_.empty()) return failure_;
    }
    expect(plan_.output, static_cast<int>(plan_.layers.size()) - 1, "the output");
    for (std::size_t i = 0; i < plan_.layers.size(); ++i) {
      const auto kind = plan_.layers[i].kind;
      const bool made = kind != graph::LayerKind::input && kind != graph::LayerKind::concatenate;
      if (failure_.empty() && computed_[i] != (made ? 1 : 0)) fail(i, "is computed", computed_[i]);
    }
    return failure_;
  }

 private:
  using Mark = std::uint32_t;  // layer, channel
  static Mark mark(int layer, int channel) { return static_cast<Mark>(layer) << 12 | static_cast<Mark>(channel); }
  const graph::Layer& layer(int i) const { return plan_.layers[static_cast<std::size_t>(i)]; }
  const MapView& view(int i) const { return plan_.views[static_cast<std::size_t>(i)]; }

  void execute(const Step& step) {
    if (step.kind == StepKind::copy) return copy(step);
    // From the layer that the step ends back to the one it begins with.
    int first = step.layer;
    std::vector<int> operands;
    if (step.weights != none) {
      first = plan_.weights[static_cast<std::size_t>(step.weights)].convolution;
      ++computed_[static_cast<std::size_t>(first)];
      for (int i = step.layer; i != first;) {
        ++computed_[static_cast<std::size_t>(i)];
        int chain = layer(i).inputs[0];
        if (layer(i).kind == graph::LayerKind::add) {
          const bool chain_is_first = reaches(layer(i).inputs[0], first);
          chain = layer(i).inputs[chain_is_first ? 0 : 1];
          operands.push_back(layer(i).inputs[chain_is_first ? 1 : 0]);
        }
        i = chain;
      }
    } else {
      ++computed_[static_cast<std::size_t>(first)];
      if (layer(first).inputs[1] != none) operands.push_back(layer(first).inputs[1]);
    }
    int input = layer(first).inputs[0], scale = none;
    if (step.kind == StepKind::multiply) {
      scale = operands.back();
      operands.clear();
    } else if (step.scale != none) {
      ++computed_[static_cast<std::size_t>(input)];
      scale = layer(input).inputs[1];
      input = layer(input).inputs[0];
    }

    write(step);  // before the reads are checked: a step must not overwrite what it reads
    if (step.kind != StepKind::normalize) expect(step.input, input, "the input");
    if (scale != none) expect(step.scale, scale, "the scale");
    if (step.residual != none || !operands.empty())
      expect(step.residual, operands.empty() ? none : operands[0], "the residual");
  }

  /// Whether the chain of first inputs from `from` comes to `to`.
  bool reaches(int from, int to) const {
    while (from > to) from = layer(from).inputs[0];
    return from == to;
  }

  /// The layer that computed a channel of `i`: concatenations only pass on.
  std::pair<int, int> source(int i, int channel) const {
    while (layer(i).kind == graph::LayerKind::concatenate) {
      for (int input : layer(i).inputs) {
        if (channel < layer(input).output.channels) {
          i = input;
          break;
        }
        channel -= layer(input).output.channels;
      }
    }
    return {i, channel};
  }

  void write(const Step& step) {
    const MapView& out = view(step.output);
    for (std::size_t pixel = 0; pixel < out.extent.pixels(); ++pixel) {
      Mark* at = arena_.data() + out.offset + pixel * static_cast<std::size_t>(out.pixel_stride);
      for (int c = 0; c < out.extent.channels; ++c) at[c] = mark(step.layer, c);
    }
  }

  void copy(const Step& step) {
    const MapView &in = view(step.input), &out = view(step.output);
    for (std::size_t pixel = 0; pixel < out.extent.pixels(); ++pixel)
      for (std::size_t c = 0; c < static_cast<std::size_t>(out.extent.channels); ++c)
        arena_[out.offset + pixel * static_cast<std::size_t>(out.pixel_stride) + c] =
            arena_[in.offset + pixel * static_cast<std::size_t>(in.pixel_stride) + c];
  }

  void expect(int map, int from, const std::string& what) {
    if (map == none || from == none || view(map).extent != layer(from).output)
      return fail(static_cast<std::size_t>(from), what + " has another shape: layer", from);
    const MapView& in = view(map);
    std::vector<Mark> marks;
    for (int c = 0; c < in.extent.channels; ++c) {
      const auto [computed_by, channel] = source(from, c);
      marks.push_back(mark(computed_by, channel));
    }
    for (std::size_t pixel = 0; pixel < in.extent.pixels(); ++pixel) {
      const Mark* at = arena_.data() + in.offset + pixel * static_cast<std::size_t>(in.pixel_stride);
      for (std::size_t c = 0; c < marks.size(); ++c)
        if (at[c] != marks[c]) return fail(static_cast<std::size_t>(from), what + " holds layer", at[c] >> 12);
    }
  }

  template <class Number>
  void fail(std::size_t i, const std::string& what, Number number) {
    failure_ = std::string(i < plan_.layers.size() ? plan_.layers[i].name : graph::Name("none")) + ": " + what + " " +
               std::to_string(number);
  }

  graph::PlanView plan_;
  std::vector<Mark> arena_;
  std::vector<int> computed_;  // how often each layer
  std::string failure_;
};

}  // namespace rcar::test

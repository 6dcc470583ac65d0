#pragma once
/// Which steps compute a graph: layers in order, batch norm, activation and residual taken into the convolution that
/// makes them, squeeze-and-excitation's product into the convolution that reads it, concatenation by writing in place.

#include <cstddef>
#include <span>
#include <vector>

#include "../backend/primitives.hpp"
#include "graph.hpp"
#include "misfit.hpp"
#include "plan.hpp"

namespace rcar::graph {

/// A feature map before it has a place: a map of its own, or channels [channel, channel + C) of its parent.
struct Map {
  Extent extent{};
  int parent = none;
  int channel = 0;
};

/// The steps that compute a network, in order.
struct Schedule {
  std::vector<Step> steps;  // their inputs and outputs index `maps`
  std::vector<Map> maps;
  std::vector<StepWeights> weights;
  int output = none;
  Finding finding;  // a misfit: the rest is incomplete
};

/// Makes the schedule of one graph: `Scheduler(layers).run()`.
class Scheduler {
 public:
  constexpr explicit Scheduler(std::span<const Layer> layers)
      : layers_(layers), map_of_(layers.size(), none), reader_of_(layers.size(), none), readers_(layers.size(), 0) {
    result_.steps.reserve(layers.size());
    result_.maps.reserve(layers.size());
    result_.weights.reserve(layers.size());
    for (int i = 0; i < size(); ++i)
      for (int input : layer(i).inputs)
        if (input != none) {
          reader_of_[index(input)] = i;
          ++readers_[index(input)];
        }
  }

  constexpr ~Scheduler() = default;

  constexpr Schedule run() {
    for (int i = 0; i < size() && result_.finding.misfit == Misfit::none; ++i)
      if (map_of_[index(i)] == none) schedule(i);
    result_.output = map_of_.back();
    return result_;
  }

 private:
  static constexpr std::size_t index(int i) { return static_cast<std::size_t>(i); }
  constexpr int size() const { return static_cast<int>(layers_.size()); }
  constexpr const Layer& layer(int i) const { return layers_[index(i)]; }

  /// The one layer that reads layer i, or none when there are several.
  constexpr int sole_reader(int i) const { return readers_[index(i)] == 1 ? reader_of_[index(i)] : none; }
  constexpr bool read_only_by(int i, LayerKind kind) const {
    const int reader = sole_reader(i);
    return reader != none && layer(reader).kind == kind;
  }

  constexpr void schedule(int i) {
    switch (layer(i).kind) {
      case LayerKind::input:
        if (!read_only_by(i, LayerKind::preprocessing))
          result_.finding = {Misfit::input_without_preprocessing, layer(i).name};
        return;
      case LayerKind::preprocessing: {
        const Step step{.kind = StepKind::normalize};
        return emit(step, i, i);
      }
      case LayerKind::conv2d:
      case LayerKind::depthwise_conv2d:
        return convolution(i);
      case LayerKind::batch_normalization:
        result_.finding = {Misfit::batch_normalization_alone, layer(i).name};
        return;
      case LayerKind::activation:
        return unary(i, StepKind::activation);
      case LayerKind::max_pooling2d:
        return unary(i, StepKind::max_pooling);
      case LayerKind::average_pooling2d:
        return unary(i, StepKind::average_pooling);
      case LayerKind::global_average_pooling2d:
        return unary(i, StepKind::global_average_pooling);
      case LayerKind::concatenate:
        return concatenate(i);
      case LayerKind::add: {
        const Step step{.kind = StepKind::add, .input = map_of(i, 0), .residual = map_of(i, 1)};
        return emit(step, i, i);
      }
      case LayerKind::multiply: {
        if (takes_scale(sole_reader(i), i)) return;  // the convolution multiplies as it reads
        const Step step{.kind = StepKind::multiply, .input = map_of(i, 0), .scale = map_of(i, 1)};
        return emit(step, i, i);
      }
    }
  }

  constexpr void unary(int i, StepKind kind) {
    const Step step{.kind = kind, .activation = layer(i).activation, .window = layer(i).window, .input = map_of(i, 0)};
    emit(step, i, i);
  }

  /// Whether layer i can multiply its input's channels by a scale while it reads the product `multiply`.
  constexpr bool takes_scale(int i, int multiply) const {
    return i != none && layer(i).kind == LayerKind::conv2d && layer(i).window == Window{} &&
           layer(i).inputs[0] == multiply;
  }

  constexpr void convolution(int i) {
    const bool depthwise = layer(i).kind == LayerKind::depthwise_conv2d;
    const int in = layer(i).inputs[0];
    const bool scaled = layer(in).kind == LayerKind::multiply && map_of_[index(in)] == none;
    Step step{.kind = depthwise ? StepKind::depthwise_convolution : StepKind::convolution,
              .activation = layer(i).activation,
              .window = layer(i).window,
              .input = scaled ? map_of(in, 0) : map_of_[index(in)],
              .scale = scaled ? map_of(in, 1) : none,
              .weights = static_cast<int>(result_.weights.size())};
    StepWeights weights{.depthwise = depthwise,
                        .kernel_height = layer(i).window.kernel_height,
                        .kernel_width = layer(i).window.kernel_width,
                        .in_channels = layer(in).output.channels,
                        .out_channels = layer(i).output.channels,
                        .convolution = i};

    int last = i;
    if (step.activation == Activation::linear && read_only_by(last, LayerKind::batch_normalization))
      weights.batch_normalization = last = sole_reader(last);
    if (step.activation == Activation::linear && read_only_by(last, LayerKind::activation)) {
      last = sole_reader(last);
      step.activation = layer(last).activation;
    }
    if (!depthwise && read_only_by(last, LayerKind::add)) {
      const Layer& add = layer(sole_reader(last));
      const int other = add.inputs[0] == last ? add.inputs[1] : add.inputs[0];
      if (map_of_[index(other)] != none) {  // else the step that makes `other` will add this one's result
        step.residual = map_of_[index(other)];
        last = sole_reader(last);
      }
    }
    result_.weights.push_back(weights);
    emit(step, i, last);
  }

  /// Inputs that have a map of their own become slices of the result; the others are copied into it.
  constexpr void concatenate(int i) {
    const int whole = add_map(layer(i).output);
    map_of_[index(i)] = whole;
    int channel = 0;
    for (int input : layer(i).inputs) {
      if (input == none) break;
      int map = map_of_[index(input)];
      if (result_.maps[index(map)].parent != none) {
        const int slice = add_map(layer(input).output);
        result_.steps.push_back({.kind = StepKind::copy, .input = map, .output = slice, .layer = i});
        map = slice;
      }
      result_.maps[index(map)].parent = whole;
      result_.maps[index(map)].channel = channel;
      channel += layer(input).output.channels;
    }
  }

  /// Ends a step that computes the layers from `first` to `last`, a chain that nothing else looks into.
  constexpr void emit(Step step, int first, int last) {
    step.output = add_map(layer(last).output);
    step.layer = last;
    result_.steps.push_back(step);
    for (int i = first;; i = sole_reader(i)) {
      map_of_[index(i)] = step.output;
      if (i == last) break;
    }
  }

  constexpr int map_of(int i, int input) const { return map_of_[index(layer(i).inputs[index(input)])]; }
  constexpr int add_map(const Extent& extent) {
    result_.maps.push_back({.extent = extent});
    return static_cast<int>(result_.maps.size()) - 1;
  }

  std::span<const Layer> layers_;
  std::vector<int> map_of_;     // the map that holds a layer's result, or that of the step it went into
  std::vector<int> reader_of_;  // the last layer that reads a layer
  std::vector<int> readers_;
  Schedule result_;
};

}  // namespace rcar::graph

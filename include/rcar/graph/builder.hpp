#pragma once
/// Describes a network layer by layer; the code of a backbone reads like its Keras source.
///
///     graph::Builder net("small");
///     auto x = net.preprocessing(net.input({32, 32, 3}), scale, offset);
///     x = net.conv2d(x, 16, 3, {.stride = 2, .padding = Padding::same, .use_bias = false, .name = "stem_conv"});
///     x = net.batch_normalization(x, {.name = "stem_bn"});
///     x = net.activation(x, Activation::swish, "stem_activation");
///
/// Defaults are Keras's, and so are the names of layers that get none (conv2d, conv2d_1, ...). Shapes are checked as
/// each layer is added; `freeze` turns the first misfit into a compile error of one sentence.

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "../backend/primitives.hpp"
#include "graph.hpp"
#include "misfit.hpp"
#include "shapes.hpp"

namespace rcar::graph {

/// The name with a text appended.
constexpr Name operator+(const Name& name, std::string_view text) {
  Name joined = name;
  char* end = joined.text;
  while (*end) ++end;
  const char* from = text.data();
  for (std::size_t rest = text.size(); rest > 0; --rest) *end++ = *from++;
  return joined;
}

/// The name with a number >= 0 appended.
constexpr Name operator+(const Name& name, int number) {
  return (number < 10 ? name : name + number / 10) + std::string_view("0123456789").substr(number % 10, 1);
}

/// What Keras calls a layer of this kind that was given no name.
constexpr std::string_view keras_name(LayerKind kind) {
  constexpr std::array<std::string_view, 12> names{"input_layer",
                                                   "preprocessing",
                                                   "conv2d",
                                                   "depthwise_conv2d",
                                                   "batch_normalization",
                                                   "activation",
                                                   "max_pooling2d",
                                                   "average_pooling2d",
                                                   "global_average_pooling2d",
                                                   "concatenate",
                                                   "add",
                                                   "multiply"};
  return names[static_cast<std::size_t>(kind)];
}

/// A layer's result, as the next layers take it.
struct Node {
  int layer = none;
};

/// What may be said of a convolution; the defaults are Keras's.
struct ConvolutionOptions {
  int stride = 1;
  Padding padding = Padding::valid;
  bool use_bias = true;
  Activation activation = Activation::linear;
  std::string_view name = {};
};

/// What may be said of a batch norm; the defaults are Keras's.
struct NormalizationOptions {
  bool scale = true;
  float epsilon = 1e-3f;
  std::string_view name = {};
};

/// What may be said of a pooling; the defaults are Keras's.
struct PoolingOptions {
  int stride = 1;
  Padding padding = Padding::valid;
  std::string_view name = {};
};

/// Takes a network's layers one after the other, and checks their shapes.
class Builder {
 public:
  constexpr explicit Builder(std::string_view name) : name_(name) { layers_.reserve(1024); }

  constexpr Node input(const Extent& image) {
    Layer layer = make(LayerKind::input, {}, {});
    layer.output = image;
    return append(layer);
  }

  /// out = in * scale[c] + offset[c]; `parameters` counts the weights that Keras has for it.
  constexpr Node preprocessing(Node in, const std::array<float, 3>& scale, const std::array<float, 3>& offset,
                               int parameters = 0) {
    Layer layer = make(LayerKind::preprocessing, {in}, {});
    require(output(in).channels == 3, Misfit::preprocessing_channels, layer);
    layer.scale = scale;
    layer.offset = offset;
    layer.preprocessing_parameters = parameters;
    return append(layer);
  }

  constexpr Node conv2d(Node in, int filters, Kernel kernel, const ConvolutionOptions& options = {}) {
    return convolution(LayerKind::conv2d, in, filters, kernel, options);
  }

  constexpr Node depthwise_conv2d(Node in, Kernel kernel, const ConvolutionOptions& options = {}) {
    return convolution(LayerKind::depthwise_conv2d, in, output(in).channels, kernel, options);
  }

  constexpr Node batch_normalization(Node in, const NormalizationOptions& options = {}) {
    Layer layer = make(LayerKind::batch_normalization, {in}, options.name);
    layer.use_scale = options.scale;
    layer.epsilon = options.epsilon;
    return append(layer);
  }

  constexpr Node activation(Node in, Activation function, std::string_view name = {}) {
    Layer layer = make(LayerKind::activation, {in}, name);
    layer.activation = function;
    return append(layer);
  }

  constexpr Node max_pooling2d(Node in, Kernel pool, const PoolingOptions& options) {
    return pooling(LayerKind::max_pooling2d, in, pool, options);
  }

  /// Padding does not count into the average.
  constexpr Node average_pooling2d(Node in, Kernel pool, const PoolingOptions& options) {
    return pooling(LayerKind::average_pooling2d, in, pool, options);
  }

  /// (H, W, C) -> (1, 1, C), as Keras with keepdims.
  constexpr Node global_average_pooling2d(Node in, std::string_view name = {}) {
    Layer layer = make(LayerKind::global_average_pooling2d, {in}, name);
    layer.output = {1, 1, output(in).channels};
    return append(layer);
  }

  /// Along the channels.
  constexpr Node concatenate(std::initializer_list<Node> inputs, std::string_view name = {}) {
    Layer layer = make(LayerKind::concatenate, inputs, name);
    layer.output.channels = 0;
    for (Node in : inputs) {
      require(output(in).height == layer.output.height && output(in).width == layer.output.width,
              Misfit::concatenated_sizes, layer);
      layer.output.channels += output(in).channels;
    }
    return append(layer);
  }

  constexpr Node add(Node a, Node b, std::string_view name = {}) {
    const Layer layer = make(LayerKind::add, {a, b}, name);
    require(output(a) == output(b), Misfit::added_shapes, layer);
    return append(layer);
  }

  /// The channels of `in` (H, W, C) times `scale` (1, 1, C).
  constexpr Node multiply(Node in, Node scale, std::string_view name = {}) {
    const Layer layer = make(LayerKind::multiply, {in, scale}, name);
    require(output(scale) == Extent{1, 1, output(in).channels}, Misfit::multiplied_shapes, layer);
    return append(layer);
  }

  constexpr const Extent& output(Node node) const { return layers_[static_cast<std::size_t>(node.layer)].output; }
  constexpr const std::vector<Layer>& layers() const { return layers_; }
  constexpr const Name& name() const { return name_; }

  /// The first misfit, if any.
  constexpr const Finding& finding() const { return finding_; }

 private:
  constexpr Layer make(LayerKind kind, std::initializer_list<Node> inputs, std::string_view name) {
    Layer layer;
    layer.kind = kind;
    if (!name.empty()) {
      layer.name = Name(name);
    } else {
      const int count = unnamed_[static_cast<std::size_t>(kind)]++;
      layer.name = Name(keras_name(kind));
      if (count > 0) layer.name = layer.name + "_" + count;
    }
    require(inputs.size() <= layer.inputs.size(), Misfit::too_many_inputs, layer);
    std::size_t i = 0;
    for (Node in : inputs)
      if (i < layer.inputs.size()) layer.inputs[i++] = in.layer;
    if (i > 0) layer.output = output(*inputs.begin());
    return layer;
  }

  constexpr Node append(const Layer& layer) {
    layers_.push_back(layer);
    return {static_cast<int>(layers_.size()) - 1};
  }

  constexpr Node convolution(LayerKind kind, Node in, int filters, Kernel kernel, const ConvolutionOptions& options) {
    Layer layer = make(kind, {in}, options.name);
    layer.padding = options.padding;
    slide_over(output(in), kernel, options.stride, filters, layer);
    layer.use_bias = options.use_bias;
    layer.activation = options.activation;
    return append(layer);
  }

  constexpr Node pooling(LayerKind kind, Node in, Kernel pool, const PoolingOptions& options) {
    Layer layer = make(kind, {in}, options.name);
    layer.padding = options.padding;
    slide_over(output(in), pool, options.stride, output(in).channels, layer);
    return append(layer);
  }

  constexpr void slide_over(const Extent& image, Kernel kernel, int stride, int channels, Layer& layer) {
    layer.window = window_on(image, kernel, stride, layer.padding);
    const bool fitting = fits(layer.window, image);
    require(fitting, Misfit::window_larger_than_image, layer);
    layer.output = fitting ? slide(layer.window, image, channels) : Extent{1, 1, channels};
  }

  constexpr void require(bool holds, Misfit misfit, const Layer& layer) {
    if (!holds && finding_.misfit == Misfit::none) finding_ = {misfit, layer.name};
  }

  Name name_;
  std::vector<Layer> layers_;
  Finding finding_;
  std::array<int, 12> unnamed_{};
};

/// The description as a value of fixed size. `describe` is a constexpr function () -> Builder; it runs twice, for the
/// size and for the content, because memory of a constant expression cannot outlive it.
template <auto describe>
consteval auto freeze() {
  struct Summary {
    std::size_t size;
    Finding finding;
  };
  constexpr Summary summary = [] {
    const Builder net = describe();
    return Summary{net.layers().size(), net.finding()};
  }();
  require_fit<summary.finding.misfit, summary.finding.layer>();

  const Builder net = describe();
  const Layer* layers = net.layers().data();
  Graph<summary.size> graph;
  graph.name = net.name();
  for (std::size_t i = 0; i < summary.size; ++i) graph.layers[i] = layers[i];
  return graph;
}

}  // namespace rcar::graph

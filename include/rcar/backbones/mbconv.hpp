#pragma once
/// The parts that EfficientNet and EfficientNet-Lite share: stem, inverted residual blocks, top.
/// Names and order of layers are those of keras.applications.efficientnet.

#include <array>
#include <string_view>

#include "../backend/primitives.hpp"
#include "../graph/builder.hpp"

namespace rcar::backbones {

/// A stage of inverted residual blocks (MBConv); the first block takes the stride.
struct MBConv {
  int kernel = 3;
  int repeats = 1;
  int filters_out = 16;
  int expand_ratio = 6;
  int stride = 1;
  bool squeeze_excite = true;  // to a quarter of the block's input filters
  graph::Padding strided_padding = graph::Padding::correct_pad;
  Activation activation = Activation::swish;
};

/// The stages of B0; wider and deeper networks scale filters_out and repeats.
constexpr std::array<MBConv, 7> efficientnet_stages{{
    {.kernel = 3, .repeats = 1, .filters_out = 16, .expand_ratio = 1, .stride = 1},
    {.kernel = 3, .repeats = 2, .filters_out = 24, .expand_ratio = 6, .stride = 2},
    {.kernel = 5, .repeats = 2, .filters_out = 40, .expand_ratio = 6, .stride = 2},
    {.kernel = 3, .repeats = 3, .filters_out = 80, .expand_ratio = 6, .stride = 2},
    {.kernel = 5, .repeats = 3, .filters_out = 112, .expand_ratio = 6, .stride = 1},
    {.kernel = 5, .repeats = 4, .filters_out = 192, .expand_ratio = 6, .stride = 2},
    {.kernel = 3, .repeats = 1, .filters_out = 320, .expand_ratio = 6, .stride = 1},
}};

/// The convolution that the network begins with: stride 2, batch norm, activation.
constexpr graph::Node stem(graph::Builder& net, graph::Node x, int filters, graph::Padding padding,
                           Activation activation) {
  x = net.conv2d(x, filters, 3, {.stride = 2, .padding = padding, .use_bias = false, .name = "stem_conv"});
  x = net.batch_normalization(x, {.name = "stem_bn"});
  return net.activation(x, activation, "stem_activation");
}

/// One block; `prefix` is "block1a_" and so on.
constexpr graph::Node block(graph::Builder& net, graph::Node input, const MBConv& block, const graph::Name& prefix) {
  const int filters_in = net.output(input).channels;
  const int filters = filters_in * block.expand_ratio;

  // Expansion phase
  graph::Node x = input;
  if (block.expand_ratio != 1) {
    x = net.conv2d(x, filters, 1, {.padding = graph::Padding::same, .use_bias = false, .name = prefix + "expand_conv"});
    x = net.batch_normalization(x, {.name = prefix + "expand_bn"});
    x = net.activation(x, block.activation, prefix + "expand_activation");
  }

  // Depthwise convolution
  const auto padding = block.stride == 2 ? block.strided_padding : graph::Padding::same;
  x = net.depthwise_conv2d(x, block.kernel,
                           {.stride = block.stride, .padding = padding, .use_bias = false, .name = prefix + "dwconv"});
  x = net.batch_normalization(x, {.name = prefix + "bn"});
  x = net.activation(x, block.activation, prefix + "activation");

  // Squeeze and excitation phase
  if (block.squeeze_excite) {
    const int filters_se = filters_in / 4 > 1 ? filters_in / 4 : 1;
    graph::Node se = net.global_average_pooling2d(x, prefix + "se_squeeze");
    se = net.conv2d(se, filters_se, 1,
                    {.padding = graph::Padding::same, .activation = block.activation, .name = prefix + "se_reduce"});
    se = net.conv2d(se, filters, 1,
                    {.padding = graph::Padding::same, .activation = Activation::sigmoid, .name = prefix + "se_expand"});
    x = net.multiply(x, se, prefix + "se_excite");
  }

  // Output phase
  x = net.conv2d(x, block.filters_out, 1,
                 {.padding = graph::Padding::same, .use_bias = false, .name = prefix + "project_conv"});
  x = net.batch_normalization(x, {.name = prefix + "project_bn"});
  if (block.stride == 1 && filters_in == block.filters_out) x = net.add(x, input, prefix + "add");
  return x;
}

/// `repeats` blocks named block<index + 1>a, b, ...
constexpr graph::Node stage(graph::Builder& net, graph::Node x, MBConv parameters, int index, int repeats) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz";
  for (int i = 0; i < repeats; ++i) {
    if (i > 0) parameters.stride = 1;
    x = block(net, x, parameters, graph::Name("block") + (index + 1) + letters.substr(i, 1) + "_");
  }
  return x;
}

/// What follows the blocks: a 1x1 convolution, batch norm, activation, the mean of each map.
constexpr void top(graph::Builder& net, graph::Node x, int filters, Activation activation) {
  x = net.conv2d(x, filters, 1, {.padding = graph::Padding::same, .use_bias = false, .name = "top_conv"});
  x = net.batch_normalization(x, {.name = "top_bn"});
  x = net.activation(x, activation, "top_activation");
  net.global_average_pooling2d(x, "avg_pool");
}

}  // namespace rcar::backbones

#pragma once
/// InceptionV3 without its top, pooled: 2048 features of an image.
///
/// Szegedy et al. 2016 (arXiv:1512.00567), layer for layer as keras.applications.InceptionV3(include_top=False,
/// pooling="avg") builds it, behind preprocess_input's x / 127.5 - 1.

#include <string_view>

#include "../graph/backbone.hpp"
#include "../graph/builder.hpp"

namespace rcar {
namespace backbones {

using graph::Builder;
using graph::Node;
using graph::Padding;

/// How conv2d_bn moves its window over the map.
struct ConvBnOptions {
  int stride = 1;
  Padding padding = Padding::same;
};

/// Keras's conv2d_bn: convolution without bias, batch norm without gamma, relu.
constexpr Node conv2d_bn(Builder& net, Node x, int filters, int rows, int columns, const ConvBnOptions& options = {}) {
  x = net.conv2d(x, filters, {rows, columns},
                 {.stride = options.stride, .padding = options.padding, .use_bias = false});
  x = net.batch_normalization(x, {.scale = false});
  return net.activation(x, Activation::relu);
}

/// The network's description for images of (D, D, 3).
constexpr Builder inception_v3(int image_dim) {
  constexpr ConvBnOptions reduce{.stride = 2, .padding = Padding::valid};
  constexpr graph::PoolingOptions average{.stride = 1, .padding = Padding::same};
  constexpr graph::PoolingOptions halve{.stride = 2};

  Builder net("inceptionv3");
  const auto conv = [&net](Node in, int filters, int rows, int columns, const ConvBnOptions& options = {}) {
    return conv2d_bn(net, in, filters, rows, columns, options);
  };

  Node x = net.input({image_dim, image_dim, 3});
  x = net.preprocessing(x, {1 / 127.5f, 1 / 127.5f, 1 / 127.5f}, {-1, -1, -1});

  x = conv(x, 32, 3, 3, reduce);
  x = conv(x, 32, 3, 3, {.padding = Padding::valid});
  x = conv(x, 64, 3, 3);
  x = net.max_pooling2d(x, 3, halve);

  x = conv(x, 80, 1, 1, {.padding = Padding::valid});
  x = conv(x, 192, 3, 3, {.padding = Padding::valid});
  x = net.max_pooling2d(x, 3, halve);

  // mixed 0, 1, 2: 35 x 35 x 256, 288, 288 (of an image of 299)
  constexpr int pool_filters[] = {32, 64, 64};
  for (int i = 0; i < 3; ++i) {
    const Node branch1x1 = conv(x, 64, 1, 1);

    Node branch5x5 = conv(x, 48, 1, 1);
    branch5x5 = conv(branch5x5, 64, 5, 5);

    Node branch3x3dbl = conv(x, 64, 1, 1);
    branch3x3dbl = conv(branch3x3dbl, 96, 3, 3);
    branch3x3dbl = conv(branch3x3dbl, 96, 3, 3);

    Node branch_pool = net.average_pooling2d(x, 3, average);
    branch_pool = conv(branch_pool, pool_filters[i], 1, 1);
    x = net.concatenate({branch1x1, branch5x5, branch3x3dbl, branch_pool}, graph::Name("mixed") + i);
  }

  // mixed 3: 17 x 17 x 768
  {
    const Node branch3x3 = conv(x, 384, 3, 3, reduce);

    Node branch3x3dbl = conv(x, 64, 1, 1);
    branch3x3dbl = conv(branch3x3dbl, 96, 3, 3);
    branch3x3dbl = conv(branch3x3dbl, 96, 3, 3, reduce);

    const Node branch_pool = net.max_pooling2d(x, 3, halve);
    x = net.concatenate({branch3x3, branch3x3dbl, branch_pool}, "mixed3");
  }

  // mixed 4, 5, 6, 7: 17 x 17 x 768
  constexpr int inner_filters[] = {128, 160, 160, 192};
  for (int i = 0; i < 4; ++i) {
    const int inner = inner_filters[i];
    const Node branch1x1 = conv(x, 192, 1, 1);

    Node branch7x7 = conv(x, inner, 1, 1);
    branch7x7 = conv(branch7x7, inner, 1, 7);
    branch7x7 = conv(branch7x7, 192, 7, 1);

    Node branch7x7dbl = conv(x, inner, 1, 1);
    branch7x7dbl = conv(branch7x7dbl, inner, 7, 1);
    branch7x7dbl = conv(branch7x7dbl, inner, 1, 7);
    branch7x7dbl = conv(branch7x7dbl, inner, 7, 1);
    branch7x7dbl = conv(branch7x7dbl, 192, 1, 7);

    Node branch_pool = net.average_pooling2d(x, 3, average);
    branch_pool = conv(branch_pool, 192, 1, 1);
    x = net.concatenate({branch1x1, branch7x7, branch7x7dbl, branch_pool}, graph::Name("mixed") + (4 + i));
  }

  // mixed 8: 8 x 8 x 1280
  {
    Node branch3x3 = conv(x, 192, 1, 1);
    branch3x3 = conv(branch3x3, 320, 3, 3, reduce);

    Node branch7x7x3 = conv(x, 192, 1, 1);
    branch7x7x3 = conv(branch7x7x3, 192, 1, 7);
    branch7x7x3 = conv(branch7x7x3, 192, 7, 1);
    branch7x7x3 = conv(branch7x7x3, 192, 3, 3, reduce);

    const Node branch_pool = net.max_pooling2d(x, 3, halve);
    x = net.concatenate({branch3x3, branch7x7x3, branch_pool}, "mixed8");
  }

  // mixed 9, 10: 8 x 8 x 2048
  for (int i = 0; i < 2; ++i) {
    const Node branch1x1 = conv(x, 320, 1, 1);

    Node branch3x3 = conv(x, 384, 1, 1);
    const Node branch3x3_1 = conv(branch3x3, 384, 1, 3);
    const Node branch3x3_2 = conv(branch3x3, 384, 3, 1);
    branch3x3 = net.concatenate({branch3x3_1, branch3x3_2}, graph::Name("mixed9_") + i);

    Node branch3x3dbl = conv(x, 448, 1, 1);
    branch3x3dbl = conv(branch3x3dbl, 384, 3, 3);
    const Node branch3x3dbl_1 = conv(branch3x3dbl, 384, 1, 3);
    const Node branch3x3dbl_2 = conv(branch3x3dbl, 384, 3, 1);
    branch3x3dbl = net.concatenate({branch3x3dbl_1, branch3x3dbl_2});

    Node branch_pool = net.average_pooling2d(x, 3, average);
    branch_pool = conv(branch_pool, 192, 1, 1);
    x = net.concatenate({branch1x1, branch3x3, branch3x3dbl, branch_pool}, graph::Name("mixed") + (9 + i));
  }

  net.global_average_pooling2d(x);
  return net;
}

}  // namespace backbones

/// InceptionV3<D>: images of D x D, 2048 features, 21,802,784 parameters. Keras's default D is 299.
template <int Dim>
struct InceptionV3 {
  static constexpr int image_dim = Dim;
  static constexpr std::string_view name = "inceptionv3";
  static constexpr int minimum_dim = 75;
  static_assert(Dim >= minimum_dim, "InceptionV3 needs an image dimension of 75 or more.");

  static consteval auto graph() {
    constexpr auto network = graph::freeze<describe>();
    static_assert(graph::count_parameters(network.view()) == 21'802'784,
                  "This InceptionV3 is not Keras's: its parameter count differs.");
    return network;
  }

 private:
  // A dimension that was refused above must not bring a page of further errors.
  static constexpr graph::Builder describe() { return backbones::inception_v3(Dim < minimum_dim ? minimum_dim : Dim); }
};

}  // namespace rcar

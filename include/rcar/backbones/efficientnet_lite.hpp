#pragma once
/// EfficientNet-Lite0 without its top, pooled: EfficientNetB0 for small devices, without squeeze-and-excitation, with
/// relu6 for swish.
///
/// As timm's tf_efficientnet_lite0 computes it (TensorFlow's `same` padding, batch norm epsilon 1e-3), with the layer
/// names of Keras's EfficientNet; preprocessing (x - 127) / 128.

#include <cstddef>
#include <string_view>

#include "../graph/backbone.hpp"
#include "../graph/builder.hpp"
#include "mbconv.hpp"

namespace rcar {
namespace backbones {

/// The network's description for images of (D, D, 3).
constexpr graph::Builder efficientnet_lite0(int image_dim) {
  graph::Builder net("efficientnetlite0");
  graph::Node x = net.input({image_dim, image_dim, 3});
  x = net.preprocessing(x, {1 / 128.f, 1 / 128.f, 1 / 128.f}, {-127 / 128.f, -127 / 128.f, -127 / 128.f});
  x = stem(net, x, 32, graph::Padding::same, Activation::relu6);

  for (std::size_t i = 0; i < efficientnet_stages.size(); ++i) {
    MBConv block = efficientnet_stages[i];
    block.squeeze_excite = false;
    block.strided_padding = graph::Padding::same;
    block.activation = Activation::relu6;
    x = stage(net, x, block, static_cast<int>(i), block.repeats);
  }

  top(net, x, 1280, Activation::relu6);
  return net;
}

}  // namespace backbones

/// EfficientNetLite0<D>: images of D x D, 1280 features. Trained with D = 224; any from 32 on works.
template <int Dim>
struct EfficientNetLite0 {
  static constexpr int image_dim = Dim;
  static constexpr std::string_view name = "efficientnetlite0";
  static constexpr int minimum_dim = 32;
  static_assert(Dim >= minimum_dim, "EfficientNetLite0 needs an image dimension of 32 or more.");

  static consteval auto graph() {
    constexpr auto network = graph::freeze<describe>();
    static_assert(graph::count_parameters(network.view()) == 3'413'024,
                  "This EfficientNet-Lite0 is not timm's: its parameter count differs.");
    return network;
  }

 private:
  // A dimension that was refused above must not bring a page of further errors.
  static constexpr graph::Builder describe() {
    return backbones::efficientnet_lite0(Dim < minimum_dim ? minimum_dim : Dim);
  }
};

}  // namespace rcar

#pragma once
/// EfficientNetB0 ... B7 without their tops, pooled: one table of constants.
///
/// Tan and Le 2019 (arXiv:1905.11946), layer for layer as keras.applications.EfficientNetB*(include_top=False,
/// pooling="avg") builds them, preprocessing inside.

#include <array>
#include <cstddef>
#include <string_view>

#include "../graph/backbone.hpp"
#include "../graph/builder.hpp"
#include "mbconv.hpp"

namespace rcar {

namespace backbones {

/// Keras's preprocessing as one scale and offset of bytes: (x / 255 - mean) / std, ImageNet's mean and standard
/// deviation.
///
/// Keras computes it in two layers: its Normalization keeps the standard deviations where variances belong, so it
/// divides by sqrt(std), and with weights="imagenet" a Rescaling divides by sqrt(std) again. Weights that were trained
/// without the second layer say so in their metadata (`rescaling: off`), and Network takes it back.
constexpr graph::Normalization imagenet_normalization() {
  constexpr double mean[] = {0.485, 0.456, 0.406}, std[] = {0.229, 0.224, 0.225};
  graph::Normalization result;
  for (std::size_t c = 0; c < 3; ++c) {
    result.scale[c] = static_cast<float>(1 / (255 * std[c]));
    result.offset[c] = static_cast<float>(-mean[c] / std[c]);
  }
  return result;
}

/// A member of the family: how much wider and deeper than B0, and what Keras counts for it.
struct EfficientNetVariant {
  std::string_view name;
  double width, depth;
  std::size_t parameters;
};

/// B0 to B7, by their number.
constexpr std::array<EfficientNetVariant, 8> efficientnet_variants{{
    {"efficientnetb0", 1.0, 1.0, 4'049'571},
    {"efficientnetb1", 1.0, 1.1, 6'575'239},
    {"efficientnetb2", 1.1, 1.2, 7'768'569},
    {"efficientnetb3", 1.2, 1.4, 10'783'535},
    {"efficientnetb4", 1.4, 1.8, 17'673'823},
    {"efficientnetb5", 1.6, 2.2, 28'513'527},
    {"efficientnetb6", 1.8, 2.6, 40'960'143},
    {"efficientnetb7", 2.0, 3.1, 64'097'687},
}};

/// Filters scaled and rounded to a multiple of 8, at most 10 % down.
constexpr int round_filters(double width, int filters) {
  const double scaled = filters * width;
  const int rounded = static_cast<int>(scaled + 4) / 8 * 8;
  const int at_least_8 = rounded < 8 ? 8 : rounded;
  return at_least_8 < 0.9 * scaled ? at_least_8 + 8 : at_least_8;
}

/// Blocks of a stage, scaled and rounded up.
constexpr int round_repeats(double depth, int repeats) {
  const double scaled = depth * repeats;
  const int floor = static_cast<int>(scaled);
  return floor < scaled ? floor + 1 : floor;
}

constexpr graph::Builder efficientnet(const EfficientNetVariant& variant, int image_dim) {
  const auto normalization = imagenet_normalization();
  graph::Builder net(variant.name);
  graph::Node x = net.input({image_dim, image_dim, 3});
  x = net.preprocessing(x, normalization.scale, normalization.offset, 7);  // mean, variance and count
  x = stem(net, x, round_filters(variant.width, 32), graph::Padding::correct_pad, Activation::swish);

  for (std::size_t i = 0; i < efficientnet_stages.size(); ++i) {
    MBConv block = efficientnet_stages[i];
    block.filters_out = round_filters(variant.width, block.filters_out);
    x = stage(net, x, block, static_cast<int>(i), round_repeats(variant.depth, block.repeats));
  }

  top(net, x, round_filters(variant.width, 1280), Activation::swish);
  return net;
}

/// What the eight types have in common.
template <int Variant, int Dim>
struct EfficientNet {
  static constexpr int image_dim = Dim;
  static constexpr std::string_view name = efficientnet_variants[Variant].name;
  static constexpr int minimum_dim = 32;
  static_assert(Dim >= minimum_dim, "EfficientNet needs an image dimension of 32 or more.");

  static consteval auto graph() {
    constexpr auto network = graph::freeze<describe>();
    static_assert(graph::count_parameters(network.view()) == efficientnet_variants[Variant].parameters,
                  "This EfficientNet is not Keras's: its parameter count differs.");
    return network;
  }

 private:
  // A dimension that was refused above must not bring a page of further errors.
  static constexpr graph::Builder describe() {
    return efficientnet(efficientnet_variants[Variant], Dim < minimum_dim ? minimum_dim : Dim);
  }
};

}  // namespace backbones

/// EfficientNetB0<D>: 1280 features. The image dimensions that Keras trained with are 224, 240, 260, 300, 380, 456,
/// 528 and 600 for B0 to B7; any from 32 on works.
template <int Dim>
struct EfficientNetB0 : backbones::EfficientNet<0, Dim> {};
/// 1280 features.
template <int Dim>
struct EfficientNetB1 : backbones::EfficientNet<1, Dim> {};
/// 1408 features.
template <int Dim>
struct EfficientNetB2 : backbones::EfficientNet<2, Dim> {};
/// 1536 features.
template <int Dim>
struct EfficientNetB3 : backbones::EfficientNet<3, Dim> {};
/// 1792 features.
template <int Dim>
struct EfficientNetB4 : backbones::EfficientNet<4, Dim> {};
/// 2048 features.
template <int Dim>
struct EfficientNetB5 : backbones::EfficientNet<5, Dim> {};
/// 2304 features.
template <int Dim>
struct EfficientNetB6 : backbones::EfficientNet<6, Dim> {};
/// 2560 features.
template <int Dim>
struct EfficientNetB7 : backbones::EfficientNet<7, Dim> {};

}  // namespace rcar

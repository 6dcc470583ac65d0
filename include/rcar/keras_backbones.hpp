#pragma once
/// The networks that rcar looks for in a Keras file.

#include <span>

#include "backbones/efficientnet.hpp"
#include "backbones/efficientnet_lite.hpp"
#include "backbones/inception_v3.hpp"
#include "graph/backbone.hpp"
#include "weights/keras/match_backbone.hpp"

namespace rcar {

/// All ten; the image dimension does not matter to the weights.
inline std::span<const weights::keras::Candidate> keras_backbones() {
  constexpr int dim = 96;
  static const auto candidate = []<class Backbone>() -> weights::keras::Candidate {
    return {Backbone::name, graph::graph_of<Backbone>.view()};
  };
  static const weights::keras::Candidate all[] = {
      candidate.operator()<InceptionV3<dim>>(),    candidate.operator()<EfficientNetB0<dim>>(),
      candidate.operator()<EfficientNetB1<dim>>(), candidate.operator()<EfficientNetB2<dim>>(),
      candidate.operator()<EfficientNetB3<dim>>(), candidate.operator()<EfficientNetB4<dim>>(),
      candidate.operator()<EfficientNetB5<dim>>(), candidate.operator()<EfficientNetB6<dim>>(),
      candidate.operator()<EfficientNetB7<dim>>(), candidate.operator()<EfficientNetLite0<dim>>(),
  };
  return all;
}

}  // namespace rcar

#pragma once
/// The networks that rcar looks for in a Keras file.

#include <span>

#include "backbones/efficientnet.hpp"
#include "backbones/efficientnet_lite.hpp"
#include "backbones/inception_v3.hpp"
#include "core/compiled.hpp"
#include "graph/backbone.hpp"
#include "weights/keras/match_backbone.hpp"

namespace rcar {

/// All ten, each at the image dimension it was made for; the weights fit any.
RCAR_HEADER_INLINE std::span<const weights::keras::Candidate> keras_backbones();

#ifndef RCAR_COMPILED
RCAR_HEADER_INLINE std::span<const weights::keras::Candidate> keras_backbones() {
  static const auto candidate = []<class Backbone>() -> weights::keras::Candidate {
    return {Backbone::name, graph::graph_of<Backbone>.view()};
  };
  static const weights::keras::Candidate all[] = {
      candidate.operator()<InceptionV3<224>>(),    candidate.operator()<EfficientNetB0<224>>(),
      candidate.operator()<EfficientNetB1<240>>(), candidate.operator()<EfficientNetB2<260>>(),
      candidate.operator()<EfficientNetB3<300>>(), candidate.operator()<EfficientNetB4<380>>(),
      candidate.operator()<EfficientNetB5<456>>(), candidate.operator()<EfficientNetB6<528>>(),
      candidate.operator()<EfficientNetB7<600>>(), candidate.operator()<EfficientNetLite0<224>>(),
  };
  return all;
}
#endif

}  // namespace rcar

// compiles
// Every backbone at its default image dimension, within each compiler's constexpr limits.

#include <rcar/backbones/efficientnet.hpp>
#include <rcar/backbones/efficientnet_lite.hpp>
#include <rcar/backbones/inception_v3.hpp>
#include <rcar/graph/backbone.hpp>

template <class... Backbones>
constexpr bool planned() {
  return ((rcar::graph::plan_of<Backbones>.steps.size() > 0) && ...);
}

using namespace rcar;
static_assert(planned<InceptionV3<224>, EfficientNetB0<224>, EfficientNetB1<240>, EfficientNetB2<260>,
                      EfficientNetB3<300>, EfficientNetB4<380>, EfficientNetB5<456>, EfficientNetB6<528>,
                      EfficientNetB7<600>, EfficientNetLite0<224>>());

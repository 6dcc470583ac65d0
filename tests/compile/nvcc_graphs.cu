// compiles
// The graphs as nvcc sees them: what a CUDA back end builds on. Made into an object, never run here.

#include <rcar/backbones/efficientnet.hpp>
#include <rcar/backbones/efficientnet_lite.hpp>
#include <rcar/backbones/inception_v3.hpp>
#include <rcar/graph/backbone.hpp>

static_assert(rcar::graph::params<rcar::InceptionV3<224>>() == 21'802'784);
static_assert(rcar::graph::params<rcar::EfficientNetB0<224>>() == 4'049'571);
static_assert(rcar::graph::params<rcar::EfficientNetB7<600>>() == 64'097'687);
static_assert(rcar::graph::feature_dim<rcar::EfficientNetLite0<224>> == 1280);

// The steps' descriptors are plain values that a kernel takes by value.
__global__ void count_pixels(rcar::Extent extent, unsigned long long* pixels) {
  *pixels = static_cast<unsigned long long>(extent.height) * static_cast<unsigned long long>(extent.width);
}

rcar::graph::PlanView largest() { return rcar::graph::plan_view<rcar::EfficientNetB7<600>>(); }

void launch(unsigned long long* pixels) { count_pixels<<<1, 1>>>(largest().layers.front().output, pixels); }

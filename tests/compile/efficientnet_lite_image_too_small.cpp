// expects: EfficientNetLite0 needs an image dimension of 32 or more.

#include <rcar/backbones/efficientnet_lite.hpp>

int main() { return rcar::graph::feature_dim<rcar::EfficientNetLite0<31>>; }

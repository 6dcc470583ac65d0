// expects: EfficientNet needs an image dimension of 32 or more.

#include <rcar/backbones/efficientnet.hpp>

int main() { return rcar::graph::feature_dim<rcar::EfficientNetB7<31>>; }

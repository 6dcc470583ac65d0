// expects: InceptionV3 needs an image dimension of 75 or more.

#include <rcar/backbones/inception_v3.hpp>

int main() { return rcar::graph::feature_dim<rcar::InceptionV3<74>>; }

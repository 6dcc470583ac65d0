#include <rcar/recognizer.hpp>

int feature_dimension() { return rcar::graph::feature_dim<rcar::EfficientNetB0<64>>; }

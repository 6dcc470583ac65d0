// expects: Networks on a device are in a header of their own: include <rcar/cuda.hpp>
// The back end alone: what networks do on a device is missing.
#include <rcar/backend/cuda.hpp>
#include <rcar/recognizer.hpp>

rcar::Network<rcar::backend::Cuda> network(rcar::graph::plan_view<rcar::EfficientNetB0<64>>(), rcar::weights::Store());

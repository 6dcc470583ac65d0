#pragma once
/// Activation functions of one value, in float.

#include <cmath>

#include "../primitives.hpp"
#include "host_device.hpp"

namespace rcar::backend::device {

RCAR_HOST_DEVICE inline float sigmoid(float x) { return 1.0f / (1.0f + ::expf(-x)); }

RCAR_HOST_DEVICE inline float activate(Activation activation, float x) {
  switch (activation) {
    case Activation::relu:
      return x < 0 ? 0.0f : x;
    case Activation::relu6:
      return x < 0 ? 0.0f : x > 6 ? 6.0f : x;
    case Activation::swish:
      return x * sigmoid(x);
    case Activation::sigmoid:
      return sigmoid(x);
    case Activation::tanh:
      return ::tanhf(x);
    case Activation::linear:
      break;
  }
  return x;
}

/// The derivative, told from the function's result y; swish has none that could be told so.
RCAR_HOST_DEVICE inline float derivative(Activation activation, float y) {
  switch (activation) {
    case Activation::relu:
      return y > 0 ? 1.0f : 0.0f;
    case Activation::relu6:
      return y > 0 && y < 6 ? 1.0f : 0.0f;
    case Activation::sigmoid:
      return y * (1 - y);
    case Activation::tanh:
      return 1 - y * y;
    case Activation::linear:
    case Activation::swish:
      break;
  }
  return 1;
}

}  // namespace rcar::backend::device

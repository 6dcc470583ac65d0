#pragma once
/// Activation functions of one value, in float.

#include <cmath>

#include "../primitives.hpp"
#include "host_device.hpp"

namespace rcar::backend::device {

RCAR_HOST_DEVICE inline float sigmoid(float x) {
#ifdef __CUDA_ARCH__
  return __fdividef(1.0f, 1.0f + ::expf(-x));  // within two units of the last place; no branch for what cannot be here
#else
  return 1.0f / (1.0f + ::expf(-x));
#endif
}

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

RCAR_HOST_DEVICE RCAR_NOINLINE inline float activate_by_call(Activation activation, float x) {
  return activate(activation, x);
}

/// The same of several values. Which function it is, is asked once: written out for each of the 32 values that a thread
/// has of a depthwise convolution, the six functions are 14,000 instructions, more than a GPU's cache of them holds.
template <int N>
RCAR_HOST_DEVICE void activate(Activation activation, float (&x)[N]) {
  if (activation == Activation::linear) return;
  if (activation == Activation::swish) {
    RCAR_UNROLL
    for (int i = 0; i < N; ++i) x[i] = activate(Activation::swish, x[i]);
  } else if (activation == Activation::relu) {
    RCAR_UNROLL
    for (int i = 0; i < N; ++i) x[i] = activate(Activation::relu, x[i]);
  } else {
    RCAR_UNROLL
    for (int i = 0; i < N; ++i) x[i] = activate_by_call(activation, x[i]);
  }
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

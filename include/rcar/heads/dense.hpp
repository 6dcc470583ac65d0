#pragma once
/// A fully connected layer; on a sequence it works on every step, as Keras's.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "../backend/primitives.hpp"
#include "layer.hpp"

namespace rcar::heads {

/// Keras's name of an activation.
constexpr std::string_view activation_name(Activation activation) {
  switch (activation) {
    case Activation::relu:
      return "relu";
    case Activation::relu6:
      return "relu6";
    case Activation::swish:
      return "swish";
    case Activation::sigmoid:
      return "sigmoid";
    case Activation::tanh:
      return "tanh";
    case Activation::linear:
      break;
  }
  return "linear";
}

/// out = activation(x kernel + bias); x (rows, inputs), kernel (inputs, units), bias (units), out (rows, units).
template <class Backend>
void dense_forward(int rows, int inputs, int units, Activation activation, const float* x, const float* kernel,
                   const float* bias, float* out) {
  Backend::gemm(Transpose::no, Transpose::no, rows, units, inputs, 1.0f, x, inputs, kernel, units, 0.0f, out, units);
  Backend::bias_activation(rows, units, bias, activation, out);
}

/// From d_out (rows, units), before the activation: adds to d_kernel and d_bias, writes d_x unless that is null.
template <class Backend>
void dense_backward(int rows, int inputs, int units, const float* x, const float* kernel, const float* d_out,
                    float* d_kernel, float* d_bias, float* d_x) {
  Backend::gemm(Transpose::yes, Transpose::no, inputs, units, rows, 1.0f, x, inputs, d_out, units, 1.0f, d_kernel,
                units);
  Backend::column_sums(rows, units, d_out, d_bias);
  if (d_x)
    Backend::gemm(Transpose::no, Transpose::yes, rows, inputs, units, 1.0f, d_out, units, kernel, units, 0.0f, d_x,
                  inputs);
}

/// A fully connected layer of `Units` units.
template <int Units, Activation activation = Activation::linear>
struct Dense {
  static_assert(Units >= 1, "A dense layer needs at least one unit.");
  static_assert(
      activation != Activation::swish,
      "A dense layer of a head cannot be swish, whose gradient is not known from its result: use relu or tanh.");

  static constexpr std::string_view class_name = "dense";
  static std::string description() {
    return "dense(" + std::to_string(Units) + ", " + std::string(activation_name(activation)) + ")";
  }

  static constexpr Shape output(Shape in) { return {in.steps, Units}; }
  static constexpr std::array<TensorSpec, 2> tensors(Shape in) {
    return {{{"kernel", in.features, Units, Initializer::glorot_uniform}, {"bias", 0, Units, Initializer::zeros}}};
  }
  static constexpr std::size_t tape(Shape in) { return output(in).size(); }
  static constexpr std::size_t scratch(Shape in) { return output(in).size(); }
  static constexpr std::size_t dropout(Shape) { return 0; }
  static constexpr bool reads_apart = true;

  template <class Backend>
  static void forward(const LayerPass& pass) {
    const auto [rows, kernel] = extents(pass);
    multiply_input<Backend>(pass, Units, pass.parameters, pass.tape);
    Backend::bias_activation(rows, Units, pass.parameters + kernel, activation, pass.tape);
  }

  template <class Backend>
  static void backward(const LayerPass& pass, const LayerGradient& gradient) {
    const auto [rows, kernel] = extents(pass);
    const std::size_t count = static_cast<std::size_t>(rows) * Units;
    Backend::assign(count, gradient.output, gradient.scratch);
    Backend::activation_backward(count, activation, pass.tape, gradient.scratch);
    add_kernel_gradient<Backend>(pass, Units, gradient.scratch, gradient.parameters);
    Backend::column_sums(rows, Units, gradient.scratch, gradient.parameters + kernel);
    if (gradient.input)
      Backend::gemm(Transpose::no, Transpose::yes, rows, pass.in.features, Units, 1.0f, gradient.scratch, Units,
                    pass.parameters, Units, 0.0f, gradient.input, pass.in.features);
  }

 private:
  struct Extents {
    int rows;
    std::size_t kernel;
  };
  static Extents extents(const LayerPass& pass) {
    return {pass.clips * pass.in.rows(), static_cast<std::size_t>(pass.in.features) * Units};
  }
};

}  // namespace rcar::heads

#pragma once
/// The recurrent cells: what tells them apart, and the back end's primitives that compute them.

#include <concepts>
#include <string_view>

#include "../backend/recurrent.hpp"

namespace rcar {

/// Gated recurrent unit, as Keras computes it with reset_after=true. Cho et al. 2014 (arXiv:1406.1078); gate order z,
/// r, h.
struct GRU {
  static constexpr std::string_view name = "gru";
  static constexpr int gates = 3;
  static constexpr int bias_rows = 2;       // one of the input, one of the recurrent product
  static constexpr int forget_gate = -1;    // which gate's bias starts at 1
  static constexpr int saved_per_unit = 4;  // floats a step and unit that the backward pass needs
  static constexpr int states = 1;

  template <class Backend>
  static void forward(const backend::Recurrence& in, const backend::RecurrenceOutput& out) {
    Backend::gru(in, out);
  }
  template <class Backend>
  static void backward(const backend::Recurrence& in, const backend::RecurrenceOutput& out,
                       const backend::RecurrenceGradient& gradient) {
    Backend::gru_backward(in, out, gradient);
  }
};

/// Long short-term memory, as Keras computes it. Hochreiter and Schmidhuber 1997; gate order i, f, c, o; the forget
/// gate's bias starts at 1 (Jozefowicz et al. 2015).
struct LSTM {
  static constexpr std::string_view name = "lstm";
  static constexpr int gates = 4;
  static constexpr int bias_rows = 1;
  static constexpr int forget_gate = 1;
  static constexpr int saved_per_unit = 5;
  static constexpr int states = 2;

  template <class Backend>
  static void forward(const backend::Recurrence& in, const backend::RecurrenceOutput& out) {
    Backend::lstm(in, out);
  }
  template <class Backend>
  static void backward(const backend::Recurrence& in, const backend::RecurrenceOutput& out,
                       const backend::RecurrenceGradient& gradient) {
    Backend::lstm_backward(in, out, gradient);
  }
};

namespace heads {

/// What a type must state to be a recurrent cell; its forward and backward call the back end's primitives.
template <class C>
concept CellType = requires {
  { C::name } -> std::convertible_to<std::string_view>;
  { C::gates } -> std::convertible_to<int>;
  { C::bias_rows } -> std::convertible_to<int>;
  { C::forget_gate } -> std::convertible_to<int>;
  { C::saved_per_unit } -> std::convertible_to<int>;
  { C::states } -> std::convertible_to<int>;
};

}  // namespace heads
}  // namespace rcar

#pragma once
/// A masked recurrent layer.

#include <array>
#include <cstddef>
#include <string>

#include "../backend/primitives.hpp"
#include "cell.hpp"
#include "layer.hpp"

namespace rcar::heads {

/// What a recurrent layer gives to the next one.
enum class Returns { last_state, sequences };

/// A recurrent layer, as Keras's GRU and LSTM.
///
/// x     (N, T, F) float32          one feature row a frame
/// mask  (N, T)    bool             false: the step is skipped, the state and the output are carried over
/// out   (N, U) or (N, T, U)        last state, or every state
///
/// The mask of the head holds for every recurrent layer of it, as Keras passes it on. A clip that is masked
/// throughout gives zeros.
template <class Cell, int Units, Returns returns = Returns::last_state>
struct Recurrent {
  static_assert(Units >= 1, "A recurrent layer needs at least one unit.");

  static constexpr std::string_view class_name = Cell::name;
  static std::string description() {
    return std::string(Cell::name) + "(" + std::to_string(Units) +
           (returns == Returns::sequences ? ", sequences)" : ")");
  }

  static constexpr Shape output(Shape in) { return {returns == Returns::sequences ? in.steps : 0, Units}; }
  static constexpr std::array<TensorSpec, 3> tensors(Shape in) {
    return {{{"kernel", in.features, columns, Initializer::glorot_uniform},
             {"recurrent_kernel", Units, columns, Initializer::orthogonal},
             {"bias", Cell::bias_rows == 1 ? 0 : Cell::bias_rows, columns,
              Cell::forget_gate < 0 ? Initializer::zeros : Initializer::lstm_bias}}};
  }
  static constexpr std::size_t tape(Shape in) { return last(in) + states(in) + saved(in) + projected(in); }
  static constexpr std::size_t scratch(Shape in) { return projected(in) + 6 * Units; }
  static constexpr std::size_t dropout(Shape) { return 0; }
  static constexpr bool reads_apart = true;

  template <class Backend>
  static void forward(const LayerPass& pass) {
    float* projected_at = projected_of(pass);
    const int rows = pass.clips * pass.in.steps;
    multiply_input<Backend>(pass, columns, pass.parameters, projected_at);
    Backend::bias_activation(rows, columns, bias_of(pass), Activation::linear, projected_at);
    Cell::template forward<Backend>(recurrence(pass), result(pass));
  }

  template <class Backend>
  static void backward(const LayerPass& pass, const LayerGradient& gradient) {
    const std::size_t kernel = static_cast<std::size_t>(pass.in.features) * columns;
    float* d_projected = gradient.scratch;  // (N, T, GU)
    float* d_bias = gradient.parameters + kernel + static_cast<std::size_t>(Units) * columns;

    backend::RecurrenceGradient d;
    (returns == Returns::sequences ? d.states : d.last) = gradient.output;
    d.projected = d_projected;
    d.recurrent_kernel = gradient.parameters + kernel;
    d.recurrent_bias = Cell::bias_rows == 2 ? d_bias + columns : nullptr;
    d.scratch = gradient.scratch + pass.clips * projected(pass.in);
    Cell::template backward<Backend>(recurrence(pass), result(pass), d);

    const int rows = pass.clips * pass.in.steps;
    add_kernel_gradient<Backend>(pass, columns, d_projected, gradient.parameters);
    Backend::column_sums(rows, columns, d_projected, d_bias);
    if (gradient.input)
      Backend::gemm(Transpose::no, Transpose::yes, rows, pass.in.features, columns, 1.0f, d_projected, columns,
                    pass.parameters, columns, 0.0f, gradient.input, pass.in.features);
  }

 private:
  static constexpr int columns = Cell::gates * Units;

  // The tape: [last (N, U)] [states (N, T, U)] [saved (N, T, sU)] [projected (N, T, GU)].
  static constexpr std::size_t last(Shape) { return returns == Returns::sequences ? 0 : Units; }
  static constexpr std::size_t states(Shape in) { return static_cast<std::size_t>(in.steps) * Units; }
  static constexpr std::size_t saved(Shape in) { return states(in) * Cell::saved_per_unit; }
  static constexpr std::size_t projected(Shape in) { return states(in) * Cell::gates; }

  static backend::RecurrenceOutput result(const LayerPass& pass) {
    float* states_at = pass.tape + pass.clips * last(pass.in);
    return {states_at, returns == Returns::sequences ? nullptr : pass.tape, states_at + pass.clips * states(pass.in)};
  }
  static float* projected_of(const LayerPass& pass) { return result(pass).saved + pass.clips * saved(pass.in); }
  static const float* bias_of(const LayerPass& pass) {
    return pass.parameters + static_cast<std::size_t>(pass.in.features + Units) * columns;
  }
  static backend::Recurrence recurrence(const LayerPass& pass) {
    return {pass.clips,
            pass.in.steps,
            Units,
            pass.mask,
            projected_of(pass),
            pass.zeros,
            pass.parameters + static_cast<std::size_t>(pass.in.features) * columns,
            Cell::bias_rows == 2 ? bias_of(pass) + columns : nullptr};
  }
};

}  // namespace rcar::heads

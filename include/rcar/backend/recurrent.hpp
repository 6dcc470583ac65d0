#pragma once
/// What a back end must offer for sequence heads and their training: recurrences over whole sequences, dense layers,
/// dropout, the loss and the optimiser. The matrix products around them are `gemm`.
///
/// A recurrence is one primitive from the first step to the last, so that a back end may fuse its steps (a GPU runs it
/// as one kernel). Everything is row-major; `mask` false: the step is skipped, the state is carried over.

#include <concepts>
#include <cstddef>
#include <vector>

#include "primitives.hpp"

namespace rcar::backend {

/// The inputs of a recurrence: N clips, T steps, U units, G gates (GRU 3: z, r, h; LSTM 4: i, f, c, o).
struct Recurrence {
  int clips = 0, steps = 0, units = 0;
  const bool* mask = nullptr;               // (N, T)
  const float* projected = nullptr;         // (N, T, GU), x W + input bias
  const float* initial = nullptr;           // (N, U) state before the first step; LSTM (N, 2, U): h, then carry
  const float* recurrent_kernel = nullptr;  // (U, GU)
  const float* recurrent_bias = nullptr;    // (GU), GRU only
};

/// What a recurrence computes; the backward pass reads it.
struct RecurrenceOutput {
  float* states = nullptr;  // (N, T, U)
  float* last = nullptr;    // (N, U), the state after the last step, or null when it is not wanted
  float* saved = nullptr;   // GRU (N, T, 4U): z, r, candidate, its recurrent part. LSTM (N, T, 5U): i, f, c, o, carry
};

/// Where one step of one clip finds the state before it.
struct StateBefore {
  const float* state = nullptr;  // (U)
  const float* carry = nullptr;  // (U), LSTM only
};

/// The state that a GRU's step reads: of the step before it, else the initial one.
inline StateBefore gru_state_before(const Recurrence& in, const RecurrenceOutput& out, int clip, int step) {
  const std::size_t units = static_cast<std::size_t>(in.units), row = static_cast<std::size_t>(clip) * in.steps + step;
  if (step == 0) return {in.initial + clip * units, nullptr};
  return {out.states + (row - 1) * units, nullptr};
}

/// The state that an LSTM's step reads: of the step before it, else the initial one.
inline StateBefore lstm_state_before(const Recurrence& in, const RecurrenceOutput& out, int clip, int step) {
  const std::size_t units = static_cast<std::size_t>(in.units), row = static_cast<std::size_t>(clip) * in.steps + step;
  if (step == 0) return {in.initial + clip * 2 * units, in.initial + (clip * 2 + 1) * units};
  return {out.states + (row - 1) * units, out.saved + ((row - 1) * 5 + 4) * units};
}

/// The gradients of a recurrence. Those of the parameters are added to what is there.
struct RecurrenceGradient {
  const float* states = nullptr;      // (N, T, U), the loss's gradient by every state, or null
  const float* last = nullptr;        // (N, U), by the last state, or null
  float* projected = nullptr;         // (N, T, GU), out
  float* recurrent_kernel = nullptr;  // (U, GU), added to
  float* recurrent_bias = nullptr;    // (GU), added to; GRU only
  float* scratch = nullptr;           // (6U)
};

/// The constants of one Adam step. Keras's formula: step = learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t),
/// parameter -= step * m / (sqrt(v) + epsilon).
struct AdamStep {
  float step = 0;
  float one_minus_beta_1 = 0, one_minus_beta_2 = 0;
  float epsilon = 0;
};

/// The primitives of recurrent heads and of their training.
template <class B>
concept RecurrentBackend = requires(const Recurrence& recurrence, const RecurrenceOutput& output,
                                    const RecurrenceGradient& gradient, Activation activation, int rows, int columns,
                                    std::size_t count, float factor, const float* in, float* out, const int* labels,
                                    const AdamStep& adam) {
  // Memory of `count` zeros that the back end can reach, copies between it and the host, and within it.
  requires std::constructible_from<typename B::Memory, std::size_t>;
  { B::clips_per_pass } -> std::convertible_to<int>;  // how many clips a forward or backward pass best takes at once
  B::upload(in /*host*/, count, out);
  B::download(in, count, out /*host*/);
  B::assign(count, in, out);
  B::zero(count, out);

  // Keras GRU (reset_after=true) and LSTM.
  B::gru(recurrence, output);
  B::gru_backward(recurrence, output, gradient);
  B::lstm(recurrence, output);
  B::lstm_backward(recurrence, output, gradient);

  // y = activation(y + bias), y (rows, columns); bias (columns).
  B::bias_activation(rows, columns, in /*bias*/, activation, out /*y*/);
  // dy = dy * activation'(.), told from the activation's result y; linear, relu, relu6, sigmoid and tanh.
  B::activation_backward(count, activation, in /*y*/, out /*dy*/);
  // sums (columns) += the column sums of x (rows, columns).
  B::column_sums(rows, columns, in /*x*/, out /*sums*/);
  // y = keep * x * factor, keep 0 or 1; both the forward and the backward pass of inverted dropout.
  B::dropout(count, in /*keep*/, factor, in /*x*/, out /*y*/);

  // Softmax of each row, and the sparse categorical cross-entropy of each row (from logits) with its gradient.
  B::softmax(rows, columns, in /*logits*/, out /*probabilities*/);
  B::cross_entropy(rows, columns, in /*logits*/, labels, out /*losses (rows)*/);
  B::cross_entropy_backward(rows, columns, in /*logits*/, labels, factor, out /*factor * d loss / d logits*/);

  // One step of Adam on `count` parameters with their moments m and v.
  B::adam(adam, count, in /*gradient*/, out /*m*/, out /*v*/, out /*parameters*/);
};

}  // namespace rcar::backend

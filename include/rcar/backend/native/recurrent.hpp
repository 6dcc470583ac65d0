#pragma once
/// GRU and LSTM, a step of all clips at a time: one small product of their states, then one kernel for the gates.
///
/// Why so. A step of one clip is a chain of some 400 cycles in which the processor mostly waits, and clips are
/// independent: four abreast take little longer than one. The gradients by the recurrent kernel are no part of the
/// chain; what they need is kept, and they are one product at the end. So of an epoch on 2,048 features the recurrences
/// are some 6 %, the products by the input kernel some 80 %.

#include <algorithm>
#include <cstddef>

#include "../host_memory.hpp"
#include "../recurrent.hpp"
#include "gemm.hpp"
#include "head_kernels.hpp"
#include "head_layers.hpp"
#include "panels.hpp"
#include "scratch.hpp"

namespace rcar::backend::native {

/// The primitives of RecurrentBackend; see reference/recurrent.hpp for the equations.
struct Recurrent : HostMemory, HeadLayers {
  using Memory = Floats;
  /// Four clips of 20 x 2,048 features, their kernel and its gradient lie together in a second-level cache of 2 MiB;
  /// with eight the backward pass reads its features from the third level, and an epoch took some 8 % longer. No bit
  /// depends on it.
  static constexpr int clips_per_pass = 4;

  static void gru(const Recurrence& in, const RecurrenceOutput& out) {
    forward<3>(in, out, [&](const Sequence& at, int t, const float* product) {
      head_kernels::GruStep step;
      at.describe(step, t);
      step.x = in.projected + at.row(t) * 3;
      step.product = product;
      step.bias = in.recurrent_bias;
      step.saved = out.saved + at.row(t) * 4;
      step.state = out.states + at.row(t);
      head_kernels::kernels().gru_gates(step);
    });
  }

  static void lstm(const Recurrence& in, const RecurrenceOutput& out) {
    forward<4>(in, out, [&](const Sequence& at, int t, const float* product) {
      head_kernels::LstmStep step;
      at.describe(step, t);
      step.x = in.projected + at.row(t) * 4;
      step.product = product;
      at.describe_carry(step, t);
      step.saved = out.saved + at.row(t) * 5;
      step.state = out.states + at.row(t);
      head_kernels::kernels().lstm_gates(step);
    });
  }

  static void gru_backward(const Recurrence& in, const RecurrenceOutput& out, const RecurrenceGradient& gradient) {
    const Sequence at{in, out, 1};
    float* d_product = thread_scratch<ByProduct>(at.rows() * 3);  // (N, T, 3U)
    backward<3>(at, gradient, d_product, [&](const head_kernels::StepBackward& common, int t) {
      head_kernels::GruStepBackward step{common};
      step.saved = out.saved + at.row(t) * 4;
      step.d_product = d_product + at.row(t) * 3;
      head_kernels::training_kernels().gru_gates_backward(step);
    });
    column_sums(in.clips * in.steps, 3 * in.units, d_product, gradient.recurrent_bias);
  }

  static void lstm_backward(const Recurrence& in, const RecurrenceOutput& out, const RecurrenceGradient& gradient) {
    const Sequence at{in, out, 2};
    float* d_carry = thread_scratch<ByCarry>(at.clips_units());  // (N, U)
    std::fill_n(d_carry, at.clips_units(), 0.0f);
    backward<4>(at, gradient, gradient.projected, [&](const head_kernels::StepBackward& common, int t) {
      head_kernels::LstmStepBackward step{common};
      step.saved = out.saved + at.row(t) * 5;
      at.describe_carry(step, t);
      step.d_carry = d_carry;
      head_kernels::training_kernels().lstm_gates_backward(step);
    });
  }

 private:
  struct PackedKernel;
  struct Product;
  struct ByProduct;
  struct ByState;
  struct ByCarry;
  struct StatesBefore;

  /// Where the values of a step lie.
  struct Sequence {
    const Recurrence& in;
    const RecurrenceOutput& out;
    int states;  // GRU 1, LSTM 2

    std::size_t clips_units() const { return static_cast<std::size_t>(in.clips) * in.units; }
    std::size_t rows() const { return clips_units() * in.steps; }                               // N T U
    std::ptrdiff_t stride() const { return static_cast<std::ptrdiff_t>(in.steps) * in.units; }  // T U
    std::ptrdiff_t row(int t) const { return static_cast<std::ptrdiff_t>(t) * in.units; }

    void describe(head_kernels::Step& step, int t) const {
      step.clips = in.clips;
      step.steps = in.steps;
      step.units = in.units;
      step.stride = stride();
      step.mask = in.mask + t;
      step.before = t == 0 ? in.initial : out.states + row(t - 1);
      step.before_stride = t == 0 ? states * in.units : stride();
    }
    /// The carry before step t of an LSTM.
    template <class Step>
    void describe_carry(Step& step, int t) const {
      step.carry_before = t == 0 ? in.initial + in.units : out.saved + row(t - 1) * 5 + 4 * in.units;
      step.carry_stride = t == 0 ? 2 * in.units : 5 * stride();
    }
  };

  template <int Gates, class Finish>
  static void forward(const Recurrence& in, const RecurrenceOutput& out, Finish&& finish) {
    const int U = in.units, columns = Gates * U;
    const Sequence at{in, out, Gates == 4 ? 2 : 1};
    const panels::Panels kernel({Transpose::no, in.recurrent_kernel, columns}, U, columns,
                                thread_scratch<PackedKernel>(panels::Panels::floats(U, columns)));
    float* product = thread_scratch<Product>(at.clips_units() * Gates);  // (N, GU)
    for (int t = 0; t < in.steps; ++t) {
      head_kernels::Step step;
      at.describe(step, t);
      panels::Strip strip;
      strip.c = product;
      strip.c_row = columns;
      strip.depth = U;
      kernel.multiply(in.clips, step.before, step.before_stride, 1, 0, strip);
      finish(at, t, product);
    }
    if (!out.last) return;
    for (int n = 0; n < in.clips; ++n)
      std::copy_n(out.states + n * at.stride() + at.row(in.steps - 1), U,
                  out.last + static_cast<std::ptrdiff_t>(n) * U);
  }

  /// `d_product` (N, T, GU) is what `finish` writes of the gradient by h U.
  template <int Gates, class Finish>
  static void backward(const Sequence& at, const RecurrenceGradient& gradient, float* d_product, Finish&& finish) {
    const Recurrence& in = at.in;
    const int U = in.units, columns = Gates * U;
    const panels::Panels kernel({Transpose::yes, in.recurrent_kernel, columns}, columns, U,
                                thread_scratch<PackedKernel>(panels::Panels::floats(columns, U)));
    float* dh = thread_scratch<ByState>(at.clips_units());           // (N, U)
    float* states_before = thread_scratch<StatesBefore>(at.rows());  // (N, T, U)
    if (gradient.last)
      std::copy_n(gradient.last, at.clips_units(), dh);
    else
      std::fill_n(dh, at.clips_units(), 0.0f);
    for (int t = in.steps - 1; t >= 0; --t) {
      head_kernels::StepBackward step;
      at.describe(step, t);
      step.by_state = gradient.states ? gradient.states + at.row(t) : nullptr;
      step.dh = dh;
      step.dx = gradient.projected + at.row(t) * Gates;
      step.kept_before = states_before + at.row(t);
      finish(step, t);
      if (t == 0) break;
      panels::Strip strip;
      strip.c = dh;
      strip.c_row = U;
      strip.depth = columns;
      strip.beta = 1;
      kernel.multiply(in.clips, d_product + at.row(t) * Gates, at.stride() * Gates, 1, 0, strip);
    }
    Gemm::gemm(Transpose::yes, Transpose::no, U, columns, in.clips * in.steps, 1.0f, states_before, U, d_product,
               columns, 1.0f, gradient.recurrent_kernel, columns);
  }
};

}  // namespace rcar::backend::native

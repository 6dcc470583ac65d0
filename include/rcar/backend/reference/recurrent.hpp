#pragma once
/// GRU and LSTM as their equations, one unit at a time with double-precision sums: the oracle.

#include <cmath>
#include <cstddef>
#include <vector>

#include "../host_memory.hpp"
#include "../recurrent.hpp"
#include "head_layers.hpp"

namespace rcar::backend::reference {

/// The primitives of RecurrentBackend. Keras's order of gates: GRU z, r, h; LSTM i, f, c, o.
struct Recurrent : HostMemory, HeadLayers {
  /// z = sigmoid(x_z + h U_z + b_z); r likewise; candidate = tanh(x_h + r * (h U_h + b_h)); h = z h + (1 - z) candidate.
  static void gru(const Recurrence& in, const RecurrenceOutput& out) {
    const int U = in.units;
    for_steps(in, [&](std::size_t row, const float* h, const float*) {  // h (U): the state before
      const float* x = in.projected + row * 3 * U;
      float* saved = out.saved + row * 4 * U;
      float* state = out.states + row * U;
      for (int u = 0; u < U; ++u) {
        const double z = sigmoid(x[u] + recur(in, 3, h, u));
        const double r = sigmoid(x[U + u] + recur(in, 3, h, U + u));
        const double inner = recur(in, 3, h, 2 * U + u);
        const double candidate = std::tanh(x[2 * U + u] + r * inner);
        saved[u] = float(z), saved[U + u] = float(r), saved[2 * U + u] = float(candidate), saved[3 * U + u] = float(inner);
        state[u] = float(in.mask[row] ? z * h[u] + (1 - z) * candidate : double(h[u]));
      }
    }, out, 4, no_carry);
    copy_last(in, out);
  }

  static void gru_backward(const Recurrence& in, const RecurrenceOutput& out, const RecurrenceGradient& gradient) {
    const int U = in.units;
    std::vector<double> d_recurrent(3 * U);
    for_steps_backward(in, out, gradient, 4, no_carry,
                       [&](std::size_t row, const float* h, const float*, std::vector<double>& dh, std::vector<double>&) {
      float* dx = gradient.projected + row * 3 * U;
      if (!in.mask[row]) return std::fill_n(dx, 3 * U, 0.0f), void();
      const float* saved = out.saved + row * 4 * U;
      for (int u = 0; u < U; ++u) {
        const double z = saved[u], r = saved[U + u], candidate = saved[2 * U + u], inner = saved[3 * U + u];
        const double d_candidate = dh[u] * (1 - z) * (1 - candidate * candidate);
        d_recurrent[u] = dh[u] * (h[u] - candidate) * z * (1 - z);
        d_recurrent[U + u] = d_candidate * inner * r * (1 - r);
        d_recurrent[2 * U + u] = d_candidate * r;
        dx[u] = float(d_recurrent[u]), dx[U + u] = float(d_recurrent[U + u]), dx[2 * U + u] = float(d_candidate);
        dh[u] *= z;
      }
      recur_backward(in, 3, h, d_recurrent, gradient, dh);
    });
  }

  /// c = sigmoid(f) c + sigmoid(i) tanh(g); h = sigmoid(o) tanh(c), where (i, f, g, o) = x + h U.
  static void lstm(const Recurrence& in, const RecurrenceOutput& out) {
    const int U = in.units;
    for_steps(in, [&](std::size_t row, const float* h, const float* carry) {
      const float* x = in.projected + row * 4 * U;
      float* saved = out.saved + row * 5 * U;
      float* state = out.states + row * U;
      for (int u = 0; u < U; ++u) {
        const double i = sigmoid(x[u] + recur(in, 4, h, u));
        const double f = sigmoid(x[U + u] + recur(in, 4, h, U + u));
        const double g = std::tanh(x[2 * U + u] + recur(in, 4, h, 2 * U + u));
        const double o = sigmoid(x[3 * U + u] + recur(in, 4, h, 3 * U + u));
        const double c = f * carry[u] + i * g;
        saved[u] = float(i), saved[U + u] = float(f), saved[2 * U + u] = float(g), saved[3 * U + u] = float(o);
        saved[4 * U + u] = float(in.mask[row] ? c : double(carry[u]));
        state[u] = float(in.mask[row] ? o * std::tanh(c) : double(h[u]));
      }
    }, out, 5, lstm_carry);
    copy_last(in, out);
  }

  static void lstm_backward(const Recurrence& in, const RecurrenceOutput& out, const RecurrenceGradient& gradient) {
    const int U = in.units;
    std::vector<double> d_gates(4 * U);
    for_steps_backward(in, out, gradient, 5, lstm_carry,
                       [&](std::size_t row, const float* h, const float* carry, std::vector<double>& dh,
                           std::vector<double>& dc) {
      float* dx = gradient.projected + row * 4 * U;
      if (!in.mask[row]) return std::fill_n(dx, 4 * U, 0.0f), void();
      const float* saved = out.saved + row * 5 * U;
      for (int u = 0; u < U; ++u) {
        const double i = saved[u], f = saved[U + u], g = saved[2 * U + u], o = saved[3 * U + u];
        const double tanh_c = std::tanh(double(saved[4 * U + u]));
        const double d_carry = dc[u] + dh[u] * o * (1 - tanh_c * tanh_c);
        d_gates[u] = d_carry * g * i * (1 - i);
        d_gates[U + u] = d_carry * carry[u] * f * (1 - f);
        d_gates[2 * U + u] = d_carry * i * (1 - g * g);
        d_gates[3 * U + u] = dh[u] * tanh_c * o * (1 - o);
        dc[u] = d_carry * f;
        dh[u] = 0;
      }
      for (int j = 0; j < 4 * U; ++j) dx[j] = float(d_gates[j]);
      recur_backward(in, 4, h, d_gates, gradient, dh);
    });
  }
};

}  // namespace rcar::backend::reference

#pragma once
/// GRU and LSTM as their equations, one unit at a time with double-precision sums: the oracle.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "../host_memory.hpp"
#include "../recurrent.hpp"
#include "head_layers.hpp"

namespace rcar::backend::reference {

/// The primitives of RecurrentBackend. Keras's order of gates: GRU z, r, h; LSTM i, f, c, o.
struct Recurrent : HostMemory, HeadLayers {
  /// z = sigmoid(x_z + h U_z + b_z), r likewise, candidate = tanh(x_h + r * (h U_h + b_h)), h = z h + (1 - z)
  /// candidate.
  static void gru(const Recurrence& in, const RecurrenceOutput& out) {
    const int U = in.units;
    for (int n = 0; n < in.clips; ++n) {
      for (int t = 0; t < in.steps; ++t) {
        const float* h = gru_state_before(in, out, n, t).state;
        const std::size_t row = static_cast<std::size_t>(n) * in.steps + t;
        const float* x = in.projected + row * 3 * U;
        float* saved = out.saved + row * 4 * U;
        float* state = out.states + row * U;
        for (int u = 0; u < U; ++u) {
          const double z = sigmoid(x[u] + recurrent(in, 3, h, u));
          const double r = sigmoid(x[U + u] + recurrent(in, 3, h, U + u));
          const double inner = recurrent(in, 3, h, 2 * U + u);
          const double candidate = std::tanh(x[2 * U + u] + r * inner);
          saved[u] = static_cast<float>(z);
          saved[U + u] = static_cast<float>(r);
          saved[2 * U + u] = static_cast<float>(candidate);
          saved[3 * U + u] = static_cast<float>(inner);
          state[u] = static_cast<float>(in.mask[row] ? z * h[u] + (1 - z) * candidate : h[u]);
        }
      }
      copy_last(in, out, n);
    }
  }

  static void gru_backward(const Recurrence& in, const RecurrenceOutput& out, const RecurrenceGradient& gradient) {
    const int U = in.units;
    for (int n = 0; n < in.clips; ++n) {
      std::vector<double> dh(U, 0.0), d_recurrent(3 * U);
      for (int t = in.steps - 1; t >= 0; --t) {
        const float* h = gru_state_before(in, out, n, t).state;
        const std::size_t row = static_cast<std::size_t>(n) * in.steps + t;
        const float* saved = out.saved + row * 4 * U;
        float* dx = gradient.projected + row * 3 * U;
        add_incoming(in, gradient, n, t, dh);
        std::fill_n(dx, 3 * U, 0.0f);
        if (!in.mask[row]) continue;
        for (int u = 0; u < U; ++u) {
          const double z = saved[u], r = saved[U + u], candidate = saved[2 * U + u], inner = saved[3 * U + u];
          const double d_candidate = dh[u] * (1 - z) * (1 - candidate * candidate);
          d_recurrent[u] = dh[u] * (h[u] - candidate) * z * (1 - z);
          d_recurrent[U + u] = d_candidate * inner * r * (1 - r);
          d_recurrent[2 * U + u] = d_candidate * r;
          dx[u] = static_cast<float>(d_recurrent[u]);
          dx[U + u] = static_cast<float>(d_recurrent[U + u]);
          dx[2 * U + u] = static_cast<float>(d_candidate);
          dh[u] *= z;
        }
        recurrent_backward(in, 3, h, d_recurrent, gradient, dh);
        for (int j = 0; j < 3 * U; ++j) gradient.recurrent_bias[j] += static_cast<float>(d_recurrent[j]);
      }
    }
  }

  /// (i, f, g, o) = x + h U, carry = sigmoid(f) carry + sigmoid(i) tanh(g), h = sigmoid(o) tanh(carry).
  static void lstm(const Recurrence& in, const RecurrenceOutput& out) {
    const int U = in.units;
    for (int n = 0; n < in.clips; ++n) {
      for (int t = 0; t < in.steps; ++t) {
        const auto [h, carry] = lstm_state_before(in, out, n, t);
        const std::size_t row = static_cast<std::size_t>(n) * in.steps + t;
        const float* x = in.projected + row * 4 * U;
        float* saved = out.saved + row * 5 * U;
        float* state = out.states + row * U;
        for (int u = 0; u < U; ++u) {
          const double i = sigmoid(x[u] + recurrent(in, 4, h, u));
          const double f = sigmoid(x[U + u] + recurrent(in, 4, h, U + u));
          const double g = std::tanh(x[2 * U + u] + recurrent(in, 4, h, 2 * U + u));
          const double o = sigmoid(x[3 * U + u] + recurrent(in, 4, h, 3 * U + u));
          const double c = f * carry[u] + i * g;
          saved[u] = static_cast<float>(i);
          saved[U + u] = static_cast<float>(f);
          saved[2 * U + u] = static_cast<float>(g);
          saved[3 * U + u] = static_cast<float>(o);
          saved[4 * U + u] = static_cast<float>(in.mask[row] ? c : carry[u]);
          state[u] = static_cast<float>(in.mask[row] ? o * std::tanh(c) : h[u]);
        }
      }
      copy_last(in, out, n);
    }
  }

  static void lstm_backward(const Recurrence& in, const RecurrenceOutput& out, const RecurrenceGradient& gradient) {
    const int U = in.units;
    for (int n = 0; n < in.clips; ++n) {
      std::vector<double> dh(U, 0.0), d_carry(U, 0.0), d_gates(4 * U);
      for (int t = in.steps - 1; t >= 0; --t) {
        const auto [h, carry] = lstm_state_before(in, out, n, t);
        const std::size_t row = static_cast<std::size_t>(n) * in.steps + t;
        const float* saved = out.saved + row * 5 * U;
        float* dx = gradient.projected + row * 4 * U;
        add_incoming(in, gradient, n, t, dh);
        std::fill_n(dx, 4 * U, 0.0f);
        if (!in.mask[row]) continue;
        for (int u = 0; u < U; ++u) {
          const double i = saved[u], f = saved[U + u], g = saved[2 * U + u], o = saved[3 * U + u];
          const double tanh_c = std::tanh(double(saved[4 * U + u]));
          d_carry[u] += dh[u] * o * (1 - tanh_c * tanh_c);
          d_gates[u] = d_carry[u] * g * i * (1 - i);
          d_gates[U + u] = d_carry[u] * carry[u] * f * (1 - f);
          d_gates[2 * U + u] = d_carry[u] * i * (1 - g * g);
          d_gates[3 * U + u] = dh[u] * tanh_c * o * (1 - o);
          d_carry[u] *= f;
          dh[u] = 0;
        }
        for (int j = 0; j < 4 * U; ++j) dx[j] = static_cast<float>(d_gates[j]);
        recurrent_backward(in, 4, h, d_gates, gradient, dh);
      }
    }
  }

 private:
  /// Element `column` of h U + b.
  static double recurrent(const Recurrence& in, int gates, const float* h, int column) {
    double sum = in.recurrent_bias ? in.recurrent_bias[column] : 0.0;
    for (int k = 0; k < in.units; ++k) sum += double(h[k]) * in.recurrent_kernel[k * gates * in.units + column];
    return sum;
  }

  /// dU += h^T d, dh += d U^T.
  static void recurrent_backward(const Recurrence& in, int gates, const float* h, const std::vector<double>& d,
                                 const RecurrenceGradient& gradient, std::vector<double>& dh) {
    const int columns = gates * in.units;
    for (int k = 0; k < in.units; ++k) {
      for (int j = 0; j < columns; ++j) {
        gradient.recurrent_kernel[k * columns + j] += static_cast<float>(h[k] * d[j]);
        dh[k] += d[j] * in.recurrent_kernel[k * columns + j];
      }
    }
  }

  /// dh += what comes from the layers above at step t.
  static void add_incoming(const Recurrence& in, const RecurrenceGradient& gradient, int clip, int t,
                           std::vector<double>& dh) {
    const int U = in.units;
    for (int u = 0; u < U; ++u) {
      if (gradient.states) dh[u] += gradient.states[(static_cast<std::size_t>(clip) * in.steps + t) * U + u];
      if (gradient.last && t == in.steps - 1) dh[u] += gradient.last[static_cast<std::size_t>(clip) * U + u];
    }
  }

  static void copy_last(const Recurrence& in, const RecurrenceOutput& out, int clip) {
    if (!out.last) return;
    const std::size_t row = static_cast<std::size_t>(clip + 1) * in.steps - 1;
    std::copy_n(out.states + row * in.units, in.units, out.last + static_cast<std::size_t>(clip) * in.units);
  }
};

}  // namespace rcar::backend::reference

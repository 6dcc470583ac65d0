#pragma once
/// GRU and LSTM as loops that vectorise over the gates. A step's products are far too small for a call to BLAS (16
/// units: 768 multiply-adds, less than the call costs); the products that are large, x W and its gradients, go through
/// gemm.

#include <algorithm>
#include <cstddef>

#include "../host_memory.hpp"
#include "../recurrent.hpp"
#include "gate_functions.hpp"
#include "head_layers.hpp"

namespace rcar::backend::blas {

/// The primitives of RecurrentBackend; see reference/recurrent.hpp for the equations.
struct Recurrent : HostMemory, HeadLayers {
  static void gru(const Recurrence& in, const RecurrenceOutput& out) {
    const int U = in.units;
    for (int n = 0; n < in.clips; ++n) {
      for (int t = 0; t < in.steps; ++t) {
        const std::size_t row = static_cast<std::size_t>(n) * in.steps + t;
        const float* __restrict h = gru_state_before(in, out, n, t).state;
        float* __restrict state = out.states + row * U;
        if (!in.mask[row]) {
          std::copy_n(h, U, state);
          continue;
        }
        const float* __restrict x = in.projected + row * 3 * U;
        float* saved = out.saved + row * 4 * U;
        float* gates = saved + U;  // (3U) h U + b: each part stands where the gate before it is not yet needed
        std::copy_n(in.recurrent_bias, 3 * U, gates);
        add_product(U, 3 * U, h, in.recurrent_kernel, gates);
        for (int u = 0; u < U; ++u) saved[u] = gate_sigmoid(x[u] + gates[u]);
        for (int u = 0; u < U; ++u) saved[U + u] = gate_sigmoid(x[U + u] + gates[U + u]);
        for (int u = 0; u < U; ++u) saved[2 * U + u] = gate_tanh(x[2 * U + u] + saved[U + u] * saved[3 * U + u]);
        for (int u = 0; u < U; ++u) state[u] = saved[u] * h[u] + (1 - saved[u]) * saved[2 * U + u];
      }
      copy_last(in, out, n);
    }
  }

  static void gru_backward(const Recurrence& in, const RecurrenceOutput& out, const RecurrenceGradient& gradient) {
    const int U = in.units;
    float* __restrict dh = gradient.scratch;               // (U)
    float* __restrict d_recurrent = gradient.scratch + U;  // (3U)
    for (int n = 0; n < in.clips; ++n) {
      std::fill_n(dh, U, 0.0f);
      for (int t = in.steps - 1; t >= 0; --t) {
        const std::size_t row = static_cast<std::size_t>(n) * in.steps + t;
        float* __restrict dx = gradient.projected + row * 3 * U;
        add_incoming(in, gradient, n, t, dh);
        if (!in.mask[row]) {
          std::fill_n(dx, 3 * U, 0.0f);
          continue;
        }
        const float* __restrict h = gru_state_before(in, out, n, t).state;
        const float* __restrict z = out.saved + row * 4 * U;
        const float *r = z + U, *candidate = z + 2 * U, *inner = z + 3 * U;
        for (int u = 0; u < U; ++u) {
          const float d_candidate = dh[u] * (1 - z[u]) * (1 - candidate[u] * candidate[u]);
          const float d_z = dh[u] * (h[u] - candidate[u]) * z[u] * (1 - z[u]);
          const float d_r = d_candidate * inner[u] * r[u] * (1 - r[u]);
          dx[u] = d_recurrent[u] = d_z;
          dx[U + u] = d_recurrent[U + u] = d_r;
          dx[2 * U + u] = d_candidate;
          d_recurrent[2 * U + u] = d_candidate * r[u];
          dh[u] *= z[u];
        }
        product_backward(U, 3 * U, h, in.recurrent_kernel, d_recurrent, gradient.recurrent_kernel, dh);
        for (int j = 0; j < 3 * U; ++j) gradient.recurrent_bias[j] += d_recurrent[j];
      }
    }
  }

  static void lstm(const Recurrence& in, const RecurrenceOutput& out) {
    const int U = in.units;
    for (int n = 0; n < in.clips; ++n) {
      for (int t = 0; t < in.steps; ++t) {
        const std::size_t row = static_cast<std::size_t>(n) * in.steps + t;
        const StateBefore before = lstm_state_before(in, out, n, t);
        const float* __restrict h = before.state;
        const float* __restrict carry_before = before.carry;
        float* __restrict saved = out.saved + row * 5 * U;
        float* __restrict carry = saved + 4 * U;
        float* __restrict state = out.states + row * U;
        if (!in.mask[row]) {
          std::copy_n(h, U, state);
          std::copy_n(carry_before, U, carry);
          continue;
        }
        std::copy_n(in.projected + row * 4 * U, 4 * U, saved);
        add_product(U, 4 * U, h, in.recurrent_kernel, saved);
        for (int u = 0; u < 2 * U; ++u) saved[u] = gate_sigmoid(saved[u]);
        for (int u = 2 * U; u < 3 * U; ++u) saved[u] = gate_tanh(saved[u]);
        for (int u = 3 * U; u < 4 * U; ++u) saved[u] = gate_sigmoid(saved[u]);
        for (int u = 0; u < U; ++u) carry[u] = saved[U + u] * carry_before[u] + saved[u] * saved[2 * U + u];
        for (int u = 0; u < U; ++u) state[u] = saved[3 * U + u] * gate_tanh(carry[u]);
      }
      copy_last(in, out, n);
    }
  }

  static void lstm_backward(const Recurrence& in, const RecurrenceOutput& out, const RecurrenceGradient& gradient) {
    const int U = in.units;
    float* __restrict dh = gradient.scratch;           // (U)
    float* __restrict d_carry = gradient.scratch + U;  // (U)
    for (int n = 0; n < in.clips; ++n) {
      std::fill_n(dh, U, 0.0f);
      std::fill_n(d_carry, U, 0.0f);
      for (int t = in.steps - 1; t >= 0; --t) {
        const std::size_t row = static_cast<std::size_t>(n) * in.steps + t;
        float* __restrict dx = gradient.projected + row * 4 * U;
        add_incoming(in, gradient, n, t, dh);
        if (!in.mask[row]) {
          std::fill_n(dx, 4 * U, 0.0f);
          continue;
        }
        const StateBefore before = lstm_state_before(in, out, n, t);
        const float* __restrict i = out.saved + row * 5 * U;
        const float *f = i + U, *g = i + 2 * U, *o = i + 3 * U, *carry = i + 4 * U;
        for (int u = 0; u < U; ++u) {
          const float tanh_carry = gate_tanh(carry[u]);
          const float d = d_carry[u] + dh[u] * o[u] * (1 - tanh_carry * tanh_carry);
          dx[u] = d * g[u] * i[u] * (1 - i[u]);
          dx[U + u] = d * before.carry[u] * f[u] * (1 - f[u]);
          dx[2 * U + u] = d * i[u] * (1 - g[u] * g[u]);
          dx[3 * U + u] = dh[u] * tanh_carry * o[u] * (1 - o[u]);
          d_carry[u] = d * f[u];
          dh[u] = 0;
        }
        product_backward(U, 4 * U, before.state, in.recurrent_kernel, dx, gradient.recurrent_kernel, dh);
      }
    }
  }

 private:
  /// out (columns) += h (units) kernel (units, columns).
  static void add_product(int units, int columns, const float* __restrict h, const float* __restrict kernel,
                          float* __restrict out) {
    for (int k = 0; k < units; ++k, kernel += columns)
      for (int j = 0; j < columns; ++j) out[j] += h[k] * kernel[j];
  }

  /// d_kernel += h^T d, dh += d kernel^T.
  static void product_backward(int units, int columns, const float* __restrict h, const float* __restrict kernel,
                               const float* __restrict d, float* __restrict d_kernel, float* __restrict dh) {
    constexpr int lanes = 16;  // as many partial sums, so that the sum vectorises without reassociation
    for (int k = 0; k < units; ++k, kernel += columns, d_kernel += columns) {
      for (int j = 0; j < columns; ++j) d_kernel[j] += h[k] * d[j];
      float partial[lanes] = {};
      int j = 0;
      for (; j + lanes <= columns; j += lanes)
        for (int l = 0; l < lanes; ++l) partial[l] += d[j + l] * kernel[j + l];
      float sum = 0;
      for (; j < columns; ++j) sum += d[j] * kernel[j];
      for (float part : partial) sum += part;
      dh[k] += sum;
    }
  }

  /// dh += what comes from the layers above at step t.
  static void add_incoming(const Recurrence& in, const RecurrenceGradient& gradient, int clip, int t,
                           float* __restrict dh) {
    const std::size_t U = static_cast<std::size_t>(in.units);
    const float* by_state =
        gradient.states ? gradient.states + (static_cast<std::size_t>(clip) * in.steps + t) * U : nullptr;
    const float* by_last = gradient.last && t == in.steps - 1 ? gradient.last + clip * U : nullptr;
    for (const float* incoming : {by_state, by_last})
      if (incoming)
        for (std::size_t u = 0; u < U; ++u) dh[u] += incoming[u];
  }

  static void copy_last(const Recurrence& in, const RecurrenceOutput& out, int clip) {
    if (!out.last) return;
    const std::size_t row = static_cast<std::size_t>(clip + 1) * in.steps - 1;
    std::copy_n(out.states + row * in.units, in.units, out.last + static_cast<std::size_t>(clip) * in.units);
  }
};

}  // namespace rcar::backend::blas

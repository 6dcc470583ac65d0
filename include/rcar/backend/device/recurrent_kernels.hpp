#pragma once
/// GRU and LSTM: a block of threads takes a clip from its first step to its last, so that a whole recurrence is one
/// kernel and the state between steps never leaves the block. See reference/recurrent.hpp for the equations.
///
/// The gradients of the recurrent kernel are sums over all clips and steps. A second kernel takes them: a block a row
/// of the gradient, whose parts are summed in order, so that the bits never change.

#include <cstddef>

#include "../recurrent.hpp"
#include "functions.hpp"
#include "host_device.hpp"

namespace rcar::backend::device {

/// What the kernels of one recurrence share. A row is a step of a clip.
struct RecurrentPass {
  Recurrence in;
  RecurrenceOutput out;
  int gates = 0, saved_per_unit = 0;

  /// Floats of memory that a block shares for a value a unit: rounded up, since a GPU's compiler reads four at a time,
  /// and what stands behind may be written at that moment.
  RCAR_HOST_DEVICE static constexpr int room(int units) { return (units + 3) / 4 * 4; }

  RCAR_HOST_DEVICE int columns() const { return gates * in.units; }
  RCAR_HOST_DEVICE std::ptrdiff_t row(int clip, int step) const {
    return static_cast<std::ptrdiff_t>(clip) * in.steps + step;
  }
  RCAR_HOST_DEVICE float* saved(std::ptrdiff_t row) const { return out.saved + row * saved_per_unit * in.units; }

  /// Unit u of the state before a step; of the carry too, where there is one (LSTM).
  RCAR_HOST_DEVICE float state_before(int clip, int step, int u) const {
    const float* before = step == 0 ? in.initial + static_cast<std::ptrdiff_t>(clip) * (gates == 4 ? 2 : 1) * in.units
                                    : out.states + (row(clip, step) - 1) * in.units;
    return before[u];
  }
  RCAR_HOST_DEVICE float carry_before(int clip, int step, int u) const {
    if (step == 0) return in.initial[(static_cast<std::ptrdiff_t>(clip) * 2 + 1) * in.units + u];
    return saved(row(clip, step) - 1)[4 * in.units + u];
  }

  /// Column j of h U + b.
  RCAR_HOST_DEVICE float product(const float* h, int j) const {
    float sum = in.recurrent_bias ? in.recurrent_bias[j] : 0.0f;
    for (int k = 0; k < in.units; ++k) sum += h[k] * in.recurrent_kernel[k * columns() + j];
    return sum;
  }
  RCAR_HOST_DEVICE void write_state(int clip, int step, int u, float h) const {
    out.states[row(clip, step) * in.units + u] = h;
    if (out.last && step == in.steps - 1) out.last[static_cast<std::ptrdiff_t>(clip) * in.units + u] = h;
  }
};

struct GruForward {
  RecurrentPass pass;

  static std::size_t shared_floats(int units) {
    return static_cast<std::size_t>(RecurrentPass::room(units) + 3 * units);
  }

  template <class Block>
  RCAR_HOST_DEVICE void operator()(const Block& block, int clip, float* shared) const {
    const int U = pass.in.units;
    float *h = shared, *gates = shared + RecurrentPass::room(U);
    block.each(U, [&](int u) { h[u] = pass.state_before(clip, 0, u); });
    for (int t = 0; t < pass.in.steps; ++t) {
      const std::ptrdiff_t row = pass.row(clip, t);
      if (pass.in.mask[row]) {
        block.each(3 * U, [&](int j) { gates[j] = pass.product(h, j); });
        block.each(U, [&](int u) {
          const float* x = pass.in.projected + row * 3 * U;
          const float z = sigmoid(x[u] + gates[u]), r = sigmoid(x[U + u] + gates[U + u]), inner = gates[2 * U + u];
          const float candidate = ::tanhf(x[2 * U + u] + r * inner);
          float* saved = pass.saved(row);
          saved[u] = z, saved[U + u] = r, saved[2 * U + u] = candidate, saved[3 * U + u] = inner;
          h[u] = z * h[u] + (1 - z) * candidate;
        });
      }
      block.each(U, [&](int u) { pass.write_state(clip, t, u, h[u]); });
    }
  }
};

struct LstmForward {
  RecurrentPass pass;

  static std::size_t shared_floats(int units) {
    return static_cast<std::size_t>(2 * RecurrentPass::room(units) + 4 * units);
  }

  template <class Block>
  RCAR_HOST_DEVICE void operator()(const Block& block, int clip, float* shared) const {
    const int U = pass.in.units;
    float *h = shared, *carry = h + RecurrentPass::room(U), *gates = carry + RecurrentPass::room(U);
    block.each(U, [&](int u) { h[u] = pass.state_before(clip, 0, u), carry[u] = pass.carry_before(clip, 0, u); });
    for (int t = 0; t < pass.in.steps; ++t) {
      const std::ptrdiff_t row = pass.row(clip, t);
      const bool seen = pass.in.mask[row];
      if (seen) block.each(4 * U, [&](int j) { gates[j] = pass.in.projected[row * 4 * U + j] + pass.product(h, j); });
      block.each(U, [&](int u) {
        float* saved = pass.saved(row);
        if (seen) {
          const float i = sigmoid(gates[u]), f = sigmoid(gates[U + u]), g = ::tanhf(gates[2 * U + u]),
                      o = sigmoid(gates[3 * U + u]);
          carry[u] = f * carry[u] + i * g;
          h[u] = o * ::tanhf(carry[u]);
          saved[u] = i, saved[U + u] = f, saved[2 * U + u] = g, saved[3 * U + u] = o;
        }
        saved[4 * U + u] = carry[u];
        pass.write_state(clip, t, u, h[u]);
      });
    }
  }
};

/// The way back through a clip: writes the gradient by x W, (N, T, GU).
struct RecurrentBackward {
  RecurrentPass pass;
  const float *by_states = nullptr, *by_last = nullptr;  // (N, T, U), (N, U); null: not wanted
  float* d_projected = nullptr;

  /// d h, d carry, then of every gate d and the parts of d h that it brings, then the recurrent kernel.
  static std::size_t shared_floats(int units, int columns) {
    return static_cast<std::size_t>(10 * RecurrentPass::room(units) + kernel_floats(units, columns));
  }
  /// Of the recurrent kernel; 0 where it is too large and read from the device's memory in every step.
  RCAR_HOST_DEVICE static constexpr int kernel_floats(int units, int columns) {
    return units * columns <= 8192 ? units * columns : 0;
  }

  template <class Block>
  RCAR_HOST_DEVICE void operator()(const Block& block, int clip, float* shared) const {
    const int U = pass.in.units, columns = pass.columns(), room = RecurrentPass::room(U);
    float *dh = shared, *d_carry = dh + room, *d = d_carry + room, *parts = d + 4 * room;  // d: by h U + b
    float* kernel = parts + 4 * room;  // (U, gates, U): what a thread reads next to what its neighbour does
    const bool near = kernel_floats(U, columns) > 0;
    block.each(near ? U * columns : 0, [&](int i) {
      const int k = i / columns, column = i % columns, gate = column / U, j = column % U;
      kernel[j * columns + gate * U + k] = pass.in.recurrent_kernel[i];
    });
    block.each(U, [&](int u) { dh[u] = d_carry[u] = 0; });
    for (int t = pass.in.steps - 1; t >= 0; --t) {
      const std::ptrdiff_t row = pass.row(clip, t);
      float* dx = d_projected + row * columns;
      const bool seen = pass.in.mask[row];
      if (!seen) block.each(columns, [&](int j) { dx[j] = 0; });
      block.each(U, [&](int u) {
        if (by_states) dh[u] += by_states[row * U + u];
        if (by_last && t == pass.in.steps - 1) dh[u] += by_last[static_cast<std::ptrdiff_t>(clip) * U + u];
        if (!seen) return;
        if (pass.gates == 3)
          gru_unit(clip, t, u, dh, d, dx);
        else
          lstm_unit(clip, t, u, dh, d_carry, d, dx);
      });
      if (!seen) continue;
      block.each(columns, [&](int i) {
        const int gate = i / U, k = i % U;
        const float* weights = near ? kernel + i : pass.in.recurrent_kernel + k * columns + gate * U;
        const int apart = near ? columns : 1;
        float sum = 0;
        for (int j = 0; j < U; ++j) sum += d[gate * U + j] * weights[j * apart];
        parts[i] = sum;
      });
      block.each(U, [&](int k) {
        float sum = dh[k];
        for (int gate = 0; gate < pass.gates; ++gate) sum += parts[gate * U + k];
        dh[k] = sum;
      });
    }
  }

 private:
  RCAR_HOST_DEVICE void gru_unit(int clip, int t, int u, float* dh, float* d, float* dx) const {
    const int U = pass.in.units;
    const float* saved = pass.saved(pass.row(clip, t));
    const float z = saved[u], r = saved[U + u], candidate = saved[2 * U + u], inner = saved[3 * U + u];
    const float before = pass.state_before(clip, t, u);  // all is read before anything is written
    const float d_candidate = dh[u] * (1 - z) * (1 - candidate * candidate);
    dx[u] = d[u] = dh[u] * (before - candidate) * z * (1 - z);
    dx[U + u] = d[U + u] = d_candidate * inner * r * (1 - r);
    dx[2 * U + u] = d_candidate;
    d[2 * U + u] = d_candidate * r;
    dh[u] *= z;
  }

  RCAR_HOST_DEVICE void lstm_unit(int clip, int t, int u, float* dh, float* d_carry, float* d, float* dx) const {
    const int U = pass.in.units;
    const float* saved = pass.saved(pass.row(clip, t));
    const float i = saved[u], f = saved[U + u], g = saved[2 * U + u], o = saved[3 * U + u];
    const float tanh_carry = ::tanhf(saved[4 * U + u]), before = pass.carry_before(clip, t, u);
    const float d_c = d_carry[u] + dh[u] * o * (1 - tanh_carry * tanh_carry);
    dx[u] = d[u] = d_c * g * i * (1 - i);
    dx[U + u] = d[U + u] = d_c * before * f * (1 - f);
    dx[2 * U + u] = d[2 * U + u] = d_c * i * (1 - g * g);
    dx[3 * U + u] = d[3 * U + u] = dh[u] * tanh_carry * o * (1 - o);
    d_carry[u] = d_c * f;
    dh[u] = 0;
  }
};

/// The recurrent kernel's gradient, added to what is there: the sum over clips and steps of h[k] d, and as row U the
/// recurrent bias's. A block takes `Columns` columns of a row; its threads each sum every `Parts`-th clip of one
/// column, and the parts are summed in order.
struct RecurrentKernelGradient {
  static constexpr int Columns = 32, Parts = 32;
  static constexpr int threads = Columns * Parts, shared_floats = Columns * Parts;

  RecurrentPass pass;
  const float* d_projected = nullptr;
  float *d_kernel = nullptr, *d_bias = nullptr;
  int groups = 1;  // of columns

  template <class Block>
  RCAR_HOST_DEVICE void operator()(const Block& block, int index, float* sums) const {
    const int k = index / groups, first = index % groups * Columns, U = pass.in.units, columns = pass.columns();
    block.each(threads, [&](int thread) {
      const int j = first + thread % Columns;
      sums[thread] = j < columns ? sum_of(thread / Columns, k, j) : 0.0f;
    });
    block.each(Columns, [&](int thread) {
      const int j = first + thread;
      if (j >= columns) return;
      float sum = 0;
      for (int part = 0; part < Parts; ++part) sum += sums[part * Columns + thread];
      (k < U ? d_kernel[static_cast<std::ptrdiff_t>(k) * columns + j] : d_bias[j]) += sum;
    });
  }

 private:
  RCAR_HOST_DEVICE float sum_of(int part, int k, int j) const {
    const int U = pass.in.units, columns = pass.columns();
    const bool inner = pass.gates == 3 && j >= 2 * U;  // follows r; what precedes it is x W's part alone
    float sum = 0;
    for (int clip = part; clip < pass.in.clips; clip += Parts) {
      RCAR_UNROLL_BY(4)
      for (int t = 0; t < pass.in.steps; ++t) {  // no branch, so that several steps are on their way at once
        const std::ptrdiff_t row = pass.row(clip, t);
        float d = d_projected[row * columns + j];
        if (inner) d *= pass.saved(row)[j - U];
        const float h = k < U ? pass.state_before(clip, t, k) : 1.0f;
        sum += pass.in.mask[row] ? h * d : 0.0f;
      }
    }
    return sum;
  }
};

}  // namespace rcar::backend::device

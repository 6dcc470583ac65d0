#pragma once
/// How the parameters of a head start, as Keras starts them.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../core/random.hpp"
#include "layer.hpp"

namespace rcar::heads {

/// Uniform in +-sqrt(6 / (fan_in + fan_out)), the fans being those of the whole kernel. Glorot and Bengio 2010.
inline void glorot_uniform(int fan_in, int fan_out, Random& random, std::span<float> values) {
  const float limit = std::sqrt(6.0f / static_cast<float>(fan_in + fan_out));
  for (float& value : values) value = random.uniform(-limit, limit);
}

/// A random matrix (rows, columns) whose rows (or columns, whichever are fewer) are orthonormal: Q of the QR
/// decomposition of normal numbers, R's diagonal being positive. Saxe et al. 2014 (arXiv:1312.6120).
inline void orthogonal(int rows, int columns, Random& random, std::span<float> values) {
  const int count = std::min(rows, columns), length = std::max(rows, columns);
  std::vector<std::vector<double>> basis;
  const auto dot = [&](const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (int i = 0; i < length; ++i) sum += a[i] * b[i];
    return sum;
  };
  while (static_cast<int>(basis.size()) < count) {  // Gram-Schmidt gives the Q with positive diagonal
    std::vector<double> v(length);
    for (double& x : v) x = random.normal();
    for (int pass = 0; pass < 2; ++pass)  // twice is enough (Giraud et al. 2005)
      for (const auto& b : basis) {
        const double along = dot(v, b);
        for (int i = 0; i < length; ++i) v[i] -= along * b[i];
      }
    const double norm = std::sqrt(dot(v, v));
    if (norm < 1e-6) continue;
    for (double& x : v) x /= norm;
    basis.push_back(std::move(v));
  }
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c)
      values[static_cast<std::size_t>(r) * columns + c] =
          static_cast<float>(rows < columns ? basis[r][c] : basis[c][r]);
}

/// Fills one parameter. `stream` tells the parameters of a head apart, so that each has its own random numbers.
inline void initialize(const TensorSpec& spec, std::uint64_t seed, std::uint64_t stream, std::span<float> values) {
  Random random(seed, stream);
  std::fill(values.begin(), values.end(), 0.0f);
  switch (spec.initializer) {
    case Initializer::glorot_uniform:
      return glorot_uniform(spec.rows, spec.columns, random, values);
    case Initializer::orthogonal:
      return orthogonal(spec.rows, spec.columns, random, values);
    case Initializer::lstm_bias: {  // Keras's unit_forget_bias; order of gates i, f, c, o
      const std::size_t units = values.size() / 4;
      std::fill_n(values.begin() + units, units, 1.0f);
      return;
    }
    case Initializer::zeros:
      return;
  }
}

}  // namespace rcar::heads

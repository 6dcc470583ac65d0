#pragma once
/// The matrices of Winograd's minimal filtering, made by the compiler from their interpolation points.
///
/// m outputs of a filter of r taps need n = m + r - 1 products instead of m r:
///
///     y = A^T [(G g) * (B^T d)],    d (n) inputs, g (r) taps, * by element
///
/// (Lavin and Gray 2015, arXiv:1509.09308; the matrices by Toom and Cook's interpolation at n - 1 points and infinity.)
/// Points come in pairs a, -a, whose rows of B^T and columns of A^T differ by the sign of every second entry: the
/// transforms compute both from one even and one odd sum. Rows of B^T are scaled by powers of two to entries near 1,
/// and G by the inverse. Rounding errors of one layer in float32, root mean square over standard deviation, 96
/// channels: n = 6 2e-6, 7 3e-6, 8 4e-6, 10 3e-6, 12 7e-6.

#include <array>
#include <cstddef>

namespace rcar::backend::native {

/// The finite interpolation points for n products: 0 where n is even, then pairs.
template <int N>
constexpr std::array<double, N - 1> winograd_points() {
  constexpr double pairs[] = {1, 2, 0.5, 1.5, 2.0 / 3};
  static_assert(N >= 3 && N <= 12, "five pairs of points are listed");
  std::array<double, N - 1> points{};
  const int zero = N % 2 == 0 ? 1 : 0;
  for (int i = zero; i < N - 1; ++i) points[i] = (i - zero) % 2 == 0 ? pairs[(i - zero) / 2] : -pairs[(i - zero) / 2];
  if constexpr (N == 10) points[N - 3] = 2.0 / 3, points[N - 2] = -2.0 / 3;  // smaller errors than 3/2
  return points;
}

/// F(Outputs, Taps) along one dimension; two dimensions nest it.
template <int Outputs, int Taps>
struct WinogradMatrices {
  static constexpr int m = Outputs, r = Taps, n = Outputs + Taps - 1;
  /// The first of the paired points, which go from here to n - 2.
  static constexpr int first_pair = n % 2 == 0 ? 1 : 0;

  std::array<std::array<float, n>, m> at{};
  std::array<std::array<double, r>, n> g{};
  std::array<std::array<float, n>, n> bt{};

  constexpr WinogradMatrices() {
    const auto points = winograd_points<n>();
    for (int j = 0; j < n - 1; ++j) {
      double power = 1;
      for (int i = 0; i < m; ++i, power *= points[j]) at[i][j] = static_cast<float>(power);
      double scale = 1;
      for (int l = 0; l < n - 1; ++l)
        if (l != j) scale *= points[j] - points[l];
      std::array<double, n> row = product_of_roots(points, j);
      const double balance = power_of_two_near(row);
      power = 1;
      for (int k = 0; k < r; ++k, power *= points[j]) g[j][k] = power / scale * balance;
      for (int k = 0; k < n; ++k) bt[j][k] = static_cast<float>(row[k] / balance);
    }
    at[m - 1][n - 1] = 1;
    std::array<double, n> row = product_of_roots(points, -1);
    const double balance = power_of_two_near(row);
    g[n - 1][r - 1] = balance;
    for (int k = 0; k < n; ++k) bt[n - 1][k] = static_cast<float>(row[k] / balance);
  }

 private:
  /// Coefficients of the product of (x - point) over all points but `left_out`.
  static constexpr std::array<double, n> product_of_roots(const std::array<double, n - 1>& points, int left_out) {
    std::array<double, n> coefficients{};
    coefficients[0] = 1;
    int degree = 0;
    for (int l = 0; l < n - 1; ++l) {
      if (l == left_out) continue;
      ++degree;
      for (int k = degree; k >= 0; --k)
        coefficients[k] = (k > 0 ? coefficients[k - 1] : 0) - (k < degree ? points[l] * coefficients[k] : 0);
    }
    return coefficients;
  }

  static constexpr double power_of_two_near(const std::array<double, n>& row) {
    double largest = 0, power = 1;
    for (double x : row) largest = x > largest ? x : -x > largest ? -x : largest;
    while (power * 1.4142 < largest) power *= 2;
    while (power > largest * 1.4142) power /= 2;
    return power;
  }
};

template <int Outputs, int Taps>
inline constexpr WinogradMatrices<Outputs, Taps> winograd_matrices{};

}  // namespace rcar::backend::native

#include <rcar/backend/blas/gate_functions.hpp>

#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>

namespace {

using namespace rcar::backend::blas;

/// The largest error of `ours` in units in the last place over [low, high].
template <class Ours, class Exact>
double worst_error(double low, double high, Ours ours, Exact exact) {
  double worst = 0;
  for (int i = 0; i <= 400'000; ++i) {
    const float x = static_cast<float>(low + (high - low) * i / 400'000);
    const double truth = exact(double(x));
    const float rounded = static_cast<float>(truth);
    const double unit = std::nextafter(std::abs(rounded), std::numeric_limits<float>::infinity()) - std::abs(rounded);
    worst = std::max(worst, std::abs(double(ours(x)) - truth) / unit);
  }
  return worst;
}

double exact_sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

TEST_CASE("gate functions are within three units in the last place") {
  CHECK(worst_error(-87, 88, gate_exp, [](double x) { return std::exp(x); }) < 2);
  CHECK(worst_error(-80, 80, gate_sigmoid, exact_sigmoid) < 3);
  CHECK(worst_error(-20, 20, gate_tanh, [](double x) { return std::tanh(x); }) < 3);
  CHECK(worst_error(-1e-3, 1e-3, gate_tanh, [](double x) { return std::tanh(x); }) < 3);
}

TEST_CASE("gate functions saturate and keep NaN") {
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(gate_exp(-infinity) == 0);
  CHECK(std::isfinite(gate_exp(infinity)));
  CHECK(gate_sigmoid(-infinity) < 1e-38f);
  CHECK(gate_sigmoid(infinity) == 1);
  CHECK(gate_tanh(-infinity) == -1);
  CHECK(gate_tanh(infinity) == 1);
  CHECK(std::isnan(gate_sigmoid(std::nanf(""))));
  CHECK(std::isnan(gate_tanh(std::nanf(""))));
}

#include <rcar/heads/initializers.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

namespace {

using namespace rcar;
using namespace rcar::heads;

std::vector<float> drawn(const TensorSpec& spec, std::uint64_t seed = 1, std::uint64_t stream = 0) {
  std::vector<float> values(spec.size(), 9.0f);
  initialize(spec, seed, stream, values);
  return values;
}

}  // namespace

TEST_CASE("Glorot's limit is that of the whole kernel's fans") {
  const auto values = drawn({"kernel", 2048, 48, Initializer::glorot_uniform});
  const double limit = std::sqrt(6.0 / (2048 + 48));
  double sum = 0, squares = 0;
  for (float x : values) {
    REQUIRE(std::abs(x) <= limit);
    sum += x;
    squares += double(x) * x;
  }
  const double n = double(values.size());
  CHECK(std::abs(sum / n) < 4 * limit / std::sqrt(3 * n));
  CHECK(squares / n == Approx(limit * limit / 3).epsilon(0.02));
  CHECK(*std::max_element(values.begin(), values.end()) > 0.999 * limit);
}

TEST_CASE("an orthogonal kernel's shorter side is orthonormal") {
  const auto wide = drawn({"recurrent_kernel", 16, 48, Initializer::orthogonal});
  for (int a = 0; a < 16; ++a)
    for (int b = 0; b < 16; ++b) {
      double dot = 0;
      for (int j = 0; j < 48; ++j) dot += double(wide[a * 48 + j]) * wide[b * 48 + j];
      CHECK(std::abs(dot - (a == b)) < 1e-6);
    }
  const auto tall = drawn({"kernel", 7, 3, Initializer::orthogonal});
  for (int a = 0; a < 3; ++a)
    for (int b = 0; b < 3; ++b) {
      double dot = 0;
      for (int j = 0; j < 7; ++j) dot += double(tall[j * 3 + a]) * tall[j * 3 + b];
      CHECK(std::abs(dot - (a == b)) < 1e-6);
    }
}

TEST_CASE("orthogonal kernels favour no direction") {
  double sum = 0;  // without the sign correction of Q the diagonal would lean to one side
  for (std::uint64_t seed = 0; seed < 400; ++seed) sum += drawn({"k", 2, 2, Initializer::orthogonal}, seed)[0];
  CHECK(std::abs(sum / 400) < 4 * std::sqrt(0.5 / 400));
}

TEST_CASE("an LSTM's forget bias starts at one, every other at zero") {
  const auto bias = drawn({"bias", 0, 12, Initializer::lstm_bias});
  CHECK(bias == std::vector<float>{0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0});
  CHECK(drawn({"bias", 2, 6, Initializer::zeros}) == std::vector<float>(12, 0.0f));
}

TEST_CASE("initial weights follow seed and stream") {
  const TensorSpec spec{"kernel", 4, 4, Initializer::glorot_uniform};
  CHECK(drawn(spec, 1, 0) == drawn(spec, 1, 0));
  CHECK(drawn(spec, 1, 0) != drawn(spec, 2, 0));
  CHECK(drawn(spec, 1, 0) != drawn(spec, 1, 1));
}

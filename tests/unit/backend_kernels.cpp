#include <rcar/backend/simd/kernels.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tests/support/maps.hpp"

namespace {

using namespace rcar;
using backend::InstructionSet;

std::vector<InstructionSet> available() {
  std::vector<InstructionSet> sets;
  for (auto set : backend::instruction_sets)
    if (set <= backend::hardware_instruction_set()) sets.push_back(set);
  return sets;
}

std::vector<float> activated(InstructionSet set, Activation activation, const std::vector<float>& x) {
  std::vector<float> y(x.size());
  const int count = static_cast<int>(x.size());
  backend::simd::kernels(set).finish(activation, x.data(), count, nullptr, nullptr, 0, y.data(), count, 1, count);
  return y;
}

TEST_CASE("vector activations are within 1e-6 of the exact values on every instruction set") {
  std::vector<float> x;
  for (int i = -8000; i <= 8000; ++i) x.push_back(static_cast<float>(i) * 0.01f);
  for (float tiny : {1e-3f, 1e-6f, 1e-20f}) {
    x.push_back(tiny);
    x.push_back(-tiny);
  }
  for (auto set : available()) {
    INFO(backend::to_string(set));
    const auto sigmoid = activated(set, Activation::sigmoid, x), swish = activated(set, Activation::swish, x),
               tanh = activated(set, Activation::tanh, x);
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double exact = 1 / (1 + std::exp(-double(x[i])));
      worst = std::max(worst, std::abs(sigmoid[i] / exact - 1));
      if (x[i] != 0) {
        worst = std::max(worst, std::abs(swish[i] / (x[i] * exact) - 1));
        worst = std::max(worst, std::abs(tanh[i] / std::tanh(double(x[i])) - 1));
      }
    }
    CHECK(worst < 1e-6);
  }
}

TEST_CASE("vector activations go to their limits and keep NaN on every instruction set") {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (auto set : available()) {
    INFO(backend::to_string(set));
    CHECK(activated(set, Activation::sigmoid, {inf, 1000, -1000}) ==
          std::vector<float>{1, 1, activated(set, Activation::sigmoid, {-1000})[0]});
    CHECK(activated(set, Activation::sigmoid, {-1000})[0] < 1e-30f);
    CHECK(activated(set, Activation::swish, {1000})[0] == 1000);
    CHECK(std::abs(activated(set, Activation::swish, {-1000})[0]) < 1e-25f);
    CHECK(activated(set, Activation::tanh, {1000, -1000}) == std::vector<float>{1, -1});
    for (auto activation : {Activation::linear, Activation::relu, Activation::relu6, Activation::swish,
                            Activation::sigmoid, Activation::tanh})
      CHECK(std::isnan(activated(set, activation, {nan})[0]));
  }
}

TEST_CASE("every instruction set gives the baseline's depthwise convolutions and poolings") {
  for (int channels : {3, 16, 24, 50}) {
    const Extent in_extent{9, 13, channels}, out_extent{5, 7, channels};
    const Window window{3, 3, 2, 2, 1, 1, 1, 1};
    const test::OwnedMap in(in_extent, 1, 4, 1);
    const auto kernel = test::random_values(static_cast<std::size_t>(9 * channels), 2);
    const auto bias = test::random_values(static_cast<std::size_t>(channels), 3);
    const auto run = [&](InstructionSet set) {
      const auto& k = backend::simd::kernels(set);
      test::OwnedMap depthwise(out_extent, 2, 1, 4), largest(out_extent, 0, 1, 4), mean(out_extent, 1, 0, 4);
      backend::simd::depthwise_kernel(set)(Activation::swish, in.map(), window, kernel.data(), bias.data(),
                                           depthwise.map(), {0, 5});
      k.max_pooling(in.map(), window, largest.map(), {0, 5});
      k.average_pooling(in.map(), window, mean.map(), {0, 5});
      auto all = depthwise.values;
      all.insert(all.end(), largest.values.begin(), largest.values.end());
      all.insert(all.end(), mean.values.begin(), mean.values.end());
      return all;
    };
    const auto expected = run(InstructionSet::baseline);
    for (auto set : available()) {
      INFO(backend::to_string(set) << ", " << channels << " channels");
      CHECK(test::relative_difference(run(set), expected) < 1e-6);
    }
  }
}

TEST_CASE("every instruction set multiplies a vector by a matrix") {
  for (auto set : available()) {
    for (int depth : {1, 4, 7, 30}) {
      for (int columns : {1, 5, 16, 45}) {
        const auto vector = test::random_values(static_cast<std::size_t>(depth), 1);
        const auto matrix = test::random_values(static_cast<std::size_t>(depth * columns), 2);
        std::vector<float> out(static_cast<std::size_t>(columns), NAN), expected;
        backend::simd::kernels(set).vector_times_matrix(vector.data(), matrix.data(), out.data(), depth, columns);
        for (int c = 0; c < columns; ++c) {
          double sum = 0;
          for (int d = 0; d < depth; ++d)
            sum += double(vector[static_cast<std::size_t>(d)]) * matrix[static_cast<std::size_t>(d * columns + c)];
          expected.push_back(static_cast<float>(sum));
        }
        CHECK(test::relative_difference(out, expected) < 1e-6);
      }
    }
  }
}

}  // namespace

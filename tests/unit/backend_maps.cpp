#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <vector>

#include "tests/support/backends.hpp"
#include "tests/support/maps.hpp"

namespace {

using namespace rcar;
using backend::KernelShape;
using backend::Reference;
using backend::Rows;
using test::OwnedMap;

// The oracle itself is checked by backend_reference.cpp, against numbers worked out by hand.

struct Case {
  Extent in;
  Window window;
  int out_channels;

  Extent out() const {
    return {(in.height + window.pad_top + window.pad_bottom - window.kernel_height) / window.stride_height + 1,
            (in.width + window.pad_left + window.pad_right - window.kernel_width) / window.stride_width + 1,
            out_channels};
  }
};

// Odd sizes, channels that fill no vector, asymmetric padding, strides, windows larger than what the padding leaves.
const std::vector<Case> cases{
    {{7, 5, 3}, {3, 3, 2, 2, 0, 1, 0, 1}, 8},      {{9, 11, 17}, {3, 3, 1, 1, 1, 1, 1, 1}, 17},
    {{6, 6, 32}, {5, 5, 2, 2, 1, 2, 1, 2}, 32},    {{12, 12, 20}, {1, 7, 1, 1, 0, 0, 3, 3}, 20},
    {{12, 13, 20}, {7, 1, 1, 1, 3, 3, 0, 0}, 20},  {{8, 8, 33}, {1, 1, 1, 1, 0, 0, 0, 0}, 5},
    {{1, 1, 70}, {1, 1, 1, 1, 0, 0, 0, 0}, 19},    {{2, 2, 16}, {5, 5, 1, 1, 2, 2, 2, 2}, 16},
    {{40, 37, 24}, {1, 1, 1, 1, 0, 0, 0, 0}, 130}, {{30, 31, 48}, {3, 3, 1, 1, 0, 0, 0, 0}, 40},
    {{1, 1, 4}, {3, 3, 2, 2, 1, 1, 1, 1}, 4},      {{9, 8, 16}, {1, 1, 2, 2, 0, 0, 0, 0}, 16},
    {{25, 23, 16}, {5, 5, 1, 1, 2, 2, 2, 2}, 48},  {{12, 12, 32}, {7, 1, 1, 1, 3, 3, 0, 0}, 80},
    {{12, 11, 32}, {1, 7, 1, 1, 0, 0, 3, 3}, 64},  {{20, 31, 48}, {3, 3, 1, 1, 1, 1, 1, 1}, 96},
    {{14, 13, 64}, {1, 1, 1, 1, 0, 0, 0, 0}, 144}, {{2, 30, 16}, {9, 9, 1, 1, 4, 4, 4, 4}, 16},
};

/// The channels of a map that one call computes.
template <class AnyMap>
AnyMap slice(AnyMap map, Rows rows, int channels) {
  if (map) map.data += rows.first_channel, map.extent.channels = channels;
  return map;
}

/// Runs a primitive on a whole step, in the blocks that the back end asks for when so many threads share it, as Network
/// does: run(rows, channels, scratch).
template <class B, class Run>
void by_blocks(StepKind kind, const Case& c, const KernelShape& kernel, bool scaled, int parts, Run run) {
  const backend::StepShape shape{kind, c.window, c.in, c.out(), kernel, scaled};
  const backend::BlockSize block = B::block(shape, parts);
  REQUIRE(block.rows >= 1);
  REQUIRE(block.channels >= 1);
  test::Scratch scratch(B::scratch_floats(shape));
  for (int channel = 0; channel < c.out().channels; channel += block.channels)
    for (int begin = 0; begin < c.out().height; begin += block.rows)
      run(Rows{begin, std::min(begin + block.rows, c.out().height), channel},
          std::min(block.channels, c.out().channels - channel), scratch.data());
  CHECK(scratch.untouched());  // no more scratch was used than asked for
}

constexpr Activation activations[] = {Activation::linear, Activation::relu,    Activation::relu6,
                                      Activation::swish,  Activation::sigmoid, Activation::tanh};

/// Whether products are of numbers with ten bits' mantissa (TF32).
template <class B>
constexpr bool multiplies_ten_bits = false;
template <class B>
requires requires { B::precision; }
constexpr bool multiplies_ten_bits<B> = B::precision == backend::Precision::tf32;

TEMPLATE_TEST_CASE("a convolution is the naive one", "[backend]", RCAR_PRIMITIVES_UNDER_TEST) {
  std::uint64_t seed = 1;
  for (const Case& c : cases) {
    for (int variant = 0; variant < 6; ++variant) {
      const bool scaled = variant % 2 == 1 && c.window == Window{}, added = variant >= 3;
      const KernelShape kernel{c.window.kernel_height, c.window.kernel_width, c.in.channels, c.out_channels, false};
      auto values = test::random_values(kernel.size(), ++seed);
      const auto bias = test::random_values(static_cast<std::size_t>(c.out_channels), ++seed);
      const auto scale = test::random_values(static_cast<std::size_t>(c.in.channels), ++seed, 0, 1);
      OwnedMap in(c.in, variant % 3, 2 * (variant % 2), ++seed);
      const OwnedMap residual(c.out(), 1, 2, ++seed);
      OwnedMap out(c.out(), 3 * (variant % 2), variant % 3, ++seed), expected = out;
      if (multiplies_ten_bits<TestType>) test::cut_to_ten_bits(values), test::cut_to_ten_bits(in.values);
      const auto outside = out.outside();
      const auto residual_map = added ? residual.map() : backend::ConstMap{};
      const float* scale_or_none = scaled ? scale.data() : nullptr;
      const auto activation = activations[variant];

      const backend::StepShape step{StepKind::convolution, c.window, c.in, c.out(), kernel, scaled};
      const auto weights = TestType::pack(step, values, bias);
      by_blocks<TestType>(
          StepKind::convolution, c, kernel, scaled, 1 + variant % 4, [&](Rows rows, int channels, float* scratch) {
            TestType::convolution(in.map(), scale_or_none, c.window, weights, activation,
                                  slice(residual_map, rows, channels), slice(out.map(), rows, channels), rows, scratch);
          });
      Reference::convolution(in.map(), scale_or_none, c.window, Reference::pack(step, values, bias), activation,
                             residual_map, expected.map(), {0, c.out().height}, nullptr);
      INFO("input " << c.in.height << "x" << c.in.width << "x" << c.in.channels << ", variant " << variant);
      CHECK(test::relative_difference(out.inside(), expected.inside()) < backend::Tolerance<TestType>::value);
      CHECK(out.outside() == outside);
    }
  }
}

TEMPLATE_TEST_CASE("a depthwise convolution is the naive one", "[backend]", RCAR_PRIMITIVES_UNDER_TEST) {
  std::uint64_t seed = 100;
  for (Case c : cases) {
    c.out_channels = c.in.channels;
    for (int variant = 0; variant < 6; ++variant) {
      const KernelShape kernel{c.window.kernel_height, c.window.kernel_width, c.in.channels, c.in.channels, true};
      const auto values = test::random_values(kernel.size(), ++seed);
      const auto bias = test::random_values(static_cast<std::size_t>(c.out_channels), ++seed);
      const OwnedMap in(c.in, variant % 2, variant % 3, ++seed);
      OwnedMap out(c.out(), variant % 3, variant % 2, ++seed), expected = out;
      const auto outside = out.outside();
      const backend::StepShape step{StepKind::depthwise_convolution, c.window, c.in, c.out(), kernel, false};
      const auto weights = TestType::pack(step, values, bias);
      by_blocks<TestType>(
          StepKind::depthwise_convolution, c, kernel, false, 1 + variant % 4, [&](Rows rows, int, float*) {
            TestType::depthwise_convolution(in.map(), c.window, weights, activations[variant], out.map(), rows);
          });
      Reference::depthwise_convolution(in.map(), c.window, Reference::pack(step, values, bias), activations[variant],
                                       expected.map(), {0, c.out().height});
      INFO("input " << c.in.height << "x" << c.in.width << "x" << c.in.channels << ", variant " << variant);
      CHECK(test::relative_difference(out.inside(), expected.inside()) < backend::Tolerance<TestType>::value);
      CHECK(out.outside() == outside);
    }
  }
}

TEMPLATE_TEST_CASE("pooling is the naive one, and padding neither wins nor counts", "[backend]",
                   RCAR_PRIMITIVES_UNDER_TEST) {
  std::uint64_t seed = 200;
  for (Case c : cases) {
    c.out_channels = c.in.channels;
    const OwnedMap in(c.in, 2, 1, ++seed);
    OwnedMap out(c.out(), 1, 3, ++seed), expected = out;
    const auto outside = out.outside();
    INFO("input " << c.in.height << "x" << c.in.width << "x" << c.in.channels);

    by_blocks<TestType>(StepKind::max_pooling, c, {}, false, 2,
                        [&](Rows rows, int, float*) { TestType::max_pooling(in.map(), c.window, out.map(), rows); });
    Reference::max_pooling(in.map(), c.window, expected.map(), {0, c.out().height});
    CHECK(out.inside() == expected.inside());

    by_blocks<TestType>(StepKind::average_pooling, c, {}, false, 3, [&](Rows rows, int, float*) {
      TestType::average_pooling(in.map(), c.window, out.map(), rows);
    });
    Reference::average_pooling(in.map(), c.window, expected.map(), {0, c.out().height});
    CHECK(test::relative_difference(out.inside(), expected.inside()) < backend::Tolerance<TestType>::value);
    CHECK(out.outside() == outside);

    OwnedMap mean({1, 1, c.in.channels}, 0, 0, ++seed), expected_mean = mean;
    TestType::global_average_pooling(in.map(), mean.map());
    Reference::global_average_pooling(in.map(), expected_mean.map());
    CHECK(test::relative_difference(mean.inside(), expected_mean.inside()) < backend::Tolerance<TestType>::value);
  }
}

TEMPLATE_TEST_CASE("global average pooling of many channels, and of many pixels, is the naive one", "[backend]",
                   RCAR_PRIMITIVES_UNDER_TEST) {
  for (int channels : {255, 256, 257, 700, 33}) {
    const OwnedMap in(channels == 33 ? Extent{61, 83, channels} : Extent{5, 7, channels}, 3, 0, 5);
    OwnedMap mean({1, 1, channels}, 0, 0, 6), expected = mean;
    TestType::global_average_pooling(in.map(), mean.map());
    Reference::global_average_pooling(in.map(), expected.map());
    CHECK(test::relative_difference(mean.inside(), expected.inside()) < backend::Tolerance<TestType>::value);
  }
}

TEMPLATE_TEST_CASE("element-wise steps are the naive ones, in place too", "[backend]", RCAR_PRIMITIVES_UNDER_TEST) {
  std::uint64_t seed = 300;
  for (int channels : {1, 3, 16, 31, 40}) {
    for (const auto activation : activations) {
      const Extent extent{5, 3, channels};
      const Rows rows{1, 4};
      OwnedMap in(extent, 1, 2, ++seed), expected = in;
      for (auto& value : in.values) value *= 8;
      expected.values = in.values;
      const OwnedMap other(extent, 0, 1, ++seed);
      const auto bias = test::random_values(static_cast<std::size_t>(channels), ++seed);
      INFO(channels << " channels, activation " << static_cast<int>(activation));

      TestType::activation(in.map(), bias.data(), activation, in.map(), rows);
      Reference::activation(expected.map(), bias.data(), activation, expected.map(), rows);
      CHECK(test::relative_difference(in.inside(), expected.inside()) < backend::Tolerance<TestType>::value);
      CHECK(in.outside() == expected.outside());

      TestType::activation(in.map(), nullptr, activation, in.map(), rows);
      Reference::activation(expected.map(), nullptr, activation, expected.map(), rows);
      TestType::add(in.map(), other.map(), activation, in.map(), rows);
      Reference::add(expected.map(), other.map(), activation, expected.map(), rows);
      TestType::multiply(in.map(), bias.data(), in.map(), rows);
      Reference::multiply(expected.map(), bias.data(), expected.map(), rows);
      CHECK(test::relative_difference(in.inside(), expected.inside()) < 3 * backend::Tolerance<TestType>::value);

      OwnedMap copy(extent, 2, 0, ++seed);
      const auto outside = copy.outside();
      TestType::copy(other.map(), copy.map(), {0, 5});
      CHECK(copy.inside() == other.inside());
      CHECK(copy.outside() == outside);
    }
  }
}

TEMPLATE_TEST_CASE("normalising a frame is scale and offset by colour", "[backend]", RCAR_PRIMITIVES_UNDER_TEST) {
  const float scale[] = {0.5f, 0.01f, 2}, offset[] = {-1, 3, 0.25f};
  for (int dim : {1, 5, 32}) {
    std::vector<std::uint8_t> frame(static_cast<std::size_t>(dim * dim * 3));
    for (std::size_t i = 0; i < frame.size(); ++i) frame[i] = static_cast<std::uint8_t>(i * 37);
    OwnedMap out({dim, dim, 3}, 0, 0, 1), expected = out;
    TestType::normalize(frame.data(), scale, offset, out.map(), {0, dim / 2});
    TestType::normalize(frame.data(), scale, offset, out.map(), {dim / 2, dim});
    Reference::normalize(frame.data(), scale, offset, expected.map(), {0, dim});
    CHECK(test::relative_difference(out.inside(), expected.inside()) < backend::Tolerance<TestType>::value);
  }
}

TEMPLATE_TEST_CASE("a matrix product is the naive one", "[backend]", RCAR_PRIMITIVES_UNDER_TEST) {
  std::uint64_t seed = 400;
  const int sizes[][3] = {{1, 1, 1}, {1, 7, 33}, {5, 1, 9}, {13, 17, 19}, {64, 48, 100}, {3, 200, 2}};
  for (const auto& [m, n, k] : sizes) {
    for (int variant = 0; variant < 4; ++variant) {
      const auto ta = variant & 1 ? Transpose::yes : Transpose::no, tb = variant & 2 ? Transpose::yes : Transpose::no;
      const int lda = (variant & 1 ? m : k) + 3, ldb = (variant & 2 ? k : n) + 1, ldc = n + 2;
      const auto a = test::random_values(static_cast<std::size_t>(lda * std::max(m, k)), ++seed);
      const auto b = test::random_values(static_cast<std::size_t>(ldb * std::max(n, k)), ++seed);
      auto c = test::random_values(static_cast<std::size_t>(ldc * m), ++seed), expected = c;
      const float beta = variant == 0 ? 0.0f : 0.5f;
      TestType::gemm(ta, tb, m, n, k, 1.5f, a.data(), lda, b.data(), ldb, beta, c.data(), ldc);
      Reference::gemm(ta, tb, m, n, k, 1.5f, a.data(), lda, b.data(), ldb, beta, expected.data(), ldc);
      INFO(m << " " << n << " " << k << ", variant " << variant);
      CHECK(test::relative_difference(c, expected) < backend::Tolerance<TestType>::value);
    }
  }
}

TEMPLATE_TEST_CASE("a matrix product with beta 0 forgets what was there, NaN too", "[backend]", backend::Reference,
                   RCAR_PRIMITIVES_UNDER_TEST) {
  const float a[] = {2}, b[] = {3};
  float c[] = {NAN};
  TestType::gemm(Transpose::no, Transpose::no, 1, 1, 1, 1, a, 1, b, 1, 0, c, 1);
  CHECK(c[0] == 6);
}

}  // namespace

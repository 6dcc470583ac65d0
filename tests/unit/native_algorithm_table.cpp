#include <rcar/backend/native/choose.hpp>

#include <catch2/catch.hpp>
#include <tuple>

namespace {

using namespace rcar;
using namespace rcar::backend;
using native::TunedLayer;

auto key(const TunedLayer& t) {
  return std::tuple(t.lanes, t.kernel_height, t.kernel_width, t.in_channels, t.out_channels, t.out_height, t.out_width);
}

StepShape layer_of(const TunedLayer& t) {
  const Window window{t.kernel_height, t.kernel_width, 1, 1, 0, 0, 0, 0};
  return {StepKind::convolution,
          window,
          {t.out_height + t.kernel_height - 1, t.out_width + t.kernel_width - 1, t.in_channels},
          {t.out_height, t.out_width, t.out_channels},
          {t.kernel_height, t.kernel_width, t.in_channels, t.out_channels, false},
          false};
}

TEST_CASE(
    "the table of algorithms is sorted and holds only what its instruction set can do and the rule does not say") {
  const TunedLayer* before = nullptr;
  for (const TunedLayer& t : native::tuned_layers) {
    const StepShape shape = layer_of(t);
    CAPTURE(t.lanes, t.kernel_height, t.kernel_width, t.in_channels, t.out_channels, t.out_height, t.out_width);
    CHECK((t.lanes == 4 || t.lanes == 8 || t.lanes == 16));
    CHECK((!before || key(*before) < key(t)));
    CHECK(native::winograd_fits(shape, t.lanes));
    CHECK(native::applies(t.algorithm, shape, t.lanes));
    CHECK(native::choose_by_cost(shape, t.lanes) != t.algorithm);
    before = &t;
  }
}

TEST_CASE("a layer is computed as the table says on its instruction set, exactly always by sums of products") {
  for (const TunedLayer& t : native::tuned_layers) {
    const StepShape shape = layer_of(t);
    CHECK(native::choose(shape, {t.lanes, false}, numerics::fast) == t.algorithm);
    CHECK(native::choose(shape, {t.lanes, false}, numerics::exact) == native::Algorithm{});
    StepShape strided = shape;
    strided.window.stride_height = strided.window.stride_width = 2;
    CHECK(!native::choose(strided, {t.lanes, false}, numerics::fast).winograd());
  }
}

TEST_CASE("with tiles for bfloat16, layers that fill them are computed by split floats, unless exactly") {
  const auto algorithm = [](const StepShape& shape, numerics policy) {
    return native::choose(shape, {16, true}, policy);
  };
  const auto late = [](const TunedLayer& t) {
    StepShape shape = layer_of(t);
    shape.reduction = 16;
    return shape;
  };
  CHECK(!algorithm(layer_of({16, 3, 3, 96, 96, 25, 25, {}}), numerics::fast).bf16_tiles);  // early: errors would grow
  StepShape shape = late({16, 3, 3, 96, 96, 25, 25, {}});
  CHECK(algorithm(shape, numerics::fast) == native::by_tiles);
  CHECK(algorithm(shape, numerics::exact) == native::Algorithm{});
  shape.window.stride_height = shape.window.stride_width = 2;
  CHECK(algorithm(shape, numerics::fast) == native::by_tiles);
  CHECK(!algorithm(late({16, 3, 3, 3, 32, 109, 109, {}}), numerics::fast).bf16_tiles);  // an image's channels
  CHECK(!algorithm(late({16, 1, 1, 1152, 48, 1, 1, {}}), numerics::fast).bf16_tiles);   // one pixel
  CHECK(!algorithm(late({16, 9, 9, 96, 96, 25, 25, {}}), numerics::fast).bf16_tiles);   // more taps than a list has
}

TEST_CASE("an algorithm applies to kernels of its form, of stride 1, whose channels fill vectors") {
  const StepShape shape = layer_of({16, 3, 3, 96, 96, 25, 25, {}});
  CHECK(native::applies({}, shape, 16));
  CHECK(native::applies({5, 5}, shape, 16));
  CHECK(!native::applies({4, 4}, shape, 16));  // of 5x5
  CHECK(!native::applies({6, 1}, shape, 16));  // of 7x1
  CHECK(native::applies({6, 1}, layer_of({16, 7, 1, 96, 96, 12, 12, {}}), 16));
  CHECK(!native::applies({1, 6}, layer_of({16, 7, 1, 96, 96, 12, 12, {}}), 16));
  CHECK(native::applies({5, 5}, layer_of({8, 3, 3, 24, 96, 25, 25, {}}), 8));
  CHECK(!native::applies({5, 5}, layer_of({16, 3, 3, 24, 96, 25, 25, {}}), 16));
}

}  // namespace

#include <rcar/graph/shapes.hpp>

#include <catch2/catch.hpp>

namespace {

using namespace rcar;
using graph::axis_padding;
using graph::fits;
using graph::Padding;
using graph::slide;
using graph::window_on;

TEST_CASE("same padding gives ceil(size / stride) results") {
  for (int size = 1; size <= 20; ++size)
    for (int kernel : {1, 2, 3, 5, 7})
      for (int stride : {1, 2, 3}) {
        INFO("size " << size << " kernel " << kernel << " stride " << stride);
        const Extent image{size, size, 3};
        const auto window = window_on(image, kernel, stride, Padding::same);
        REQUIRE(slide(window, image, 8) == Extent{(size + stride - 1) / stride, (size + stride - 1) / stride, 8});
      }
}

TEST_CASE("same padding puts an odd rest at the end") {
  CHECK(axis_padding(Padding::same, 224, 3, 2).before == 0);
  CHECK(axis_padding(Padding::same, 224, 3, 2).after == 1);
  CHECK(axis_padding(Padding::same, 225, 3, 2).before == 1);
  CHECK(axis_padding(Padding::same, 225, 3, 2).after == 1);
  CHECK(axis_padding(Padding::same, 7, 5, 1).before == 2);
  CHECK(axis_padding(Padding::same, 8, 1, 2).after == 0);
}

TEST_CASE("correct_pad takes one from the front of an even size") {
  CHECK(axis_padding(Padding::correct_pad, 224, 3, 2).before == 0);
  CHECK(axis_padding(Padding::correct_pad, 224, 3, 2).after == 1);
  CHECK(axis_padding(Padding::correct_pad, 75, 5, 2).before == 2);
  CHECK(axis_padding(Padding::correct_pad, 75, 5, 2).after == 2);
  CHECK(axis_padding(Padding::correct_pad, 56, 5, 2).before == 1);
  CHECK(axis_padding(Padding::correct_pad, 56, 5, 2).after == 2);
}

TEST_CASE("valid padding gives only whole windows") {
  const Extent image{10, 9, 1};
  CHECK(slide(window_on(image, 3, 2, Padding::valid), image, 1) == Extent{4, 4, 1});
  CHECK(fits(window_on(image, {10, 9}, 1, Padding::valid), image));
  CHECK_FALSE(fits(window_on(image, {10, 10}, 1, Padding::valid), image));
}

}  // namespace

/// What networks on a device promise beside their numbers.

#include <rcar/backbones/efficientnet.hpp>
#include <rcar/backbones/efficientnet_lite.hpp>
#include <rcar/backend/device/resize_kernel.hpp>
#include <rcar/graph/backbone.hpp>
#include <rcar/network/device_network.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "tests/support/backends.hpp"
#include "tests/support/formula_weights.hpp"
#include "tests/support/maps.hpp"

namespace {

using namespace rcar;
using Device = test::DeviceUnderTest;
using Backbone = EfficientNetB0<64>;

weights::Store store_of(const graph::PlanView& plan) {
  std::vector<float> statistics;
  for (std::size_t i = 0; i < plan.layers.size(); ++i) statistics.insert(statistics.end(), {0, 3});
  return test::formula_weights(plan.layers, statistics, 0.25);
}

struct Example {
  graph::PlanView plan = graph::plan_view<Backbone>();
  Network<Device> network{plan, store_of(plan)};
  std::vector<std::uint8_t> frames = test::formula_images(9, 64);

  std::vector<float> features(std::size_t count) const {
    std::vector<float> out(count * network.features());
    network.forward(frames.data(), count, out.data());
    return out;
  }
};

/// What the device makes of squares: resized on the host by the same function.
std::vector<std::uint8_t> resized(const std::vector<Square>& squares, int side) {
  std::vector<std::uint8_t> out(squares.size() * static_cast<std::size_t>(side * side) * 3);
  for (std::size_t i = 0; i < squares.size(); ++i) {
    const int edge = squares[i].side;
    const backend::device::CropResize resize{
        squares[i].rgb, edge, 0, 0, edge, out.data() + i * static_cast<std::size_t>(side * side) * 3, side};
    for (int pixel = 0; pixel < side * side; ++pixel) resize(pixel);
  }
  return out;
}

}  // namespace

TEST_CASE("a network on a device gives the same bits in every run") {
  const Example example;
  const auto first = example.features(7);
  CHECK(example.features(7) == first);
  CHECK(example.features(3).size() == 3 * example.network.features());
  CHECK(example.features(7) == first);
  CHECK(Example().features(7) == first);
}

TEST_CASE("a first batch's frames are not overwritten by what is queued before them") {
  const auto expected = Example().features(5);
  const Example example;
  // Memory is prepared in the queue's turn, frames are copied beside the queue: the longer the queue, the later the
  // turn.
  Device::Array<std::uint8_t> busy(std::size_t{1} << (Device::name == "cuda" ? 28 : 12));
  for (int i = 0; i < 100; ++i) Device::fill_zero(busy.data(), busy.size());
  CHECK(example.features(5) == expected);
}

TEST_CASE("a batch is as large as the indices of a kernel's threads allow") {
  const auto most = [](const graph::PlanView& plan) { return DeviceInterpreter<Device>::most_frames_of(plan); };
  CHECK(most(graph::plan_view<Backbone>()) == 512);
  const auto large = graph::plan_view<EfficientNetB7<600>>();
  std::size_t threads = 0;
  for (const auto& view : large.views) threads = std::max(threads, view.extent.size() / 4);
  CHECK(most(large) * threads <= std::size_t{1} << 31);
  CHECK(most(large) > 256);
}

TEST_CASE("squares of any size are resized on the device as on the host") {
  const Example example;
  const auto large = test::formula_images(1, 150), small = test::formula_images(1, 37);
  const std::vector<Square> squares{
      {large.data(), 150}, {example.frames.data(), 64}, {small.data(), 37}, {large.data(), 128}};
  std::vector<float> ours(squares.size() * example.network.features()), expected = ours;
  example.network.forward(squares, ours.data());
  example.network.forward(resized(squares, 64).data(), squares.size(), expected.data());
  CHECK(ours == expected);
}

TEST_CASE("batches that are begun and finished in turn have the features of one call") {
  const Example example;
  const std::size_t width = example.network.features(), bytes = example.network.frame_bytes();
  const auto expected = example.features(4);
  std::vector<float> ours(8 * width);
  std::vector<std::uint8_t> passing(bytes * 4);
  for (std::size_t slot : {0u, 1u}) {
    std::copy_n(example.frames.data(), bytes * 4, passing.data());
    std::vector<Square> squares;
    for (std::size_t i = 0; i < 4; ++i) squares.push_back({passing.data() + i * bytes, 64});
    REQUIRE(example.network.begin(slot, squares) == 4);
    std::fill(passing.begin(), passing.end(), std::uint8_t{0});  // their memory is free at once
  }
  for (std::size_t slot : {0u, 1u}) example.network.finish(slot, ours.data() + slot * 4 * width);
  for (std::size_t slot : {0u, 1u})
    CHECK(std::equal(expected.begin(), expected.end(), ours.begin() + static_cast<std::ptrdiff_t>(slot * 4 * width)));
}

TEST_CASE("a network on a device may be moved after it has run") {
  Example example;
  const auto expected = example.features(2);
  Network<Device> moved = std::move(example.network);
  std::vector<float> out(2 * moved.features());
  moved.forward(example.frames.data(), 2, out.data());
  CHECK(out == expected);
}

TEST_CASE("shorter numbers are nearly the same numbers") {
  const Example example;
  const auto expected = example.features(3);
  const auto of = [&]<backend::Precision P>(std::integral_constant<backend::Precision, P>) {
    const Network<test::DeviceOf<P>> network(example.plan, store_of(example.plan));
    std::vector<float> out(3 * network.features());
    network.forward(example.frames.data(), 3, out.data());
    return test::relative_difference(out, expected);
  };
  using backend::Precision;
  const double tf32 = of(std::integral_constant<Precision, Precision::tf32>()),
               bf16 = of(std::integral_constant<Precision, Precision::bf16>()),
               fp16 = of(std::integral_constant<Precision, Precision::fp16>());
  CAPTURE(tf32, bf16, fp16);
  CHECK(tf32 < 5e-3);
  CHECK(bf16 < 5e-2);
  CHECK(fp16 < 5e-3);
  CHECK(bf16 > 1e-4);  // they are shorter
  CHECK(fp16 > 1e-5);
}

#ifndef RCAR_TEST_ON_CUDA  // what only a device whose memory can be watched and limited can prove

namespace {

/// Limits the portable device's memory to what is taken and so much more, as long as it lives.
class MemoryLimit {
 public:
  explicit MemoryLimit(std::size_t more) { memory().limit = memory().taken + more; }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;
  ~MemoryLimit() { memory().limit = std::numeric_limits<std::size_t>::max(); }

 private:
  static backend::portable::Device& memory() { return backend::portable::Device::instance(); }
};

}  // namespace

TEST_CASE("no thread of a network reads what another one writes in the same phase") {
  const Example example;
  const auto forwards = example.features(3);
  auto& device = backend::portable::Device::instance();
  device.backwards = true;
  const auto backwards = example.features(3);
  device.backwards = false;
  CHECK(backwards == forwards);
}

TEST_CASE("a batch allocates nothing once there was one as large, and all memory is given back") {
  auto& memory = backend::portable::Device::instance();
  const std::size_t before = memory.taken;
  {
    const Example example;
    example.features(6);
    const std::size_t allocations = memory.allocations;
    example.features(6);
    example.features(2);
    example.features(6);
    CHECK(memory.allocations == allocations);
    CHECK(memory.taken > before);
  }
  CHECK(memory.taken == before);
}

TEST_CASE("where memory does not suffice for a batch it is halved, which is told once, and the features are the same") {
  const Example roomy;
  const auto expected = roomy.features(9);
  Example tight;
  std::vector<std::string> told;
  tight.network.warn_by([&](const std::string& text) { told.push_back(text); });
  const std::size_t frame = tight.plan.arena_floats * sizeof(float);
  const MemoryLimit limit(3 * frame);  // two frames with what lies around them
  CHECK(tight.features(9) == expected);
  REQUIRE(told.size() == 2);  // nine to four, four to two
  CHECK_THAT(told[0], Catch::Contains("does not suffice for a batch of 9 frames; going on with 4"));
  CHECK(tight.features(9) == expected);
  CHECK(told.size() == 2);
}

TEST_CASE("where one frame does not fit, the error says how much memory it needs") {
  const Example example;
  {
    const MemoryLimit limit(1000);
    CHECK_THROWS_WITH(example.features(1),
                      Catch::Contains("are needed and") && Catch::Contains("one frame of efficientnetb0"));
  }
  CHECK(example.features(1) == Example().features(1));  // nothing is broken afterwards
}

TEST_CASE("where the weights do not fit, the error says so") {
  const MemoryLimit limit(100000);
  CHECK_THROWS_AS(Example(), DeviceMemoryError);
}

#endif

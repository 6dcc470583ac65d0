#include <rcar/graph/builder.hpp>

#include <catch2/catch.hpp>
#include <string_view>

namespace {

using namespace rcar;
using graph::Builder;
using graph::Misfit;

TEST_CASE("layers without a name are numbered as Keras numbers them, each kind for itself") {
  Builder net("names");
  auto x = net.input({8, 8, 3});
  for (int i = 0; i < 12; ++i) x = net.conv2d(x, 3, 1);
  x = net.batch_normalization(x);
  x = net.activation(x, Activation::relu, "named");
  x = net.activation(x, Activation::relu);
  const auto name = [&](std::size_t i) { return std::string_view(net.layers()[i].name); };
  CHECK(name(0) == "input_layer");
  CHECK(name(1) == "conv2d");
  CHECK(name(2) == "conv2d_1");
  CHECK(name(12) == "conv2d_11");
  CHECK(name(13) == "batch_normalization");
  CHECK(name(14) == "named");
  CHECK(name(15) == "activation");
}

TEST_CASE("a concatenation has the channels of all its inputs") {
  Builder net("channels");
  const auto x = net.input({8, 6, 3});
  const auto joined = net.concatenate({x, net.conv2d(x, 5, 1), x});
  CHECK(net.output(joined) == Extent{8, 6, 11});
  CHECK(net.finding().misfit == Misfit::none);
}

TEST_CASE("a convolution has Keras's defaults: valid padding, a bias, no activation") {
  Builder net("defaults");
  const auto x = net.conv2d(net.input({8, 8, 3}), 4, {3, 5});
  CHECK(net.output(x) == Extent{6, 4, 4});
  CHECK(net.layers().back().use_bias);
  CHECK(net.layers().back().activation == Activation::linear);
}

TEST_CASE("the first misfit is kept, with the layer at which it was seen") {
  Builder net("misfit");
  const auto x = net.input({8, 8, 3});
  net.conv2d(x, 4, 9, {.name = "too_wide"});
  net.add(x, net.conv2d(x, 4, 1), "unequal");
  CHECK(net.finding().misfit == Misfit::window_larger_than_image);
  CHECK(std::string_view(net.finding().layer) == "too_wide");
}

TEST_CASE("same padding saves a window that is larger than its image") {
  Builder net("same");
  net.conv2d(net.input({2, 2, 3}), 4, 5, {.padding = graph::Padding::same});
  CHECK(net.finding().misfit == Misfit::none);
}

}  // namespace

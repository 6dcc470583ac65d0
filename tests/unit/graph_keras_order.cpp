// The order of whole networks is checked against Keras itself in backbones_keras.cpp.

#include <rcar/graph/builder.hpp>
#include <rcar/graph/keras_order.hpp>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace {

using namespace rcar;
using graph::Builder;

std::vector<std::string> order(const Builder& net) {
  std::vector<std::string> names;
  for (int i : graph::keras_layer_order(net.layers()))
    names.emplace_back(net.layers()[static_cast<std::size_t>(i)].name);
  return names;
}

TEST_CASE("layers of a chain stand in its order") {
  Builder net("chain");
  net.conv2d(net.conv2d(net.input({8, 8, 3}), 4, 1, {.name = "a"}), 4, 1, {.name = "b"});
  CHECK(order(net) == std::vector<std::string>{"input_layer", "a", "b"});
}

TEST_CASE("the farthest from the output comes first, wherever the source has it") {
  Builder net("uneven");
  const auto x = net.input({8, 8, 3});
  const auto brief = net.conv2d(x, 4, 1, {.name = "brief"});
  const auto deep = net.conv2d(net.conv2d(x, 4, 1, {.name = "deep1"}), 4, 1, {.name = "deep2"});
  net.concatenate({brief, deep}, "joined");
  CHECK(order(net) == std::vector<std::string>{"input_layer", "deep1", "brief", "deep2", "joined"});
}

TEST_CASE("of equally far layers the one comes first that is an earlier input, not the earlier made") {
  Builder net("ties");
  const auto x = net.input({8, 8, 3});
  const auto made_first = net.conv2d(x, 4, 1, {.name = "made_first"});
  const auto made_second = net.conv2d(x, 4, 1, {.name = "made_second"});
  net.concatenate({made_second, made_first}, "joined");
  CHECK(order(net) == std::vector<std::string>{"input_layer", "made_second", "made_first", "joined"});
}

}  // namespace

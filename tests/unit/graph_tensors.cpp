#include <rcar/graph/builder.hpp>
#include <rcar/graph/measure.hpp>
#include <rcar/graph/tensors.hpp>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace {

using namespace rcar;

constexpr graph::Builder small() {
  graph::Builder net("small");
  auto x = net.preprocessing(net.input({8, 8, 3}), {1, 1, 1}, {0, 0, 0}, 7);
  x = net.conv2d(x, 6, {3, 5}, {.use_bias = true, .name = "conv"});
  x = net.depthwise_conv2d(x, 3, {.use_bias = false, .name = "dw"});
  x = net.batch_normalization(x, {.name = "bn"});
  x = net.batch_normalization(x, {.scale = false, .name = "plain"});
  return net;
}

TEST_CASE("the weight table names every tensor in the graph's order, with Keras's shapes") {
  const auto net = small();
  std::vector<std::string> table;
  for (const auto& tensor : graph::tensors(net.layers())) {
    std::string line = graph::tensor_name(net.layers(), tensor);
    for (int axis = 0; axis < tensor.rank; ++axis)
      line += ' ' + std::to_string(tensor.shape[static_cast<std::size_t>(axis)]);
    table.push_back(line);
  }
  CHECK(table == std::vector<std::string>{"conv/kernel 3 5 3 6", "conv/bias 6", "dw/depthwise_kernel 3 3 6 1",
                                          "bn/gamma 6", "bn/beta 6", "bn/moving_mean 6", "bn/moving_variance 6",
                                          "plain/beta 6", "plain/moving_mean 6", "plain/moving_variance 6"});
}

TEST_CASE("the parameters are the tensors' numbers and those of the preprocessing") {
  const auto net = small();
  std::size_t numbers = 7;
  for (const auto& tensor : graph::tensors(net.layers())) {
    std::size_t size = 1;
    for (int extent : tensor.shape) size *= static_cast<std::size_t>(extent);
    numbers += size;
  }
  CHECK(graph::count_parameters(net.layers()) == numbers);
}

TEST_CASE("the weight table is a constant expression too") {
  constexpr std::size_t count = graph::tensors(small().layers()).size();
  CHECK(count == 10);
}

}  // namespace

// What Keras says of its networks, written by tests/golden/keras_layer_order.py, against rcar's graphs.

#include <rcar/backbones/efficientnet.hpp>
#include <rcar/backbones/inception_v3.hpp>
#include <rcar/core/hash.hpp>
#include <rcar/graph/backbone.hpp>
#include <rcar/graph/keras_order.hpp>
#include <rcar/graph/tensors.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <span>
#include <sstream>
#include <string>
#include <vector>

namespace {

using namespace rcar;
using graph::Layer;

std::string read(const std::string& name) {
  std::ifstream file(std::string(RCAR_TEST_DATA) + "/" + name, std::ios::binary);
  REQUIRE(file);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> lines(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> result;
  for (std::string line; std::getline(stream, line);) result.push_back(line);
  return result;
}

/// The lines of the golden file, from the graph.
std::string describe(std::span<const Layer> layers) {
  std::string text;
  for (int i : graph::keras_layer_order(layers)) {
    const Layer& layer = layers[static_cast<std::size_t>(i)];
    if (layer.kind == graph::LayerKind::preprocessing) continue;
    text += std::string(layer.name) + ' ' + std::to_string(layer.output.height) + 'x' +
            std::to_string(layer.output.width) + 'x' + std::to_string(layer.output.channels);
    for (const auto& tensor : graph::layer_tensors(layers, i)) {
      text += ' ' + std::string(to_string(tensor.role));
      for (int axis = 0; axis < tensor.rank; ++axis)
        text += (axis == 0 ? ':' : 'x') + std::to_string(tensor.shape[static_cast<std::size_t>(axis)]);
    }
    text += '\n';
  }
  return text;
}

std::vector<std::size_t> numbers(std::string shape) {
  std::replace(shape.begin(), shape.end(), 'x', ' ');
  std::istringstream stream(shape);
  std::vector<std::size_t> result;
  for (std::size_t number; stream >> number;) result.push_back(number);
  return result;
}

/// Pixels of the output times numbers of the kernel, over Keras's convolutions.
std::size_t count_multiply_adds(const std::vector<std::string>& keras) {
  std::size_t count = 0;
  for (const std::string& line : keras) {
    const auto kernel = line.find("kernel:");  // depthwise_kernel: too
    if (kernel == std::string::npos) continue;
    const auto output = numbers(line.substr(line.find(' ') + 1, line.find(' ', line.find(' ') + 1) - line.find(' ')));
    std::size_t product = output[0] * output[1];
    const auto shape = line.substr(kernel + 7);
    for (std::size_t extent : numbers(shape.substr(0, shape.find(' ')))) product *= extent;
    count += product;
  }
  return count;
}

template <class Backbone>
void check_against_keras() {
  const std::string name = std::string(Backbone::name) + '_' + std::to_string(Backbone::image_dim);
  INFO(name);
  const auto ours = lines(describe(graph::graph_of<Backbone>.view()));
  const auto keras = lines(read("keras_layers_" + name + ".txt"));
  for (std::size_t i = 0; i < std::min(ours.size(), keras.size()); ++i) REQUIRE(ours[i] == keras[i]);
  CHECK(ours.size() == keras.size());
  CHECK(graph::multiply_adds<Backbone> == count_multiply_adds(keras));
}

TEST_CASE("InceptionV3 has Keras's layers in Keras's order, with its shapes and weights") {
  check_against_keras<InceptionV3<224>>();
  check_against_keras<InceptionV3<75>>();
}

TEST_CASE("EfficientNet has Keras's layers in Keras's order, with its shapes and weights") {
  check_against_keras<EfficientNetB0<224>>();
  check_against_keras<EfficientNetB0<65>>();
  check_against_keras<EfficientNetB7<600>>();
}

TEST_CASE("EfficientNetB1 to B6 have what Keras's have, by the hash of the same text") {
  const std::string hashes = read("keras_layers.sha256");
  const auto check = [&]<class Backbone>(Backbone) {
    const std::string hash = Sha256().add(describe(graph::graph_of<Backbone>.view())).hex();
    const std::string line =
        hash + "  " + std::string(Backbone::name) + '_' + std::to_string(Backbone::image_dim) + '\n';
    INFO(line);
    CHECK(hashes.find(line) != std::string::npos);
  };
  check(EfficientNetB1<240>{});
  check(EfficientNetB2<260>{});
  check(EfficientNetB3<300>{});
  check(EfficientNetB4<380>{});
  check(EfficientNetB5<456>{});
  check(EfficientNetB6<528>{});
}

}  // namespace

#include <rcar/backbones/efficientnet.hpp>
#include <rcar/backbones/efficientnet_lite.hpp>
#include <rcar/backbones/inception_v3.hpp>
#include <rcar/graph/builder.hpp>
#include <rcar/graph/fingerprint.hpp>

#include <catch2/catch.hpp>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace rcar;
using graph::Builder;
using graph::Node;

std::string fingerprint_of(const std::function<void(Builder&, Node)>& rest) {
  Builder net("network");
  rest(net, net.preprocessing(net.input({8, 8, 3}), {1, 1, 1}, {0, 0, 0}));
  return graph::fingerprint(net.layers());
}

TEST_CASE("a backbone has one fingerprint for all image sizes, even and odd") {
  CHECK(graph::fingerprint<EfficientNetB0<224>>() == graph::fingerprint<EfficientNetB0<65>>());
  CHECK(graph::fingerprint<EfficientNetLite0<224>>() == graph::fingerprint<EfficientNetLite0<33>>());
  CHECK(graph::fingerprint<InceptionV3<224>>() == graph::fingerprint<InceptionV3<75>>());
}

TEST_CASE("whatever decides a network's function changes its fingerprint") {
  using graph::Padding;
  const std::vector<std::string> all{
      fingerprint_of([](Builder& net, Node x) { net.conv2d(x, 4, 3); }),
      fingerprint_of([](Builder& net, Node x) { net.conv2d(x, 5, 3); }),
      fingerprint_of([](Builder& net, Node x) {
        net.conv2d(x, 4, {1, 3});
      }),
      fingerprint_of([](Builder& net, Node x) { net.conv2d(x, 4, 3, {.stride = 2}); }),
      fingerprint_of([](Builder& net, Node x) { net.conv2d(x, 4, 3, {.padding = Padding::same}); }),
      fingerprint_of([](Builder& net, Node x) { net.conv2d(x, 4, 3, {.use_bias = false}); }),
      fingerprint_of([](Builder& net, Node x) { net.conv2d(x, 4, 3, {.activation = Activation::relu}); }),
      fingerprint_of([](Builder& net, Node x) { net.conv2d(x, 4, 3, {.name = "other"}); }),
      fingerprint_of([](Builder& net, Node x) { net.batch_normalization(net.conv2d(x, 4, 3)); }),
      fingerprint_of([](Builder& net, Node x) { net.batch_normalization(net.conv2d(x, 4, 3), {.scale = false}); }),
      fingerprint_of([](Builder& net, Node x) { net.batch_normalization(net.conv2d(x, 4, 3), {.epsilon = 1e-5f}); }),
      fingerprint_of([](Builder& net, Node x) { net.max_pooling2d(x, 2, {}); }),
      fingerprint_of([](Builder& net, Node x) { net.average_pooling2d(x, 2, {}); }),
      fingerprint_of([](Builder& net, Node x) {
        net.preprocessing(x, {2, 1, 1}, {0, 0, 0});
      }),
      fingerprint_of([](Builder& net, Node x) {
        net.preprocessing(x, {1, 1, 1}, {0, 0, 2});
      })};
  CHECK(std::set<std::string>(all.begin(), all.end()).size() == all.size());
}

TEST_CASE("a fingerprint is the SHA-256 of the text in the file formats' description") {
  Builder net("tiny");
  net.conv2d(net.input({8, 8, 3}), 4, 3, {.name = "c"});
  CHECK(graph::canonical_text(net.layers()) ==
        "rcar graph 1\n"
        "input_layer 0 -1 -1 -1 -1 3 1 1 1 1 0 0 1 0 981668463 1065353216 1065353216 1065353216 0 0 0\n"
        "c 2 0 -1 -1 -1 4 3 3 1 1 0 1 1 0 981668463 1065353216 1065353216 1065353216 0 0 0\n");
  CHECK(graph::fingerprint(net.layers()) == Sha256().add(graph::canonical_text(net.layers())).hex());
}

}  // namespace

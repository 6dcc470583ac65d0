// expects: A layer's window is larger than its image: give the network a larger image.

#include <rcar/graph/backbone.hpp>
#include <rcar/graph/builder.hpp>

using namespace rcar;

constexpr graph::Builder describe() {
  graph::Builder net("small");
  const auto image = net.input({8, 8, 3});
  auto x = net.preprocessing(image, {1, 1, 1}, {0, 0, 0});
  net.conv2d(x, 4, 9);
  return net;
}

struct Small {
  static constexpr int image_dim = 8, minimum_dim = 8;
  static constexpr std::string_view name = "small";
  static consteval auto graph() { return graph::freeze<describe>(); }
};

int main() { return static_cast<int>(graph::plan_of<Small>.arena_floats); }

// expects: Preprocessing reads an image of 3 channels (RGB).

#include <rcar/graph/backbone.hpp>
#include <rcar/graph/builder.hpp>

using namespace rcar;

constexpr graph::Builder describe() {
  graph::Builder net("small");
  const auto gray = net.input({8, 8, 1});
  net.global_average_pooling2d(net.preprocessing(gray, {1, 1, 1}, {0, 0, 0}));
  return net;
}

struct Small {
  static constexpr int image_dim = 8, minimum_dim = 8;
  static constexpr std::string_view name = "small";
  static consteval auto graph() { return graph::freeze<describe>(); }
};

int main() { return static_cast<int>(graph::plan_of<Small>.arena_floats); }

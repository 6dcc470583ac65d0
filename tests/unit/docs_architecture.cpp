/// The C++ of docs/architecture.md (tests/architecture/check_snippets.py compares the two).

#include <array>
#include <catch2/catch.hpp>
#include <rcar/backend/reference.hpp>
#include <rcar/graph/builder.hpp>
#include <rcar/graph/fingerprint.hpp>
#include <rcar/recognizer.hpp>
#include <string_view>

#include "tests/support/formula_weights.hpp"

// A network of one's own.
namespace mine {

using namespace rcar;

constexpr graph::Builder tiny(int image_dim) {
  graph::Builder net("tiny");
  graph::Node x = net.input({image_dim, image_dim, 3});
  x = net.preprocessing(x, {1 / 127.5f, 1 / 127.5f, 1 / 127.5f}, {-1, -1, -1});
  for (const int filters : {16, 32}) {
    x = net.conv2d(x, filters, 3, {.stride = 2, .padding = graph::Padding::same, .use_bias = false});
    x = net.batch_normalization(x);
    x = net.activation(x, Activation::relu);
  }
  net.global_average_pooling2d(x);
  return net;
}

template <int Dim>
struct Tiny {
  static constexpr int image_dim = Dim;
  static constexpr int minimum_dim = 4;
  static constexpr std::string_view name = "tiny";
  static_assert(Dim >= minimum_dim, "Tiny needs an image dimension of 4 or more.");

  static consteval auto graph() { return graph::freeze<describe>(); }

 private:
  static constexpr graph::Builder describe() { return tiny(Dim < minimum_dim ? minimum_dim : Dim); }
};

static_assert(graph::feature_dim<Tiny<64>> == 32);
static_assert(graph::params<Tiny<64>>() == 3 * 3 * 3 * 16 + 4 * 16 + 3 * 3 * 16 * 32 + 4 * 32);
static_assert(graph::plan_of<Tiny<64>>.steps.size() == 4);  // normalise, two convolutions, the average

// A back end of one's own: it starts as Reference, and replaces one primitive after another.
struct Mine : backend::Reference {
  static constexpr std::string_view name = "mine";
  static constexpr float tolerance = 1e-5f;
  static std::string engine() { return "mine 1"; }

  static void global_average_pooling(const backend::ConstMap& in, const backend::Map& out) {
    for (int c = 0; c < in.extent.channels; ++c) {
      float sum = 0;
      for (int y = 0; y < in.extent.height; ++y)
        for (int x = 0; x < in.extent.width; ++x) sum += in.pixel(y, x)[c];
      out.data[c] = sum / static_cast<float>(in.extent.pixels());
    }
  }
};
static_assert(backend::Backend<Mine>);

}  // namespace mine

TEST_CASE("a recognizer takes a backbone and a back end that rcar does not know") {
  using namespace rcar;
  using Model = Recognizer<mine::Tiny<64>, GRU, 4, mine::Mine>;
  const auto store = test::formula_weights(graph::graph_of<mine::Tiny<64>>.view());
  Model model(store);
  Recognizer<mine::Tiny<64>, GRU, 4, backend::Reference> reference(store);
  const auto images = test::formula_images(2, 64);
  Frames frames = Frames::from_shape({2, 64, 64, 3});
  std::copy(images.begin(), images.end(), frames.data());
  const Features ours = model.prepare_video_for_prediction(frames).first;
  const Features naive = reference.prepare_video_for_prediction(frames).first;
  for (std::size_t f = 0; f < 32; ++f) CHECK(ours(0, 1, f) == Approx(naive(0, 1, f)).epsilon(1e-5));
}

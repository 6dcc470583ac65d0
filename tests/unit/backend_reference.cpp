#include <rcar/backend/reference.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

namespace {

using namespace rcar;
using backend::Reference;

TEST_CASE("the naive convolution is the sum over the window, zero outside") {
  // 1 2      kernel 1  10    padded below and right: at (0,0) 1*1 + 2*10 + 3*100 + 4*1000
  // 3 4             100 1000
  const std::vector<float> in{1, 2, 3, 4};
  std::vector<float> out(4);
  const Window window{2, 2, 1, 1, 0, 1, 0, 1};
  const auto weights =
      Reference::pack({StepKind::convolution, {}, {}, {}, {2, 2, 1, 1, false}, false}, {1, 10, 100, 1000}, {0.5f});
  Reference::convolution({in.data(), {2, 2, 1}, 1}, nullptr, window, weights, Activation::linear, {},
                         {out.data(), {2, 2, 1}, 1}, {0, 2}, nullptr);
  CHECK(out == std::vector<float>{4321.5f, 402.5f, 43.5f, 4.5f});
}

TEST_CASE("the naive convolution adds the residual after the activation") {
  const std::vector<float> in{-2, 3}, residual{10, 20};
  std::vector<float> out(2);
  const auto weights = Reference::pack({StepKind::convolution, {}, {}, {}, {1, 1, 1, 1, false}, false}, {2}, {0});
  const float scale[] = {0.5f};
  Reference::convolution({in.data(), {1, 2, 1}, 1}, scale, {}, weights, Activation::relu,
                         {residual.data(), {1, 2, 1}, 1}, {out.data(), {1, 2, 1}, 1}, {0, 1}, nullptr);
  CHECK(out == std::vector<float>{10, 23});
}

TEST_CASE("the naive depthwise convolution keeps channels apart") {
  const std::vector<float> in{1, 100, 2, 200};  // two pixels of two channels
  std::vector<float> out(2);
  const auto weights =
      Reference::pack({StepKind::convolution, {}, {}, {}, {1, 2, 2, 2, true}, false}, {1, 1, 10, 10}, {0, 5});
  Reference::depthwise_convolution({in.data(), {1, 2, 2}, 2}, {1, 2, 1, 1, 0, 0, 0, 0}, weights, Activation::linear,
                                   {out.data(), {1, 1, 2}, 2}, {0, 1});
  CHECK(out == std::vector<float>{21, 2105});
}

TEST_CASE("naive pooling ignores the padding") {
  const std::vector<float> in{-1, -2, -3, -4};
  std::vector<float> out(1);
  const Window window{2, 2, 2, 2, 1, 0, 1, 0};  // at (0, 0) only the pixel -1 is inside
  Reference::max_pooling({in.data(), {2, 2, 1}, 1}, window, {out.data(), {1, 1, 1}, 1}, {0, 1});
  CHECK(out[0] == -1);
  Reference::average_pooling({in.data(), {2, 2, 1}, 1}, window, {out.data(), {1, 1, 1}, 1}, {0, 1});
  CHECK(out[0] == -1);
  Reference::global_average_pooling({in.data(), {2, 2, 1}, 1}, {out.data(), {1, 1, 1}, 1});
  CHECK(out[0] == -2.5f);
}

TEST_CASE("the naive activations are their formulas") {
  using backend::reference::activate;
  CHECK(activate(Activation::linear, -3) == -3);
  CHECK(activate(Activation::relu, -3) == 0);
  CHECK(activate(Activation::relu6, 7) == 6);
  CHECK(activate(Activation::sigmoid, 0) == 0.5);
  CHECK(activate(Activation::swish, 2) == Approx(2 / (1 + std::exp(-2.0))));
  CHECK(activate(Activation::tanh, 0.5) == Approx(std::tanh(0.5)));
}

}  // namespace

#include <rcar/heads/dropout.hpp>

#include <catch2/catch.hpp>
#include <rcar/heads/sequence_head.hpp>
#include <vector>

using namespace rcar;

TEST_CASE("dropout keeps six of ten decisions at rate 0.4, and each seed its own") {
  using Head = SequenceHead<4, 3, GRU>;
  STATIC_REQUIRE(Head::dropout_units == 8);
  Random random(1), other(2);
  std::vector<float> keep(8 * 5000), other_keep(8 * 5000);
  for (std::size_t i = 0; i < 5000; ++i) {
    Head::draw_dropout(random, keep.data() + i * 8);
    Head::draw_dropout(other, other_keep.data() + i * 8);
  }
  double kept = 0;
  for (float k : keep) {
    REQUIRE((k == 0 || k == 1));
    kept += k;
  }
  CHECK(kept / 40000 == Approx(0.6).margin(0.01));
  CHECK(keep != other_keep);
}

TEST_CASE("dropout divides what it keeps by the rate of keeping, and outside training passes on") {
  using Layer = heads::Dropout<std::ratio<1, 5>>;
  const std::vector<float> x{1, 2, 3, 4}, keep{1, 0, 1, 0};
  std::vector<float> y(4);
  heads::LayerPass pass{.in = {2, 2}, .clips = 1, .input = x.data(), .keep = keep.data(), .tape = y.data()};
  Layer::forward<backend::Default>(pass);
  CHECK(y == std::vector<float>{1.25f, 0, 3.75f, 0});
  pass.keep = nullptr;
  Layer::forward<backend::Default>(pass);
  CHECK(y == x);
}

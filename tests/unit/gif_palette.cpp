#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <rcar/core/random.hpp>
#include <rcar/video/palette.hpp>
#include <set>
#include <vector>

using namespace rcar;

namespace {

std::vector<std::uint8_t> random_pixels(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::uint8_t> rgb(count * 3);
  for (auto& value : rgb) value = static_cast<std::uint8_t>(random.below(256));
  return rgb;
}

int squared_distance(const Color& a, int red, int green, int blue) {
  const int dr = a[0] - red, dg = a[1] - green, db = a[2] - blue;
  return dr * dr + dg * dg + db * db;
}

double squared_error(const std::vector<std::uint8_t>& rgb, const std::vector<Color>& palette) {
  const auto indices = map_to_palette(rgb, rgb.size() / 3, palette, Dithering::none);
  double sum = 0;
  for (std::size_t i = 0; i < indices.size(); ++i)
    sum += squared_distance(palette[indices[i]], rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]);
  return sum;
}

}  // namespace

TEST_CASE("a picture of few colours gets exactly these") {
  auto rgb = random_pixels(256, 1);
  rgb.insert(rgb.end(), rgb.begin(), rgb.end());
  const auto palette = make_palette(rgb);
  std::set<Color> wanted;
  for (std::size_t i = 0; i < rgb.size(); i += 3) wanted.insert({rgb[i], rgb[i + 1], rgb[i + 2]});
  CHECK(std::set<Color>(palette.begin(), palette.end()) == wanted);
  CHECK(squared_error(rgb, palette) == 0);
}

TEST_CASE("a palette never has more colours than asked for, and more of them lower the error") {
  const auto rgb = random_pixels(3000, 2);
  double before = 1e18;
  for (const std::size_t size : {1, 2, 7, 64, 256}) {
    const auto palette = make_palette(rgb, size);
    REQUIRE(palette.size() == size);
    const double error = squared_error(rgb, palette);
    CHECK(error < before);
    before = error;
  }
}

TEST_CASE("the one colour of a palette of one is the mean") {
  const std::vector<std::uint8_t> rgb{0, 10, 255, 100, 20, 255, 200, 60, 252};
  CHECK(make_palette(rgb, 1) == std::vector<Color>{{100, 30, 254}});
}

TEST_CASE("rare colours far from all others get an entry of their own") {
  std::vector<std::uint8_t> rgb;
  Random random(3);
  for (int i = 0; i < 20'000; ++i)
    for (int c = 0; c < 3; ++c) rgb.push_back(static_cast<std::uint8_t>(100 + random.below(20)));
  for (int i = 0; i < 20; ++i) rgb.insert(rgb.end(), {255, 0, 0});
  const auto palette = make_palette(rgb);
  CHECK(std::find(palette.begin(), palette.end(), Color{255, 0, 0}) != palette.end());
}

TEST_CASE("the nearest colour is the nearest of all") {
  const auto values = random_pixels(200, 4);
  std::vector<Color> palette;
  for (std::size_t i = 0; i < values.size(); i += 3) palette.push_back({values[i], values[i + 1], values[i + 2]});
  const NearestColor nearest(palette);
  Random random(5);
  for (int i = 0; i < 5000; ++i) {
    const int red = static_cast<int>(random.below(256)), green = static_cast<int>(random.below(256)),
              blue = static_cast<int>(random.below(256));
    int best = 1 << 30;
    for (const auto& color : palette) best = std::min(best, squared_distance(color, red, green, blue));
    REQUIRE(squared_distance(palette[nearest(red, green, blue)], red, green, blue) == best);
  }
}

TEST_CASE("dithering keeps the mean colour of an area that no palette colour meets") {
  const std::vector<Color> palette{{0, 0, 0}, {255, 255, 255}};
  std::vector<std::uint8_t> grey(64 * 64 * 3, 96);
  const auto plain = map_to_palette(grey, 64, palette, Dithering::none);
  CHECK(std::count(plain.begin(), plain.end(), 1) == 0);
  const auto dithered = map_to_palette(grey, 64, palette, Dithering::floyd_steinberg);
  const double mean = 255.0 * static_cast<double>(std::count(dithered.begin(), dithered.end(), 1)) / (64 * 64);
  CHECK(std::abs(mean - 96) < 4);
}

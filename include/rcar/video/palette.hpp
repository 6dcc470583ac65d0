#pragma once
/// The 256 colours that show a picture best.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace rcar {

using Color = std::array<std::uint8_t, 3>;  // R, G, B

namespace detail {

struct CountedColor {
  Color color;
  std::uint32_t count;
};

/// The distinct colours of RGB pixels and how often each occurs, in ascending order.
inline std::vector<CountedColor> count_colors(std::span<const std::uint8_t> rgb) {
  std::vector<std::uint32_t> packed(rgb.size() / 3);
  for (std::size_t i = 0; i < packed.size(); ++i)
    packed[i] = std::uint32_t{rgb[3 * i]} << 16 | std::uint32_t{rgb[3 * i + 1]} << 8 | rgb[3 * i + 2];
  std::sort(packed.begin(), packed.end());
  std::vector<CountedColor> colors;
  for (std::size_t i = 0, next; i < packed.size(); i = next) {
    for (next = i + 1; next < packed.size() && packed[next] == packed[i];) ++next;
    const auto byte = [&](int shift) { return static_cast<std::uint8_t>(packed[i] >> shift); };
    colors.push_back({{byte(16), byte(8), byte(0)}, static_cast<std::uint32_t>(next - i)});
  }
  return colors;
}

/// Pixel count and sums over a set of colours: what the squared error of a split is computed from.
struct ColorSums {
  double count = 0;
  std::array<double, 3> sum{};

  void add(const CountedColor& entry) {
    count += entry.count;
    for (std::size_t c = 0; c < 3; ++c) sum[c] += static_cast<double>(entry.count) * entry.color[c];
  }
  void add(const ColorSums& other) {
    count += other.count;
    for (std::size_t c = 0; c < 3; ++c) sum[c] += other.sum[c];
  }
  ColorSums without(const ColorSums& part) const {
    return {count - part.count, {sum[0] - part.sum[0], sum[1] - part.sum[1], sum[2] - part.sum[2]}};
  }
  /// |sum|^2 / count: splitting a set lowers its squared error by what this gains.
  double weight() const { return count > 0 ? (sum[0] * sum[0] + sum[1] * sum[1] + sum[2] * sum[2]) / count : 0; }
  Color mean() const {
    const auto rounded = [this](std::size_t c) { return static_cast<std::uint8_t>(sum[c] / count + 0.5); };
    return {rounded(0), rounded(1), rounded(2)};
  }
};

/// A box of colours with the best way to halve it: colours whose channel is at most `threshold` go left.
struct ColorBox {
  std::span<CountedColor> colors;
  ColorSums sums;
  double gain = 0;  // 0: nothing to split
  std::size_t channel = 0;
  std::uint8_t threshold = 0;

  explicit ColorBox(std::span<CountedColor> all) : colors(all) {
    std::array<std::array<ColorSums, 256>, 3> by_value{};
    for (const auto& entry : colors) {
      sums.add(entry);
      for (std::size_t c = 0; c < 3; ++c) by_value[c][entry.color[c]].add(entry);
    }
    for (std::size_t c = 0; c < 3; ++c) {
      ColorSums left;
      for (std::size_t value = 0; value < 255; ++value) {
        if (by_value[c][value].count == 0) continue;
        left.add(by_value[c][value]);
        const ColorSums right = sums.without(left);
        if (right.count < 0.5) break;
        const double gained = left.weight() + right.weight() - sums.weight();
        if (gained > gain) gain = gained, channel = c, threshold = static_cast<std::uint8_t>(value);
      }
    }
  }

  std::pair<ColorBox, ColorBox> split() const {
    const auto middle = std::partition(colors.begin(), colors.end(),
                                       [this](const CountedColor& entry) { return entry.color[channel] <= threshold; });
    return {ColorBox({colors.begin(), middle}), ColorBox({middle, colors.end()})};
  }
};

}  // namespace detail

/// At most `size` colours for a picture, by variance-based median cut: the box whose best split lowers the squared
/// error most is split next (Wu, Graphics Gems II, 1991, at full colour resolution). A picture of at most `size`
/// colours gets exactly these.
///
/// rgb  (H, W, 3), at least one pixel; 1 <= size <= 256
inline std::vector<Color> make_palette(std::span<const std::uint8_t> rgb, std::size_t size = 256) {
  auto colors = detail::count_colors(rgb);
  std::vector<Color> palette;
  if (colors.size() <= size) {
    for (const auto& entry : colors) palette.push_back(entry.color);
    return palette;
  }
  std::vector<detail::ColorBox> boxes{detail::ColorBox(colors)};
  while (boxes.size() < size) {
    const auto next =
        std::max_element(boxes.begin(), boxes.end(), [](const auto& a, const auto& b) { return a.gain < b.gain; });
    if (next->gain <= 0) break;
    auto [left, right] = next->split();
    *next = left;
    boxes.push_back(right);
  }
  for (const auto& box : boxes) palette.push_back(box.sums.mean());
  return palette;
}

/// Finds the palette's colour nearest to any other, exactly; of equally near ones always the same.
class NearestColor {
 public:
  explicit NearestColor(const std::vector<Color>& palette) : sorted_(palette.size()) {
    for (std::size_t i = 0; i < palette.size(); ++i)
      sorted_[i] = {palette[i][0], palette[i][1], palette[i][2], static_cast<int>(i)};
    std::sort(sorted_.begin(), sorted_.end(), [](const Entry& a, const Entry& b) {
      return a.green != b.green ? a.green < b.green : a.index < b.index;
    });
    for (std::size_t green = 0, i = 0; green < 256; ++green) {
      while (i < sorted_.size() && sorted_[i].green < static_cast<int>(green)) ++i;
      start_[green] = i;
    }
  }

  /// Channels 0..255. Searches outwards from the wanted green and stops where green alone is further than the best.
  std::uint8_t operator()(int red, int green, int blue) const {
    int best = std::numeric_limits<int>::max(), index = 0;
    const auto closer = [&](const Entry& entry) {
      const int dg = entry.green - green;
      if (dg * dg > best) return false;
      const int dr = entry.red - red, db = entry.blue - blue;
      const int distance = dr * dr + dg * dg + db * db;
      if (distance < best) best = distance, index = entry.index;
      return true;
    };
    std::size_t up = start_[static_cast<std::size_t>(green)], down = up;
    bool more_up = up<sorted_.size(), more_down = down> 0;
    while (more_up || more_down) {
      if (more_up) more_up = closer(sorted_[up]) && ++up < sorted_.size();
      if (more_down) more_down = closer(sorted_[--down]) && down > 0;
    }
    return static_cast<std::uint8_t>(index);
  }

 private:
  struct Entry {
    int red, green, blue, index;
  };
  std::vector<Entry> sorted_;
  std::array<std::size_t, 256> start_{};
};

/// Whether the error that a palette leaves in a pixel is passed on to its neighbours (Floyd and Steinberg 1976), so
/// that soft gradients stay soft; without it each pixel is nearer to its own colour.
enum class Dithering { none, floyd_steinberg };

/// The palette index of every pixel. rgb (H, W, 3) with H * W = rgb.size() / 3 -> (H, W).
inline std::vector<std::uint8_t> map_to_palette(std::span<const std::uint8_t> rgb, std::size_t width,
                                                const std::vector<Color>& palette, Dithering dithering) {
  const NearestColor nearest(palette);
  const std::size_t height = width ? rgb.size() / 3 / width : 0;
  std::vector<std::uint8_t> indices(height * width);
  // Errors in sixteenths, one pixel of margin on either side.
  std::vector<std::array<int, 3>> here(width + 2), below(width + 2);
  for (std::size_t y = 0; y < height; ++y) {
    std::fill(below.begin(), below.end(), std::array<int, 3>{});
    for (std::size_t x = 0; x < width; ++x) {
      const std::uint8_t* pixel = rgb.data() + (y * width + x) * 3;
      std::array<int, 3> wanted;
      for (std::size_t c = 0; c < 3; ++c) {
        const int error = here[x + 1][c];
        wanted[c] = std::clamp(pixel[c] + (error >= 0 ? error + 8 : error - 8) / 16, 0, 255);
      }
      const std::uint8_t index = nearest(wanted[0], wanted[1], wanted[2]);
      indices[y * width + x] = index;
      if (dithering == Dithering::none) continue;
      for (std::size_t c = 0; c < 3; ++c) {
        const int error = wanted[c] - palette[index][c];
        here[x + 2][c] += 7 * error;
        below[x][c] += 3 * error;
        below[x + 1][c] += 5 * error;
        below[x + 2][c] += error;
      }
    }
    here.swap(below);
  }
  return indices;
}

}  // namespace rcar

#pragma once
/// A white picture to draw plots on: text, lines and boxes, saved as PNG. Only this header knows how plots are drawn.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "../core/error.hpp"
#include "../core/file.hpp"

namespace rcar::report {

/// Okabe and Ito's colours (2008), told apart with any kind of colour vision; BGR as OpenCV has it.
namespace palette {
/// Text, grid lines, axes.
inline const cv::Scalar ink{40, 40, 40}, faint{225, 225, 225}, grey{130, 130, 130};
/// Colours that also those tell apart who see red and green alike (Okabe and Ito).
inline const cv::Scalar blue{178, 114, 0}, vermillion{0, 94, 213}, green{115, 158, 0}, purple{167, 121, 204};
}  // namespace palette

/// Which edge of a text stands at its point.
enum class Align { left, center, right };

/// Pixels count from the top left. Everything is drawn four times as large and averaged at the end, which gives
/// OpenCV's plain stroke letters smooth edges.
class Canvas {
 public:
  Canvas(int width, int height)
      : width_(width), height_(height), picture_(height * fine, width * fine, CV_8UC3, cv::Scalar(255, 255, 255)) {}

  int width() const { return width_; }
  int height() const { return height_; }

  void box(double left, double top, double right, double bottom, const cv::Scalar& color) {
    cv::rectangle(picture_, at(left, top), at(right, bottom) - cv::Point(1, 1), color, cv::FILLED);
  }
  void line(double x0, double y0, double x1, double y1, const cv::Scalar& color, double thickness = 1) {
    cv::line(picture_, at(x0, y0), at(x1, y1), color, stroke(thickness), cv::LINE_AA);
  }
  /// A line broken into dashes of `dash` pixels and gaps of as many.
  void dashed_line(double x0, double y0, double x1, double y1, const cv::Scalar& color, double thickness, double dash) {
    const double length = std::hypot(x1 - x0, y1 - y0);
    for (double from = 0; from < length; from += 2 * dash) {
      const double to = std::min(from + dash, length);
      line(x0 + (x1 - x0) * from / length, y0 + (y1 - y0) * from / length, x0 + (x1 - x0) * to / length,
           y0 + (y1 - y0) * to / length, color, thickness);
    }
  }
  void dot(double x, double y, double radius, const cv::Scalar& color) {
    cv::circle(picture_, at(x, y), static_cast<int>(std::lround(radius * fine)), color, cv::FILLED, cv::LINE_AA);
  }

  /// Text whose capital letters are `height` pixels high, its middle line at y. OpenCV's letters are ASCII; any other
  /// character shows as '?'.
  void text(double x, double y, std::string_view content, double height, Align align = Align::left,
            const cv::Scalar& color = palette::ink, double thickness = 0) {
    const std::string line = printable(content);
    const double scale = height * fine / capital_height;
    const double pen = thickness > 0 ? thickness : height / 9;
    const double shift = align == Align::left ? 0 : align == Align::center ? 0.5 : 1.0;
    cv::putText(picture_, line, at(x - shift * text_width(content, height), y + height / 2), font, scale, color,
                stroke(pen), cv::LINE_AA);
  }

  /// The same, reading upwards; its middle line at x. `align` is along the text: `left` starts at y and goes up,
  /// `right` ends there.
  void text_upwards(double x, double y, std::string_view content, double height, Align align = Align::left,
                    const cv::Scalar& color = palette::ink) {
    const double length = text_width(content, height);
    const int long_side = static_cast<int>(length + 2 * height) + 1, short_side = static_cast<int>(3 * height) + 1;
    Canvas strip(long_side, short_side);
    strip.text(height, short_side / 2.0, content, height, Align::left, color);
    cv::Mat turned;
    cv::rotate(strip.picture_, turned, cv::ROTATE_90_COUNTERCLOCKWISE);
    const double shift = align == Align::left ? 0 : align == Align::center ? 0.5 : 1.0;
    const cv::Point corner = at(x - short_side / 2.0, y + shift * length + height - long_side);
    const cv::Rect wanted(corner, turned.size());
    const cv::Rect seen = wanted & cv::Rect({0, 0}, picture_.size());
    if (seen.empty()) return;
    cv::Mat target = picture_(seen);
    cv::min(target, turned(seen - corner), target);  // ink on whatever is there
  }

  static double text_width(std::string_view content, double height) {
    int baseline = 0;
    const double scale = height * fine / capital_height;
    return cv::getTextSize(printable(content), font, scale, 1, &baseline).width / double{fine};
  }

  /// What was drawn, at its size: BGR.
  cv::Mat picture() const {
    cv::Mat smooth;
    cv::resize(picture_, smooth, cv::Size(width_, height_), 0, 0, cv::INTER_AREA);
    return smooth;
  }

  /// The picture as a PNG file's bytes.
  std::vector<std::uint8_t> png() const {
    std::vector<std::uint8_t> bytes;
    if (!cv::imencode(".png", picture(), bytes))
      throw FileError("OpenCV cannot encode PNG pictures; install OpenCV with PNG support.");
    return bytes;
  }

  /// Throws FileError when the file cannot be written; it appears whole or not at all.
  void save(const std::filesystem::path& path) const {
    const auto bytes = png();
    write_file(path, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }

 private:
  static constexpr int fine = 4;
  static constexpr int font = cv::FONT_HERSHEY_SIMPLEX;
  static constexpr double capital_height = 21;  // of that font at scale 1

  static cv::Point at(double x, double y) {
    return {static_cast<int>(std::lround(x * fine)), static_cast<int>(std::lround(y * fine))};
  }
  static int stroke(double thickness) { return std::max(1, static_cast<int>(std::lround(thickness * fine))); }
  static std::string printable(std::string_view content) {
    std::string out;
    for (const unsigned char c : content) {
      if ((c & 0xC0) == 0x80) continue;  // the rest of a UTF-8 character
      out += c >= 0x20 && c < 0x7f ? static_cast<char>(c) : '?';
    }
    return out;
  }

  int width_, height_;
  cv::Mat picture_;
};

/// printf's %.*f without trailing zeros: "0.25", "10", "-3.5".
inline std::string short_number(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  std::string out = text;
  if (out.find('.') != std::string::npos) {
    out.erase(out.find_last_not_of('0') + 1);
    if (out.back() == '.') out.pop_back();
  }
  return out == "-0" ? "0" : out;
}

/// `name` cut to what fits into `width` pixels at that letter height, "..." at its end where it was cut.
inline std::string fitted(const std::string& name, double height, double width) {
  if (Canvas::text_width(name, height) <= width) return name;
  std::string cut = name;
  while (!cut.empty() && Canvas::text_width(cut + "...", height) > width) cut.pop_back();
  return cut + "...";
}

}  // namespace rcar::report

#pragma once
/// Draws label and probability into a frame: a translucent band with smooth letters and a bar.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "../report/canvas.hpp"

namespace rcar::live {

/// Draws into frames of one video. Letters are drawn anew only when the text or the frame's size changes.
///
///     Overlay overlay;
///     overlay.draw(bgr, {"jump", 0.93, Overlay::Tone::label});
class Overlay {
 public:
  /// `label`: an action; `quiet`: nothing is happening, or nothing is known yet.
  enum class Tone { label, quiet };
  /// What a frame is labelled with.
  struct Caption {
    std::string text;
    double probability = 0;  // 0 to 1; below 0: no number and no bar
    Tone tone = Tone::label;
  };

  /// A band along the lower edge, a ninth of the frame's height, at least 20 and at most 96 pixels. Frames under 40
  /// pixels a side stay as they are. OpenCV's letters are ASCII; any other character shows as '?'.
  void draw(cv::Mat& bgr, const Caption& caption) {
    if (bgr.cols < 40 || bgr.rows < 40) return;
    const int height = std::clamp(bgr.rows / 9, 20, 96);
    const int bar = std::max(2, height / 12);
    cv::Mat band = bgr(cv::Rect(0, bgr.rows - height, bgr.cols, height));
    band.convertTo(band, -1, 1 - darkness);
    letter(caption, band.size(), bar);
    blend(band);
    if (caption.probability < 0) return;
    const int filled = static_cast<int>(std::lround(std::clamp(caption.probability, 0.0, 1.0) * bgr.cols));
    const cv::Scalar color = caption.tone == Tone::label ? label_color : quiet_color;
    cv::rectangle(bgr, cv::Rect(0, bgr.rows - bar, filled, bar), color, cv::FILLED);
  }

 private:
  static constexpr double darkness = 0.62;
  inline static const cv::Scalar label_color{233, 180, 86},
      quiet_color{160, 160, 160};  // BGR; Okabe and Ito's sky blue

  static std::string percent(double probability) {
    char text[16];
    std::snprintf(text, sizeof text, "%.0f%%", 100 * probability);
    return text;
  }

  /// How much each pixel of the band is a letter's: (h, w, 3), 0 to 255.
  void letter(const Caption& caption, cv::Size size, int bar) {
    const std::string number = caption.probability < 0 ? "" : percent(caption.probability);
    std::string key = caption.text + '\n' + number;
    if (key == key_ && letters_.size() == size) return;
    key_ = std::move(key);
    report::Canvas canvas(size.width, size.height);
    const double capital = 0.38 * size.height, margin = 0.35 * size.height, middle = (size.height - bar) / 2.0;
    const double number_width = number.empty() ? 0 : report::Canvas::text_width(number, capital) + margin;
    const double room = size.width - 2 * margin - number_width;
    canvas.text(margin, middle, report::fitted(caption.text, capital, room), capital, report::Align::left, {0, 0, 0});
    canvas.text(size.width - margin, middle, number, capital, report::Align::right, {0, 0, 0});
    cv::bitwise_not(canvas.picture(), letters_);
  }

  /// White letters over what is there.
  void blend(cv::Mat& band) const {
    for (int y = 0; y < band.rows; ++y) {
      auto* const pixels = band.ptr<std::uint8_t>(y);
      const auto* const letters = letters_.ptr<std::uint8_t>(y);
      for (int i = 0; i < band.cols * 3; ++i)
        pixels[i] = static_cast<std::uint8_t>(pixels[i] + (255 - pixels[i]) * letters[i] / 255);
    }
  }

  std::string key_;
  cv::Mat letters_;
};

}  // namespace rcar::live

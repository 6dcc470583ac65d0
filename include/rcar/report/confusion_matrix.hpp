#pragma once
/// The confusion matrix as a picture.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "../core/error.hpp"
#include "canvas.hpp"

namespace rcar {
namespace report {

/// From white to dark blue, growing darker evenly: readable in grey and with any kind of colour vision. share 0..1; any
/// share above 0 can be seen, also in a cell too small for its number.
inline cv::Scalar shade(double share) {
  constexpr double stops[5][3] = {{255, 255, 255}, {198, 219, 239}, {107, 174, 214}, {33, 113, 181}, {8, 48, 107}};
  const double position = share > 0 ? std::min(0.1 + 0.9 * share, 1.0) * 4 : 0;
  const auto low = static_cast<std::size_t>(std::min(3.0, std::floor(position)));
  const double part = position - static_cast<double>(low);
  const auto mix = [&](std::size_t c) { return stops[low][c] * (1 - part) + stops[low + 1][c] * part; };
  return {mix(2), mix(1), mix(0)};
}

/// The confusion matrix on a canvas; see draw_confusion_matrix.
inline Canvas confusion_picture(std::span<const std::size_t> counts, std::span<const std::string> names) {
  const std::size_t classes = names.size();
  if (classes == 0) throw UsageError("The confusion matrix has no class; pass at least one class name.");
  if (counts.size() != classes * classes)
    throw UsageError("The confusion matrix has " + std::to_string(counts.size()) + " counts for " +
                     std::to_string(classes) + " classes; pass classes x classes of them.");

  // Cells shrink as classes grow in number, letters with them, but never below what can be read.
  const double cell = std::clamp(900.0 / static_cast<double>(classes), 16.0, 96.0);
  const double letter = std::clamp(cell * 0.16, 7.5, 11.0);
  std::vector<std::string> labels;
  double label_width = 60;
  for (const auto& name : names) {
    labels.push_back(fitted(name, letter, 220));
    label_width = std::max(label_width, Canvas::text_width(labels.back(), letter));
  }
  const double side = cell * static_cast<double>(classes);
  const double left = label_width + 60, top = 76, bar_left = left + side + 28;
  const double least_side = std::max(side, 140.0);
  Canvas canvas(static_cast<int>(std::max(bar_left + 84, left + 380.0)),
                static_cast<int>(top + least_side + label_width + 62));

  std::size_t all = 0, right = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    all += counts[i];
    if (i % (classes + 1) == 0) right += counts[i];
  }
  canvas.text(left, 26, "Confusion matrix", 14);
  const auto percent = [](std::size_t part, std::size_t whole, int decimals) {
    return short_number(whole ? 100.0 * static_cast<double>(part) / static_cast<double>(whole) : 0.0, decimals);
  };
  canvas.text(left, 52,
              all ? percent(right, all, 1) + " % of " + std::to_string(all) + " clips right; cells: % of the true class"
                  : std::string("no clips"),
              9, Align::left, palette::grey);

  for (std::size_t row = 0; row < classes; ++row) {
    std::size_t row_count = 0;
    for (std::size_t column = 0; column < classes; ++column) row_count += counts[row * classes + column];
    const double y = top + cell * static_cast<double>(row);
    canvas.text(left - 10, y + cell / 2, labels[row], letter, Align::right);
    for (std::size_t column = 0; column < classes; ++column) {
      const std::size_t count = counts[row * classes + column];
      const double x = left + cell * static_cast<double>(column);
      const double share = row_count ? static_cast<double>(count) / static_cast<double>(row_count) : 0;
      canvas.box(x, y, x + cell, y + cell, shade(share));
      if (count == 0) continue;
      const cv::Scalar ink = share > 0.5 ? cv::Scalar(255, 255, 255) : palette::ink;
      const bool with_count = cell >= 56;
      if (cell >= 28)
        canvas.text(x + cell / 2, y + cell * (with_count ? 0.42 : 0.5), percent(count, row_count, 0),
                    std::clamp(cell * 0.2, 7.0, 15.0), Align::center, ink);
      if (with_count)
        canvas.text(x + cell / 2, y + cell * 0.72, "n=" + std::to_string(count), cell * 0.1, Align::center, ink);
    }
  }
  for (std::size_t i = 0; i <= classes; ++i) {
    const double offset = cell * static_cast<double>(i);
    canvas.line(left + offset, top, left + offset, top + side, palette::faint, 0.75);
    canvas.line(left, top + offset, left + side, top + offset, palette::faint, 0.75);
  }
  for (std::size_t column = 0; column < classes; ++column)
    canvas.text_upwards(left + cell * (static_cast<double>(column) + 0.5), top + side + 10, labels[column], letter,
                        Align::right);
  canvas.text_upwards(20, top + side / 2, "true class", 10, Align::center);
  canvas.text(left + side / 2, top + side + label_width + 36, "predicted class", 10, Align::center);

  const double bar_height = std::min(least_side, 360.0);
  for (int step = 0; step < 100; ++step)
    canvas.box(bar_left, top + bar_height * (99 - step) / 100, bar_left + 16, top + bar_height * (100 - step) / 100,
               shade((step + 0.5) / 100));
  for (int tick = 0; tick <= 100; tick += 25)
    canvas.text(bar_left + 24, top + bar_height * (100 - tick) / 100, std::to_string(tick) + " %", 8);
  return canvas;
}

}  // namespace report

/// Draws how the clips of each true class (rows) were labelled (columns), in percent of the row, with the counts where
/// there is room.
///
/// counts  (K, K) row-major: counts[true_class * K + predicted_class]
/// names   (K) class names
/// path    PNG, written whole or not at all
///
/// Throws UsageError when there is no class or counts is not K x K; FileError when the file cannot be written.
///
///     draw_confusion_matrix(counts, model.class_names(), "confusion.png");
inline void draw_confusion_matrix(std::span<const std::size_t> counts, std::span<const std::string> names,
                                  const std::filesystem::path& path) {
  report::confusion_picture(counts, names).save(path);
}

}  // namespace rcar

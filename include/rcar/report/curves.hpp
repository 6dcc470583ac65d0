#pragma once
/// Training curves as a picture.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "../core/error.hpp"
#include "canvas.hpp"

namespace rcar {

/// One value an epoch, named as Keras names it: "loss", "val_loss", "accuracy", "val_accuracy".
struct Curve {
  std::string name;
  std::vector<float> values;
};

/// What may be said of a picture of curves.
struct CurvesOptions {
  std::optional<std::size_t> best_epoch{};  // index of the epoch whose weights were kept, from 0; it is marked
};

namespace report {

/// The ends and the step of an axis: the step is 1, 2 or 5 times a power of ten, about `wanted` of them.
struct Axis {
  double low = 0, high = 1, step = 0.2;
  int decimals = 1;
};

/// Round numbers from at most `low` to at least `high`, about `wanted` of them.
inline Axis make_axis(double low, double high, int wanted) {
  if (!(high > low)) low -= 0.5, high += 0.5;
  const double rough = (high - low) / wanted, power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double multiple : {5.0, 2.0, 1.0})
    if (multiple * power >= rough * 0.999) step = multiple * power;
  const double steps_below = std::floor(low / step + 1e-9), steps_above = std::ceil(high / step - 1e-9);
  return {steps_below * step, steps_above * step, step,
          std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)))};
}

/// The metric that a curve shows: "val_loss" is the loss, on the validation clips.
inline std::string metric_of(const std::string& name) { return name.starts_with("val_") ? name.substr(4) : name; }

/// A rectangle of pixels and the values that its edges stand for.
struct PlotArea {
  double left, top, right, bottom;
};

/// One panel: the curves of one metric over the epochs, with axes, grid and legend.
inline void draw_panel(Canvas& canvas, const PlotArea& area, const std::string& metric, std::span<const Curve> curves,
                       std::optional<std::size_t> best_epoch) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  std::size_t epochs = 1;
  for (const auto& curve : curves) {
    if (metric_of(curve.name) != metric) continue;
    epochs = std::max(epochs, curve.values.size());
    for (const float value : curve.values)
      if (std::isfinite(value)) low = std::min<double>(low, value), high = std::max<double>(high, value);
  }
  const bool fraction = metric.find("accuracy") != std::string::npos && low >= 0 && high <= 1;
  if (fraction || !std::isfinite(low)) low = 0, high = 1;
  if (low > 0) low = 0;
  const Axis axis = make_axis(low, high, 5);
  const auto x_of = [&](std::size_t epoch) {
    const double position =
        epochs > 1 ? static_cast<double>(epoch) / static_cast<double>(epochs - 1) : 0.5;  // epoch from 0
    return area.left + 8 + position * (area.right - area.left - 16);
  };
  const auto y_of = [&](double value) {
    return area.bottom - (value - axis.low) / (axis.high - axis.low) * (area.bottom - area.top);
  };

  const int steps = static_cast<int>(std::lround((axis.high - axis.low) / axis.step));
  for (int i = 0; i <= steps; ++i) {
    const double value = axis.low + axis.step * i;
    canvas.line(area.left, y_of(value), area.right, y_of(value), palette::faint);
    const std::string label = fraction ? short_number(value * 100, 0) + " %" : short_number(value, axis.decimals);
    canvas.text(area.left - 10, y_of(value), label, 8, Align::right);
  }
  const auto epoch_step = static_cast<std::size_t>(std::max(1.0, make_axis(0, static_cast<double>(epochs), 8).step));
  for (std::size_t epoch = 1; epoch <= epochs; ++epoch) {
    if (epoch != 1 && epoch % epoch_step != 0) continue;
    if (epoch == 1 && epochs > 1 && epoch_step > 1 && epoch_step < 3) continue;  // would touch the next
    canvas.line(x_of(epoch - 1), area.bottom, x_of(epoch - 1), area.bottom + 4, palette::ink);
    canvas.text(x_of(epoch - 1), area.bottom + 15, std::to_string(epoch), 8, Align::center);
  }
  canvas.line(area.left, area.bottom, area.right, area.bottom, palette::ink);
  canvas.line(area.left, area.top, area.left, area.bottom, palette::ink);
  canvas.text((area.left + area.right) / 2, area.bottom + 36, "epoch", 9, Align::center);
  canvas.text(area.left, area.top - 44, metric, 13);

  const bool marked = best_epoch && *best_epoch < epochs;
  if (marked) canvas.dashed_line(x_of(*best_epoch), area.top, x_of(*best_epoch), area.bottom, palette::grey, 1, 3);

  // Training is a blue line, validation a vermillion one with dots (so that they differ without colours too); further
  // curves of the same metric take other colours.
  const std::array colors{palette::blue, palette::green, palette::purple};
  double legend = area.left;
  std::size_t plain = 0;
  for (const auto& curve : curves) {
    if (metric_of(curve.name) != metric) continue;
    const bool validation = curve.name != metric;
    const cv::Scalar color = validation ? palette::vermillion : colors[plain++ % colors.size()];
    const double radius = epochs <= 100 && (validation || epochs == 1) ? 2.6 : 0;
    for (std::size_t epoch = 0; epoch < curve.values.size(); ++epoch) {
      if (!std::isfinite(curve.values[epoch])) continue;
      const double x = x_of(epoch), y = y_of(curve.values[epoch]);
      if (epoch > 0 && std::isfinite(curve.values[epoch - 1]))
        canvas.line(x_of(epoch - 1), y_of(curve.values[epoch - 1]), x, y, color, validation ? 1.2 : 1.8);
      if (radius > 0) canvas.dot(x, y, radius, color);
    }
    canvas.line(legend, area.top - 18, legend + 24, area.top - 18, color, validation ? 1.2 : 1.8);
    if (validation) canvas.dot(legend + 12, area.top - 18, 2.6, color);
    const std::string label = validation ? "validation" : "training";
    canvas.text(legend + 32, area.top - 18, label, 8);
    legend += 52 + Canvas::text_width(label, 8);
  }
  if (marked) {
    canvas.dashed_line(legend, area.top - 18, legend + 24, area.top - 18, palette::grey, 1, 3);
    canvas.text(legend + 32, area.top - 18, "best: epoch " + std::to_string(*best_epoch + 1), 8);
  }
}

}  // namespace report

/// Draws the curves of a training run, a panel a metric: "accuracy" and "val_accuracy" share one. A value that is not
/// finite leaves a gap.
///
/// path  PNG, written whole or not at all
///
/// Throws UsageError when there is no curve; FileError when the file cannot be written.
///
///     const Curve curves[] = {{"loss", {0.9F, 0.4F}}, {"val_loss", {1.1F, 0.7F}}};
///     draw_curves(curves, "curves.png", {.best_epoch = 1});
inline void draw_curves(std::span<const Curve> curves, const std::filesystem::path& path,
                        const CurvesOptions& options = {}) {
  using namespace report;
  std::vector<std::string> metrics;
  for (const auto& curve : curves) {
    const std::string metric = metric_of(curve.name);
    if (std::find(metrics.begin(), metrics.end(), metric) == metrics.end()) metrics.push_back(metric);
  }
  if (metrics.empty()) throw UsageError("There is no curve to draw; pass at least one.");
  constexpr double panel_width = 560, panel_height = 420;
  Canvas canvas(static_cast<int>(panel_width * static_cast<double>(metrics.size())), static_cast<int>(panel_height));
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const double left = panel_width * static_cast<double>(i);
    draw_panel(canvas, {left + 74, 84, left + panel_width - 26, panel_height - 60}, metrics[i], curves,
               options.best_epoch);
  }
  canvas.save(path);
}

}  // namespace rcar

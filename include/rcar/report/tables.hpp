#pragma once
/// The tables that a training run leaves: CSV and JSON, each written aside and renamed.

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "../core/file.hpp"
#include "../core/tensor.hpp"
#include "../data/csv.hpp"
#include "../data/feature_set.hpp"
#include "../data/split.hpp"
#include "../train/history.hpp"
#include "curves.hpp"

namespace rcar {

namespace detail {

/// Shortest text that reads back as the same float.
inline std::string float_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

}  // namespace detail

/// The class of each row: the index of its largest probability, the first of equal ones.
inline std::vector<int> predicted_classes(const Probabilities& probabilities) {
  std::vector<int> result;
  const std::size_t classes = probabilities.shape(1);
  for (std::size_t n = 0; n < probabilities.shape(0); ++n) {
    const float* row = probabilities.data() + n * classes;
    result.push_back(static_cast<int>(std::max_element(row, row + classes) - row));
  }
  return result;
}

/// (K, K) row-major. Rows: true class, columns: predicted class; both in the order of the labels.
inline std::vector<std::size_t> confusion_counts(const std::vector<int>& truth, const std::vector<int>& predicted,
                                                 std::size_t classes) {
  std::vector<std::size_t> counts(classes * classes, 0);
  for (std::size_t n = 0; n < truth.size(); ++n)
    ++counts[static_cast<std::size_t>(truth[n]) * classes + static_cast<std::size_t>(predicted[n])];
  return counts;
}

/// What draw_curves draws of a training.
inline std::vector<Curve> training_curves(const History& history) {
  std::vector<Curve> curves;
  for (const auto& [name, values] :
       {std::pair("loss", &history.loss), std::pair("val_loss", &history.val_loss),
        std::pair("accuracy", &history.accuracy), std::pair("val_accuracy", &history.val_accuracy)})
    if (!values->empty()) curves.push_back({name, {values->begin(), values->end()}});
  return curves;
}

/// history.csv: epoch, loss, accuracy and, where there was a validation set, val_loss and val_accuracy.
inline void write_history(const std::filesystem::path& path, const History& history) {
  const bool validated = !history.val_loss.empty();
  std::string text = validated ? "epoch,loss,accuracy,val_loss,val_accuracy\n" : "epoch,loss,accuracy\n";
  for (std::size_t e = 0; e < history.loss.size(); ++e) {
    text += std::to_string(e + 1) + "," + detail::float_text(history.loss[e]) + "," +
            detail::float_text(history.accuracy[e]);
    if (validated)
      text += "," + detail::float_text(history.val_loss[e]) + "," + detail::float_text(history.val_accuracy[e]);
    text += "\n";
  }
  write_file(path, text);
}

/// predictions.csv: clip, true, predicted, then each class's probability (0 to 1) under the class's name.
inline void write_predictions(const std::filesystem::path& path, const FeatureSet& set,
                              const std::vector<std::string>& classes, const Probabilities& probabilities) {
  const std::vector<int> predicted = predicted_classes(probabilities);
  const auto name = [&](int k) { return classes[static_cast<std::size_t>(k)]; };
  std::vector<std::string> row{"clip", "true", "predicted"};
  row.insert(row.end(), classes.begin(), classes.end());
  std::string text = csv_line(row);
  for (std::size_t n = 0; n < set.size(); ++n) {
    row = {set.clips[n], name(set.labels[n]), name(predicted[n])};
    for (std::size_t k = 0; k < classes.size(); ++k)
      row.push_back(detail::float_text(static_cast<double>(probabilities(n, k))));
    text += csv_line(row);
  }
  write_file(path, text);
}

/// split.csv: clip, class, part: which clips trained and which validated.
inline void write_split(const std::filesystem::path& path, const FeatureSet& set,
                        const std::vector<std::string>& classes, const Split& split) {
  std::string text = "clip,class,part\n";
  for (const auto& [rows, part] : {std::pair(&split.train, "train"), std::pair(&split.validation, "validation")})
    for (const std::size_t row : *rows)
      text +=
          csv_line(std::vector<std::string>{set.clips[row], classes[static_cast<std::size_t>(set.labels[row])], part});
  write_file(path, text);
}

}  // namespace rcar

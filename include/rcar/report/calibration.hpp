#pragma once
/// Whether a model is as often right as it is sure.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "../core/error.hpp"
#include "../core/tensor.hpp"

namespace rcar {

/// The clips whose confidence, the probability of their most likely class, lies in (low, high]; the first bin has 0
/// too.
struct ConfidenceBin {
  double low = 0, high = 1;
  std::size_t clips = 0, correct = 0;
  double confidence = 0;  // mean; 0 without clips
  double accuracy = 0;    // fraction; 0 without clips
};

/// Guo et al. 2017 (arXiv:1706.04599) and Brier 1950.
struct Calibration {
  std::vector<ConfidenceBin> bins;        // of equal width
  double expected_calibration_error = 0;  // mean of |accuracy - confidence| over bins, weighted by their clips: 0 to 1
  double maximum_calibration_error = 0;   // the largest of them
  double brier_score = 0;  // mean over clips of the squared distance between probabilities and truth: 0 to 2
  double confidence = 0;   // mean over clips
  double accuracy = 0;     // fraction
};

/// probabilities  (N, K), each row adding up to 1
/// labels         (N), the true classes, 0 to K - 1
///
/// Throws UsageError when the two differ in number, a label is no class, or there is no bin. Without clips all is 0.
inline Calibration calibrate(const Probabilities& probabilities, std::span<const int> labels, std::size_t bins = 10) {
  const std::size_t clips = probabilities.shape(0), classes = probabilities.shape(1);
  if (labels.size() != clips)
    throw UsageError("There are " + std::to_string(labels.size()) + " labels for the probabilities of " +
                     std::to_string(clips) + " clips; pass one a clip.");
  if (bins == 0) throw UsageError("The calibration has no bin; ask for at least one.");
  Calibration result;
  for (std::size_t b = 0; b < bins; ++b)
    result.bins.push_back({static_cast<double>(b) / static_cast<double>(bins),
                           static_cast<double>(b + 1) / static_cast<double>(bins), 0, 0, 0, 0});
  for (std::size_t n = 0; n < clips; ++n) {
    const float* row = probabilities.data() + n * classes;
    if (labels[n] < 0 || static_cast<std::size_t>(labels[n]) >= classes)
      throw UsageError("The label " + std::to_string(labels[n]) + " is no class; there are " + std::to_string(classes) +
                       ", counted from 0.");
    const auto truth = static_cast<std::size_t>(labels[n]);
    const auto likely = static_cast<std::size_t>(std::max_element(row, row + classes) - row);
    const double sure = static_cast<double>(row[likely]);
    const double place = std::ceil(sure * static_cast<double>(bins)) - 1;
    ConfidenceBin& bin = result.bins[static_cast<std::size_t>(std::clamp(place, 0.0, static_cast<double>(bins - 1)))];
    ++bin.clips;
    bin.correct += likely == truth;
    bin.confidence += sure;
    for (std::size_t k = 0; k < classes; ++k) {
      const double error = static_cast<double>(row[k]) - (k == truth ? 1.0 : 0.0);
      result.brier_score += error * error;
    }
  }
  if (clips == 0) return result;
  const double all = static_cast<double>(clips);
  for (ConfidenceBin& bin : result.bins) {
    result.confidence += bin.confidence / all;
    result.accuracy += static_cast<double>(bin.correct) / all;
    if (bin.clips == 0) continue;
    bin.confidence /= static_cast<double>(bin.clips);
    bin.accuracy = static_cast<double>(bin.correct) / static_cast<double>(bin.clips);
    const double gap = std::abs(bin.accuracy - bin.confidence);
    result.expected_calibration_error += gap * static_cast<double>(bin.clips) / all;
    result.maximum_calibration_error = std::max(result.maximum_calibration_error, gap);
  }
  result.brier_score /= all;
  return result;
}

}  // namespace rcar

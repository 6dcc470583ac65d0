#pragma once
/// Precision, recall and F1 of each class, and their means, from a confusion matrix.

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "../core/error.hpp"

namespace rcar {

/// How one class fares; or the mean over classes. Fractions from 0 to 1.
struct ClassMetrics {
  double precision = 0;       // of the clips labelled so, the part that is; 0 when none was labelled so
  double recall = 0;          // of the clips that are so, the part that was labelled so; 0 when there is none
  double f1 = 0;              // the harmonic mean of the two; 0 when both are
  std::size_t support = 0;    // clips that are of the class
  std::size_t predicted = 0;  // clips that were labelled so
};

/// Every class, and the means as scikit-learn's classification_report has them (zero_division=0).
struct ClassReport {
  std::vector<ClassMetrics> classes;  // (K)
  ClassMetrics macro;                 // each class counts the same
  ClassMetrics weighted;              // each class counts by its support
  double accuracy = 0;                // 0 without clips
};

/// counts  (K, K) row-major: counts[true_class * K + predicted_class]
///
/// Throws UsageError when counts is not K x K.
inline ClassReport class_report(std::span<const std::size_t> counts, std::size_t classes) {
  if (counts.size() != classes * classes)
    throw UsageError("The confusion matrix has " + std::to_string(counts.size()) + " counts for " +
                     std::to_string(classes) + " classes; pass classes x classes of them.");
  const auto share = [](std::size_t part, std::size_t whole) {
    return whole ? static_cast<double>(part) / static_cast<double>(whole) : 0.0;
  };
  ClassReport report;
  std::size_t all = 0, right = 0;
  for (std::size_t k = 0; k < classes; ++k) {
    ClassMetrics metrics;
    for (std::size_t other = 0; other < classes; ++other) {
      metrics.support += counts[k * classes + other];
      metrics.predicted += counts[other * classes + k];
    }
    const std::size_t hits = counts[k * classes + k];
    metrics.precision = share(hits, metrics.predicted);
    metrics.recall = share(hits, metrics.support);
    metrics.f1 = share(2 * hits, metrics.predicted + metrics.support);
    all += metrics.support;
    right += hits;
    report.classes.push_back(metrics);
  }
  report.accuracy = share(right, all);
  const auto add = [](ClassMetrics& mean, const ClassMetrics& each, double weight) {
    mean.precision += weight * each.precision;
    mean.recall += weight * each.recall;
    mean.f1 += weight * each.f1;
  };
  for (const ClassMetrics& each : report.classes) {
    add(report.macro, each, 1.0 / static_cast<double>(classes));
    add(report.weighted, each, share(each.support, all));
  }
  report.macro.support = report.macro.predicted = report.weighted.support = report.weighted.predicted = all;
  return report;
}

/// An interval of fractions.
struct Interval {
  double low = 0, high = 1;
};

/// Where the true rate lies with 95 % confidence when `hits` of `trials` succeeded: Wilson's score interval (1927).
/// The whole range 0 to 1 without trials.
inline Interval wilson_interval(std::size_t hits, std::size_t trials) {
  if (trials == 0) return {};
  constexpr double z = 1.959963984540054;  // of the normal distribution, 2.5 % above it
  const double n = static_cast<double>(trials), rate = static_cast<double>(hits) / n;
  const double middle = (rate + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(rate * (1 - rate) / n + z * z / (4 * n * n));
  return {hits == 0 ? 0 : middle - half, hits == trials ? 1 : middle + half};
}

}  // namespace rcar

#include <catch2/catch.hpp>
#include <rcar/report/class_metrics.hpp>
#include <vector>

using namespace rcar;

TEST_CASE("precision, recall, F1 and their means are scikit-learn's") {
  // sklearn.metrics.classification_report (1.9.1, zero_division=0) of these counts; class 3 is never predicted, class 4
  // never occurs.
  const std::vector<std::size_t> counts{5, 1, 0, 0, 0,  //
                                        2, 7, 1, 0, 0,  //
                                        0, 3, 4, 0, 1,  //
                                        1, 0, 1, 0, 0,  //
                                        0, 0, 0, 0, 0};
  const ClassReport report = class_report(counts, 5);
  const double precision[] = {0.625, 7.0 / 11, 4.0 / 6, 0, 0}, recall[] = {5.0 / 6, 0.7, 0.5, 0, 0},
               f1[] = {10.0 / 14, 14.0 / 21, 8.0 / 14, 0, 0};
  const std::size_t support[] = {6, 10, 8, 2, 0}, predicted[] = {8, 11, 6, 0, 1};
  for (std::size_t k = 0; k < 5; ++k) {
    CHECK(report.classes[k].precision == Approx(precision[k]));
    CHECK(report.classes[k].recall == Approx(recall[k]));
    CHECK(report.classes[k].f1 == Approx(f1[k]));
    CHECK(report.classes[k].support == support[k]);
    CHECK(report.classes[k].predicted == predicted[k]);
  }
  CHECK(report.accuracy == Approx(16.0 / 26));
  CHECK(report.macro.precision == Approx(0.3856060606));
  CHECK(report.macro.recall == Approx(0.4066666667));
  CHECK(report.macro.f1 == Approx(0.3904761905));
  CHECK(report.weighted.precision == Approx(0.5941142191));
  CHECK(report.weighted.recall == Approx(0.6153846154));
  CHECK(report.weighted.f1 == Approx(0.5970695971));
}

TEST_CASE("the weighted recall is the accuracy, whatever the counts") {
  const std::vector<std::size_t> counts{3, 9, 2, 0, 1, 5, 8, 2, 2};
  const ClassReport report = class_report(counts, 3);
  CHECK(report.weighted.recall == Approx(report.accuracy));
}

TEST_CASE("without clips every metric is 0, and counts that are no square are refused") {
  const ClassReport report = class_report(std::vector<std::size_t>(4, 0), 2);
  CHECK(report.accuracy == 0);
  CHECK(report.macro.f1 == 0);
  CHECK_THROWS_AS(class_report(std::vector<std::size_t>(5, 0), 2), UsageError);
}

TEST_CASE("Wilson's interval has the published values and stays between 0 and 1") {
  // statsmodels 0.15: proportion_confint(87, 105, method="wilson")
  const Interval interval = wilson_interval(87, 105);
  CHECK(interval.low == Approx(0.7452274604));
  CHECK(interval.high == Approx(0.8887221462));
  CHECK(wilson_interval(0, 10).low == 0);
  CHECK(wilson_interval(0, 10).high == Approx(0.2775327999));
  CHECK(wilson_interval(10, 10).high == 1);
  CHECK(wilson_interval(0, 0).high == 1);
  for (std::size_t hits = 0; hits <= 7; ++hits) {
    const Interval each = wilson_interval(hits, 7);
    CHECK(each.low <= static_cast<double>(hits) / 7);
    CHECK(each.high >= static_cast<double>(hits) / 7);
  }
}

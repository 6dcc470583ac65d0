#include <catch2/catch.hpp>
#include <rcar/report/calibration.hpp>
#include <vector>

using namespace rcar;

namespace {

/// Two classes; each clip is this sure of class 0.
Probabilities two_classes(const std::vector<float>& sure) {
  Probabilities out(Probabilities::shape_type{sure.size(), 2});
  for (std::size_t n = 0; n < sure.size(); ++n) {
    out(n, 0) = sure[n];
    out(n, 1) = 1 - sure[n];
  }
  return out;
}

}  // namespace

TEST_CASE("calibration error and Brier score are those computed by hand") {
  // Confidences 0.9, 0.9, 0.7, 0.65 (of class 1); right, wrong, right, right.
  const Calibration calibration = calibrate(two_classes({0.9f, 0.9f, 0.7f, 0.35f}), std::vector<int>{0, 1, 0, 1}, 5);
  REQUIRE(calibration.bins.size() == 5);
  CHECK(calibration.bins[4].clips == 2);
  CHECK(calibration.bins[4].accuracy == Approx(0.5));
  CHECK(calibration.bins[4].confidence == Approx(0.9));
  CHECK(calibration.bins[3].clips == 2);
  CHECK(calibration.bins[3].accuracy == Approx(1));
  CHECK(calibration.bins[3].confidence == Approx(0.675));
  CHECK(calibration.expected_calibration_error == Approx((2 * 0.4 + 2 * 0.325) / 4));
  CHECK(calibration.maximum_calibration_error == Approx(0.4));
  CHECK(calibration.brier_score == Approx(2 * (0.01 + 0.81 + 0.09 + 0.1225) / 4));
  CHECK(calibration.accuracy == Approx(0.75));
  CHECK(calibration.confidence == Approx((0.9 + 0.9 + 0.7 + 0.65) / 4));
}

TEST_CASE("a model that is always sure and right is calibrated, and one that is wrong not at all") {
  const Probabilities sure = two_classes({1, 1, 1});
  CHECK(calibrate(sure, std::vector<int>{0, 0, 0}).expected_calibration_error == 0);
  CHECK(calibrate(sure, std::vector<int>{0, 0, 0}).brier_score == 0);
  const Calibration wrong = calibrate(sure, std::vector<int>{1, 1, 1});
  CHECK(wrong.expected_calibration_error == 1);
  CHECK(wrong.brier_score == 2);
  CHECK(wrong.bins.back().clips == 3);
}

TEST_CASE("every clip is in one bin, its edges included above") {
  const Calibration calibration = calibrate(two_classes({0.5f, 0.75f, 1.0f, 0.0f}), std::vector<int>{0, 0, 0, 0}, 4);
  CHECK(calibration.bins[1].clips == 1);  // 0.5
  CHECK(calibration.bins[2].clips == 1);  // 0.75
  CHECK(calibration.bins[3].clips == 2);  // 1 and, of class 1, 1
}

TEST_CASE("calibration refuses what does not fit, and no clips give zeros") {
  CHECK(calibrate(Probabilities(Probabilities::shape_type{0, 2}), {}).brier_score == 0);
  CHECK_THROWS_AS(calibrate(two_classes({1}), std::vector<int>{0, 1}), UsageError);
  CHECK_THROWS_AS(calibrate(two_classes({1}), std::vector<int>{2}), UsageError);
  CHECK_THROWS_AS(calibrate(two_classes({1}), std::vector<int>{-1}), UsageError);
  CHECK_THROWS_AS(calibrate(two_classes({1}), std::vector<int>{0}, 0), UsageError);
}

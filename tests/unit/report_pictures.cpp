#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <opencv2/imgcodecs.hpp>
#include <rcar/report/confusion_matrix.hpp>
#include <rcar/report/curves.hpp>
#include <string>
#include <vector>

#include "tests/support/clips.hpp"

using namespace rcar;

namespace {

std::vector<std::string> class_names(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back("Class" + std::to_string(i));
  return names;
}

/// Pixels within a few levels of a colour.
int count_color(const cv::Mat& picture, const cv::Scalar& color) {
  cv::Mat found;
  cv::inRange(picture, color - cv::Scalar::all(3), color + cv::Scalar::all(3), found);
  return cv::countNonZero(found);
}

cv::Mat read_picture(const std::filesystem::path& path) {
  cv::Mat picture = cv::imread(path.string(), cv::IMREAD_COLOR);
  REQUIRE(!picture.empty());
  return picture;
}

}  // namespace

TEST_CASE("a right answer darkens the diagonal, a wrong one the cell that it stands for") {
  const test::TempFolder folder;
  const auto names = class_names(2);
  const std::vector<std::size_t> right{10, 0, 0, 10}, swapped{0, 10, 10, 0};
  draw_confusion_matrix(right, names, folder / "right.png");
  draw_confusion_matrix(swapped, names, folder / "swapped.png");
  const cv::Mat a = read_picture(folder / "right.png"), b = read_picture(folder / "swapped.png");
  const cv::Scalar dark = report::shade(1);
  CHECK(count_color(a, dark) > 2 * 96 * 96 / 2);
  CHECK(count_color(a, dark) == Approx(count_color(b, dark)).epsilon(0.02));
  // The first row's dark cell lies left of the second row's when all is right, else right of it.
  const auto first_dark_column = [&](const cv::Mat& picture, int row) {
    for (int x = 0; x < picture.cols; ++x)
      if (cv::norm(cv::Scalar(picture.at<cv::Vec3b>(row, x)) - dark) < 6) return x;
    return picture.cols;
  };
  CHECK(first_dark_column(a, 80) < first_dark_column(a, 260));
  CHECK(first_dark_column(b, 80) > first_dark_column(b, 260));
}

TEST_CASE("a confusion matrix of any size up to UCF101's fits a picture whose cells can be seen") {
  const test::TempFolder folder;
  for (const std::size_t classes : {1, 5, 30, 101}) {
    std::vector<std::size_t> counts(classes * classes);
    for (std::size_t i = 0; i < classes; ++i) counts[i * classes + i] = 1;
    draw_confusion_matrix(counts, class_names(classes), folder / "matrix.png");
    const cv::Mat picture = read_picture(folder / "matrix.png");
    CHECK(picture.cols < 2400);
    CHECK(picture.rows < 2400);
    CHECK(count_color(picture, report::shade(1)) >= static_cast<int>(classes) * 12 * 12);
  }
}

TEST_CASE("every share above zero can be told from none") {
  CHECK(cv::norm(report::shade(0) - cv::Scalar(255, 255, 255)) == 0);
  CHECK(cv::norm(report::shade(0.01) - report::shade(0)) > 15);
  for (int i = 1; i < 100; ++i) {  // and more is darker
    const auto lighter = report::shade(i / 100.0), darker = report::shade((i + 1) / 100.0);
    REQUIRE(lighter[0] + lighter[1] + lighter[2] >= darker[0] + darker[1] + darker[2]);
  }
}

TEST_CASE("a confusion matrix that does not fit its names, or an unwritable folder, is refused without a file") {
  const test::TempFolder folder;
  const std::vector<std::size_t> counts{1, 2, 3};
  CHECK_THROWS_AS(draw_confusion_matrix(counts, class_names(2), folder / "x.png"), UsageError);
  CHECK_THROWS_AS(draw_confusion_matrix({}, {}, folder / "x.png"), UsageError);
  CHECK_THROWS_AS(draw_confusion_matrix(std::vector<std::size_t>{1}, class_names(1), folder / "missing/x.png"),
                  FileError);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("curves show both series, and the best epoch where it is given") {
  const test::TempFolder folder;
  const std::vector<Curve> curves{{"loss", {2, 1, 0.5f, 0.3f}}, {"val_loss", {2.2f, 1.4f, 1, 1.2f}}};
  draw_curves(curves, folder / "plain.png");
  draw_curves(curves, folder / "marked.png", {.best_epoch = 2});
  const cv::Mat plain = read_picture(folder / "plain.png"), marked = read_picture(folder / "marked.png");
  CHECK(count_color(plain, report::palette::blue) > 100);
  CHECK(count_color(plain, report::palette::vermillion) > 100);
  // The mark is a dashed line from top to bottom, two thirds of the way from the first epoch to the last.
  cv::Mat changed;
  cv::cvtColor(plain != marked, changed, cv::COLOR_BGR2GRAY);
  int line = 0;
  for (int x = 0; x < changed.cols; ++x)
    if (cv::countNonZero(changed.col(x)) > cv::countNonZero(changed.col(line))) line = x;
  CHECK(cv::countNonZero(changed.col(line)) > 100);
  CHECK(line == Approx(82 + 2.0 / 3 * 444).margin(2));
}

TEST_CASE("curves of one epoch, of none, of equal values and with gaps are drawn") {
  const test::TempFolder folder;
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  for (const auto& values : std::vector<std::vector<float>>{
           {}, {0.5f}, {1, 1, 1}, {nan, nan}, {1, nan, 2, infinity}, {0, 0}, {-1, -2}, {1e-9f, 2e-9f}, {1e9f, 3e9f}}) {
    draw_curves(std::vector<Curve>{{"loss", values}, {"accuracy", values}}, folder / "curves.png");
    CHECK(read_picture(folder / "curves.png").cols == 1120);
  }
  CHECK_THROWS_AS(draw_curves({}, folder / "x.png"), UsageError);
}

TEST_CASE("an axis covers its values in round steps") {
  for (const auto& [low, high] : {std::pair{0.0, 1.0}, {0.0, 2.31}, {0.0, 0.004}, {-3.0, 17.0}, {0.0, 61.0}}) {
    const auto axis = report::make_axis(low, high, 5);
    CHECK(axis.low <= low + 1e-12);
    CHECK(axis.high >= high - 1e-12);
    CHECK((axis.high - axis.low) / axis.step <= 11);
    const double mantissa = axis.step / std::pow(10, std::floor(std::log10(axis.step) + 1e-9));
    CHECK((std::abs(mantissa - 1) < 1e-9 || std::abs(mantissa - 2) < 1e-9 || std::abs(mantissa - 5) < 1e-9));
  }
}

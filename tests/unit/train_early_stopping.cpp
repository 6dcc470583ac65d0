#include <rcar/train/early_stopping.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

namespace {

/// The epoch (from 1) after which training stops, 0 when it does not.
int stops_after(int patience, const std::vector<double>& losses) {
  rcar::EarlyStopping stopping(patience);
  for (std::size_t i = 0; i < losses.size(); ++i) {
    stopping.improves(losses[i]);
    if (stopping.stop()) return static_cast<int>(i) + 1;
  }
  return 0;
}

}  // namespace

TEST_CASE("early stopping waits `patience` epochs after the best, as Keras's") {
  CHECK(stops_after(2, {3, 2, 2.5, 2.1, 1}) == 4);
  CHECK(stops_after(3, {3, 2, 2.5, 2.1, 1}) == 0);
  CHECK(stops_after(2, {3, 4, 2, 4, 5}) == 5);
  CHECK(stops_after(1, {1, 1, 0.5}) == 2);  // an equal loss is no better one
}

TEST_CASE("without patience the first epoch that is not better stops, but never the very first") {
  CHECK(stops_after(0, {2, 1, 3}) == 3);
  CHECK(stops_after(0, {2}) == 0);
}

TEST_CASE("NaN is no improvement") {
  rcar::EarlyStopping stopping(5);
  CHECK_FALSE(stopping.improves(std::nan("")));
  CHECK(stopping.improves(1e9));
  CHECK_FALSE(stopping.improves(std::nan("")));
  CHECK(stopping.improves(1e8));
}

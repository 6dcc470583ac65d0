#pragma once
/// A list that ranks divide among themselves while they work.

#include <algorithm>
#include <cstddef>
#include <mutex>

#include "../train/group_exchange.hpp"

namespace rcar::cluster {

/// Gives out rows of a list in pieces that shrink towards its end (guided self-scheduling, Polychronopoulos and Kuck
/// 1987): large ones spare messages, and at the end none waits long for another.
class DividedList {
 public:
  /// `takers`: how many threads work on the list, of all ranks together.
  DividedList(std::size_t rows, std::size_t takers) : rows_(rows), takers_(std::max<std::size_t>(takers, 1)) {}

  /// The next rows; none when all are given out. From any thread.
  ItemRange next() {
    std::lock_guard lock(mutex_);
    const std::size_t left = rows_ - given_;
    const std::size_t count = std::min(left, std::clamp<std::size_t>(left / (4 * takers_), 1, most));
    const ItemRange piece{given_, given_ + count};
    given_ += count;
    return piece;
  }

 private:
  static constexpr std::size_t most = 64;

  const std::size_t rows_, takers_;
  std::size_t given_ = 0;
  std::mutex mutex_;
};

}  // namespace rcar::cluster

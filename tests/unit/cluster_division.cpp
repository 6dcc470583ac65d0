#include <algorithm>
#include <catch2/catch.hpp>
#include <rcar/cluster/divided_list.hpp>
#include <rcar/cluster/summary_message.hpp>
#include <string>
#include <thread>
#include <vector>

using rcar::ItemRange;
using rcar::share_of;

TEST_CASE("shares are consecutive, cover everything and differ by one item at most") {
  for (const std::size_t parts : {1u, 2u, 3u, 7u, 16u})
    for (const std::size_t count : {0u, 1u, 8u, 100u, 1001u}) {
      std::size_t next = 0, least = count, most = 0;
      for (std::size_t part = 0; part < parts; ++part) {
        const ItemRange share = share_of(part, parts, count);
        CHECK(share.first == next);
        next = share.end;
        least = std::min(least, share.count());
        most = std::max(most, share.count());
      }
      CHECK(next == count);
      CHECK(most - least <= 1);
    }
}

TEST_CASE("a divided list gives every row once, in pieces that shrink to single rows") {
  for (const std::size_t rows : {0u, 1u, 5u, 1000u, 100000u}) {
    rcar::cluster::DividedList list(rows, 8);
    std::size_t next = 0, last = rows, asked = 0;
    for (ItemRange piece = list.next(); piece.count() > 0; piece = list.next(), ++asked) {
      CHECK(piece.first == next);
      CHECK(piece.count() <= std::min<std::size_t>(last, 64));
      if (rows - piece.first < 2 * 4 * 8) CHECK(piece.count() == 1);  // so that none waits long at the end
      next = piece.end;
      last = piece.count();
    }
    CHECK(next == rows);
    CHECK(list.next().count() == 0);
    CHECK(asked <= rows / 64 + 4 * 8 * 8);
  }
}

TEST_CASE("threads that take from one list take every row once") {
  constexpr std::size_t rows = 20000;
  rcar::cluster::DividedList list(rows, 4);
  std::vector<std::vector<std::size_t>> taken(4);
  std::vector<std::thread> threads;
  threads.reserve(taken.size());
  for (auto& mine : taken)
    threads.emplace_back([&] {
      for (ItemRange piece = list.next(); piece.count() > 0; piece = list.next())
        for (std::size_t row = piece.first; row < piece.end; ++row) mine.push_back(row);
    });
  for (auto& thread : threads) thread.join();
  std::vector<std::size_t> all;
  for (const auto& mine : taken) all.insert(all.end(), mine.begin(), mine.end());
  std::sort(all.begin(), all.end());
  REQUIRE(all.size() == rows);
  for (std::size_t row = 0; row < rows; ++row) REQUIRE(all[row] == row);
}

TEST_CASE("a summary survives its message, names of any bytes too, and a cut message is refused") {
  rcar::cluster::SharedSummary summary;
  summary.clips = 70;
  summary.cached = 3;
  summary.frames = 1400;
  summary.seconds = 1.0 / 3;
  summary.frames_per_second = 4200.5;
  summary.quarantine = {{"a\xff\n\"b.avi", "no, \"video\"", 7}, {"", "", 9}};
  summary.clips_of_rank = {40, 0, 32};
  const std::string bytes = rcar::cluster::pack(summary);
  const auto back = rcar::cluster::unpack_summary(bytes);
  CHECK(back.clips == 70);
  CHECK(back.cached == 3);
  CHECK(back.frames == 1400);
  CHECK(back.seconds == summary.seconds);
  CHECK(back.frames_per_second == summary.frames_per_second);
  REQUIRE(back.quarantine.size() == 2);
  CHECK(back.quarantine[0].clip == summary.quarantine[0].clip);
  CHECK(back.quarantine[0].reason == summary.quarantine[0].reason);
  CHECK(back.quarantine[1].row == 9);
  CHECK(back.clips_of_rank == summary.clips_of_rank);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_THROWS_AS(rcar::cluster::unpack_summary(std::string_view(bytes).substr(0, size)), rcar::Error);
}

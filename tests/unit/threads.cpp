#include <rcar/core/threads.hpp>

#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

using rcar::parallel_for;

TEST_CASE("every item is run once, by workers whose numbers are below the number of threads") {
  std::vector<std::atomic<int>> runs(1000);
  std::atomic<bool> small{true};
  parallel_for(runs.size(), [&](std::size_t i, std::size_t worker) {
    ++runs[i];
    if (worker >= rcar::thread_count()) small = false;
  });
  for (const auto& count : runs) REQUIRE(count == 1);
  CHECK(small);
}

TEST_CASE("the first exception of an item comes out, and the next call is none the worse") {
  CHECK_THROWS_AS(parallel_for(100,
                               [](std::size_t i, std::size_t) {
                                 if (i == 7) throw std::runtime_error("7");
                               }),
                  std::runtime_error);
  std::atomic<int> items{0};
  parallel_for(100, [&](std::size_t, std::size_t) { ++items; });
  CHECK(items == 100);
}

// Both would wait for ever if the second call waited until the first one's items are done.
TEST_CASE("a call beside one whose items wait for a lock of the caller's ends") {
  std::mutex lock;
  std::atomic<bool> held{false}, waited_for{false};
  std::atomic<int> items{0};
  std::thread other([&] {
    const std::lock_guard hold(lock);
    held = true;
    while (!waited_for) std::this_thread::yield();
    parallel_for(8, [&](std::size_t, std::size_t) { ++items; });
  });
  while (!held) std::this_thread::yield();
  parallel_for(2 * rcar::thread_count(), [&](std::size_t, std::size_t) {
    waited_for = true;
    const std::lock_guard hold(lock);
  });
  other.join();
  CHECK(items == 8);
}

TEST_CASE("several threads may call at once") {
  std::vector<std::thread> callers;
  std::atomic<int> items{0};
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      for (int call = 0; call < 200; ++call) parallel_for(5, [&](std::size_t, std::size_t) { ++items; });
    });
  for (std::thread& caller : callers) caller.join();
  CHECK(items == 4 * 200 * 5);
}

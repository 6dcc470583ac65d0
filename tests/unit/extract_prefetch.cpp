#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <mutex>
#include <rcar/data/prefetch.hpp>
#include <set>
#include <stdexcept>
#include <thread>

using rcar::Prefetch;

TEST_CASE("every item is prepared once and given once") {
  for (const std::size_t threads : {1, 3, 16})
    for (const std::size_t ahead : {1, 2, 100}) {
      std::atomic<int> prepared{0};
      Prefetch<std::size_t> items(50, threads, ahead, [&](std::size_t i) { return ++prepared, i; });
      std::multiset<std::size_t> seen;
      while (const auto item = items.next()) seen.insert(*item);
      CHECK(prepared == 50);
      CHECK(seen.size() == 50);
      CHECK(std::set(seen.begin(), seen.end()).size() == 50);
      CHECK_FALSE(items.next());
    }
}

TEST_CASE("one thread gives the items in their order") {
  Prefetch<std::size_t> items(20, 1, 5, [](std::size_t i) { return i; });
  for (std::size_t i = 0; i < 20; ++i) CHECK(items.next() == i);
}

TEST_CASE("no more items are alive than the bound allows") {
  std::atomic<int> alive{0}, most{0};
  struct Item {
    std::atomic<int>* count = nullptr;
    explicit Item(std::atomic<int>& alive) : count(&alive) {}
    Item(Item&& other) noexcept : count(std::exchange(other.count, nullptr)) {}
    ~Item() {
      if (count) --*count;
    }
  };
  Prefetch<Item> items(60, 8, 3, [&](std::size_t) {
    const int now = ++alive;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    return Item(alive);
  });
  while (const auto item = items.next()) std::this_thread::sleep_for(std::chrono::microseconds(200));
  CHECK(most <= 3 + 1);  // and the one in use
  CHECK(most >= 2);
  CHECK(alive == 0);
}

TEST_CASE("what preparing throws reaches whoever takes, and the rest is dropped") {
  std::atomic<int> prepared{0};
  std::atomic<bool> came{false};
  {
    Prefetch<std::size_t> items(1000, 2, 4, [&](std::size_t i) {
      ++prepared;
      if (i == 5) throw std::runtime_error("five");
      if (i > 5) came.wait(false);  // an exception may be long on its way
      return i;
    });
    CHECK_THROWS_WITH(
        [&] {
          while (items.next()) {
          }
        }(),
        "five");
    came = true;
    came.notify_all();
    CHECK_THROWS_WITH(items.next(), "five");
  }
  CHECK(prepared <= 7);  // the six up to it, and what the other thread had under way
}

TEST_CASE("leaving early waits for the items under way only") {
  std::atomic<int> prepared{0};
  {
    Prefetch<std::size_t> items(1000, 2, 4, [&](std::size_t i) { return ++prepared, i; });
    items.next();
  }
  CHECK(prepared <= 8);
  Prefetch<std::size_t> none(0, 2, 4, [](std::size_t i) { return i; });
  CHECK_FALSE(none.next());
}

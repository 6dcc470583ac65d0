#include <rcar/core/child_process.hpp>

#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include "tests/support/sanitized.hpp"
#include "tests/support/skip.hpp"

using Catch::Matchers::Contains;
using rcar::ChildEnd;
using rcar::ChildLimits;
using rcar::SharedMemory;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;
constexpr ChildLimits generous{256 * mebibyte, 20};

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

TEST_CASE("what a child leaves in shared memory is there when it has ended") {
  SharedMemory shared(mebibyte);
  const ChildEnd end = rcar::run_in_child(generous, [&] {
    std::memset(shared.take(100).data(), 1, 100);
    const auto piece = shared.take(5);
    std::memcpy(piece.data(), "hello", 5);
    shared.set_result(piece);
  });
  CHECK(end.kind == ChildEnd::finished);
  CHECK(text_of(shared.result()) == "hello");
}

TEST_CASE("a child that dies leaves no result and says how it died") {
  SharedMemory shared(mebibyte);
  const ChildEnd end = rcar::run_in_child(generous, [] { std::raise(SIGSEGV); });
  CHECK(end.kind == ChildEnd::died);
  if (!rcar::test::sanitized) CHECK(end.reason == "Segmentation fault");
  CHECK(shared.result().empty());
  CHECK(rcar::run_in_child(generous, [] { throw 1; }).kind == ChildEnd::died);
}

TEST_CASE("a child that asks for more memory than it may have is told apart from one that crashes") {
  if (rcar::test::sanitized) return rcar::test::skip("sanitizers take their memory beforehand");
  const auto take_64 = [] { std::vector<char>(64 * mebibyte, 1).back() = 2; };
  CHECK(rcar::run_in_child({8 * mebibyte, 20}, take_64).kind == ChildEnd::out_of_memory);
  CHECK(rcar::run_in_child(generous, take_64).kind == ChildEnd::finished);
}

TEST_CASE("a child that takes too long is ended") {
  const ChildEnd end = rcar::run_in_child({256 * mebibyte, 1}, [] {
    for (std::atomic<int> turns = 0;;) ++turns;
  });
  CHECK(end.kind == ChildEnd::out_of_time);
}

TEST_CASE("shared memory has an end, and its result cannot lie outside it") {
  SharedMemory shared(1000);
  CHECK_THROWS_AS(shared.take(2000), std::bad_alloc);
  CHECK_THROWS_AS(shared.take(~std::size_t{0}), std::bad_alloc);
  shared.set_result({shared.all().data(), std::size_t{1} << 40});
  CHECK(shared.result().empty());
  shared.set_result({shared.all().data() + (std::size_t{1} << 40), 1});
  CHECK(shared.result().empty());
}

#include <catch2/catch.hpp>
#include <cstddef>
#include <filesystem>
#include <rcar/doctor/examine.hpp>
#include <string>

#include "tests/support/clips.hpp"

using namespace rcar;
using namespace rcar::doctor;

namespace {

bool equal(const ClipFacts& a, const ClipFacts& b) {
  return a.fault == b.fault && a.sha256 == b.sha256 && a.bytes == b.bytes && a.frames == b.frames &&
         a.claimed == b.claimed && a.frames_per_second == b.frames_per_second && a.width == b.width &&
         a.height == b.height && a.codec == b.codec &&
         std::equal(a.signature.pixels().begin(), a.signature.pixels().end(), b.signature.pixels().begin(),
                    b.signature.pixels().end());
}

}  // namespace

TEST_CASE("facts come back from the cache as they were, and are what decoding gives", "[doctor]") {
  const test::TempFolder folder;
  test::write_clip(folder / "a.avi", 12, 3);
  test::write_clip(folder / "b.avi", 30, 8);
  test::write_text(folder / "c.avi", "no video");
  const std::vector<std::filesystem::path> paths{folder / "a.avi", folder / "b.avi", folder / "c.avi"};
  const auto decoded = examine_clips(paths, {}, ProgressDisplay::off);
  const auto first = examine_clips(paths, folder / "cache", ProgressDisplay::off);
  const auto second = examine_clips(paths, folder / "cache", ProgressDisplay::off);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    CHECK(equal(first[i], decoded[i]));
    CHECK(equal(second[i], decoded[i]));
  }
  const FactsCache cache(folder / "cache");
  CHECK(cache.load(decoded[0].sha256));
  CHECK_FALSE(std::filesystem::exists(cache.path(decoded[2].sha256)));  // what is unreadable is not kept
}

TEST_CASE("a cache entry that is cut or changed at any byte counts as none", "[doctor]") {
  const test::TempFolder folder;
  test::write_clip(folder / "a.avi", 12, 3);
  const auto facts = examine_clips({folder / "a.avi"}, folder / "cache", ProgressDisplay::off)[0];
  const FactsCache cache(folder / "cache");
  const std::string whole = test::read_text(cache.path(facts.sha256));
  for (std::size_t at = 0; at < whole.size(); at += at < 400 ? 3 : 997) {
    test::write_text(cache.path(facts.sha256), whole.substr(0, at));
    CHECK_FALSE(cache.load(facts.sha256));
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 4);
    test::write_text(cache.path(facts.sha256), flipped);
    CHECK_FALSE(cache.load(facts.sha256));
  }
  CHECK(equal(examine_clips({folder / "a.avi"}, folder / "cache", ProgressDisplay::off)[0], facts));
  CHECK(cache.load(facts.sha256));  // made again
  test::write_text(folder / "file", "x");
  CHECK_THROWS_AS(FactsCache(folder / "file"), FileError);
}

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <rcar/data/feature_cache.hpp>
#include <string>
#include <vector>
#include <xtensor/xnpy.hpp>

#include "tests/support/clips.hpp"

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using rcar::FeatureCache;
using rcar::ForeignCache;
using rcar::test::read_text;
using rcar::test::TempFolder;
using rcar::test::write_text;

namespace {

const std::vector<float> features{1, 2, 3, 4, 5, 6};  // (2, 3)

/// What a cache makes of an entry whose bytes were changed: empty when it takes it.
template <class Change>
std::string damage_after(Change change) {
  const TempFolder folder;
  const FeatureCache cache(folder.path(), "avx2");
  cache.store("key", features, 3);
  std::string bytes = read_text(cache.path("key"));
  change(bytes);
  write_text(cache.path("key"), bytes);
  std::string damage;
  const auto loaded = cache.load("key", 3, 20, damage);
  CHECK(loaded.has_value() == damage.empty());
  return damage;
}

}  // namespace

TEST_CASE("a cache entry gives back the features of its key alone") {
  const TempFolder folder;
  const FeatureCache cache(folder / "made/here", "avx2");
  std::string damage;
  CHECK_FALSE(cache.load("key", 3, 20, damage));
  cache.store("key", features, 3);
  CHECK(cache.load("key", 3, 20, damage) == features);
  CHECK_FALSE(cache.load("key2", 3, 20, damage));
  CHECK(FeatureCache(folder / "made/here", "avx2").load("key", 3, 20, damage) == features);
  CHECK(damage.empty());
}

TEST_CASE("a cache entry is a .npy file of shape (n, F) and type float32, named by a SHA-256") {
  const TempFolder folder;
  const FeatureCache cache(folder.path(), "avx2");
  cache.store("key", features, 3);
  CHECK(cache.path("key").filename().string().size() == 64 + 4);
  const auto array = xt::load_npy<float>(cache.path("key").string());
  REQUIRE(array.dimension() == 2);
  CHECK(array.shape(0) == 2);
  CHECK(array.shape(1) == 3);
  CHECK(std::equal(features.begin(), features.end(), array.begin()));
  CHECK(fs::file_size(cache.path("key")) == 128 + 24 + 26);
}

TEST_CASE("a damaged cache entry counts as none and is named") {
  CHECK(damage_after([](std::string&) {}).empty());
  CHECK_THAT(damage_after([](std::string& bytes) { bytes.pop_back(); }), Contains(".npy'") && Contains("177 bytes"));
  CHECK_THAT(damage_after([](std::string& bytes) { bytes.clear(); }), Contains("0 bytes"));
  CHECK_THAT(damage_after([](std::string& bytes) { bytes.resize(128); }), Contains("128 bytes"));
  CHECK_THAT(damage_after([](std::string& bytes) { bytes.resize(128 + 12); }), Contains("140 bytes"));
  CHECK_THAT(damage_after([](std::string& bytes) { bytes.replace(bytes.find("<f4"), 3, "<i4"); }),
             Contains("checksum"));
  CHECK_THAT(damage_after([](std::string& bytes) { std::fill_n(bytes.begin() + 128, 4, '\xff'); }),
             Contains("checksum"));
}

TEST_CASE("no bit of a cache entry can be flipped and no byte be missing or added without notice") {
  const TempFolder folder;
  const FeatureCache cache(folder.path(), "avx2");
  cache.store("key", features, 3);
  const std::string whole = read_text(cache.path("key"));
  const auto taken = [&](const std::string& bytes) {
    write_text(cache.path("key"), bytes);
    std::string damage;
    return FeatureCache(folder.path(), "avx2").load("key", 3, 20, damage).has_value() || damage.empty();
  };
  CHECK(taken(whole));
  std::size_t unnoticed = 0;
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
    unnoticed += taken(bytes);
  }
  for (std::size_t size = 0; size < whole.size(); ++size) unnoticed += taken(whole.substr(0, size));
  for (std::size_t more = 1; more <= 24; ++more) unnoticed += taken(whole + std::string(more, '\0'));
  CHECK(unnoticed == 0);
}

TEST_CASE("the entry of another key, under this one's name, counts as damaged") {
  const TempFolder folder;
  const FeatureCache cache(folder.path(), "avx2");
  cache.store("key", features, 3);
  fs::copy_file(cache.path("key"), cache.path("other key"));
  std::string damage;
  CHECK_FALSE(cache.load("other key", 3, 20, damage));
  CHECK_THAT(damage, Contains(cache.path("other key").string()) && Contains("checksum"));
}

TEST_CASE("entries without a checksum, as earlier versions wrote them, are computed again, which is said once") {
  const TempFolder folder;
  const FeatureCache cache(folder.path(), "avx2");
  for (const char* key : {"one", "two"}) {
    cache.store(key, features, 3);
    std::string bytes = read_text(cache.path(key));
    REQUIRE(bytes.find("checksum ") == 128 + 24);
    write_text(cache.path(key), bytes.substr(0, 128 + 24));
  }
  std::string first, second;
  CHECK_FALSE(cache.load("one", 3, 20, first));
  CHECK_FALSE(cache.load("two", 3, 20, second));
  CHECK_THAT(first, Contains("without a checksum"));
  CHECK(second.empty());
}

TEST_CASE("an entry of more frames than the sequence has counts as damaged") {
  const TempFolder folder;
  const FeatureCache cache(folder.path(), "avx2");
  cache.store("key", features, 3);
  std::string damage;
  CHECK_FALSE(cache.load("key", 3, 1, damage));
  CHECK_FALSE(damage.empty());
}

TEST_CASE("a cache from another kind of CPU is refused in one sentence unless it is accepted") {
  const TempFolder folder;
  FeatureCache(folder.path(), "avx512").store("key", features, 3);
  CHECK_THROWS_AS(FeatureCache(folder.path(), "avx2"), rcar::DataError);
  CHECK_THROWS_WITH(FeatureCache(folder.path(), "avx2"), Contains("'avx512'") && Contains("'avx2'") && !Contains("\n"));

  const FeatureCache cache(folder.path(), "avx2", ForeignCache::accept);
  std::string damage;
  CHECK(cache.load("key", 3, 20, damage) == features);
  // What is computed here never passes for what the other CPU computed.
  cache.store("new", features, 3);
  CHECK(cache.load("new", 3, 20, damage) == features);
  CHECK_FALSE(FeatureCache(folder.path(), "avx512").load("new", 3, 20, damage));
}

TEST_CASE("a damaged cache.json is refused by name where there are no entries, and so is one of another version") {
  for (const char* text : {"", "{", "[]", "{\"format\": \"other\"}",
                           R"({"format": "rcar-feature-cache", "version": 2, "instruction_set": "avx2"})"}) {
    const TempFolder folder;
    write_text(folder / "cache.json", text);
    CHECK_THROWS_WITH(FeatureCache(folder.path(), "avx2"), Contains("cache.json'"));
  }
  const TempFolder folder;
  FeatureCache(folder.path(), "avx2").store("key", features, 3);
  write_text(folder / "cache.json", R"({"format": "rcar-feature-cache", "version": 2, "instruction_set": "avx2"})");
  CHECK_THROWS_WITH(FeatureCache(folder.path(), "avx2"), Contains("another version"));
}

TEST_CASE("a cache.json that is cut or flipped anywhere is made again, and the entries are used as before") {
  const TempFolder folder;
  FeatureCache(folder.path(), "avx2").store("key", features, 3);
  const fs::path marker = folder / "cache.json";
  const std::string whole = read_text(marker);
  const auto expect_repaired = [&](const std::string& text) {
    INFO(text);
    write_text(marker, text);
    const FeatureCache cache(folder.path(), "avx2");
    std::string damage;
    CHECK(cache.load("key", 3, 20, damage) == features);
    // What is left of the end, or the name of the checksum, may be damaged without a change of what is said.
    CHECK((!cache.warning().empty() || text.starts_with(whole.substr(0, whole.find("checksum")))));
    if (!cache.warning().empty()) {
      CHECK_THAT(cache.warning(), Contains("cache.json'"));
      CHECK(read_text(marker) == whole);
    }
  };
  for (std::size_t size = 0; size < whole.size(); ++size) expect_repaired(whole.substr(0, size));
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string text = whole;
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ 1 << bit % 8);
    expect_repaired(text);
  }
}

TEST_CASE("a cache.json of earlier versions is taken") {
  const TempFolder folder;
  FeatureCache(folder.path(), "avx2").store("key", features, 3);
  write_text(folder / "cache.json", R"({"format": "rcar-feature-cache", "version": 1, "instruction_set": "avx512"})");
  CHECK_THROWS_WITH(FeatureCache(folder.path(), "avx2"), Contains("'avx512'"));
  CHECK(FeatureCache(folder.path(), "avx512").warning().empty());
}

TEST_CASE("a cache folder that is a file is refused before any work") {
  const TempFolder folder;
  write_text(folder / "file", "x");
  CHECK_THROWS_WITH(FeatureCache(folder / "file", "avx2"), Contains("file'") && Contains("cannot be written"));
  CHECK_THROWS_AS(FeatureCache(folder / "file/below", "avx2"), rcar::FileError);
}

TEST_CASE("what a killed run left beside the entries is removed after a day, and nothing else is") {
  const TempFolder folder;
  const auto entry = folder / (std::string(64, 'a') + ".npy");
  const auto old_aside = write_text(entry.string() + ".abcdef", "half");
  const auto new_aside = write_text(entry.string() + ".ghijkl", "half");
  const auto other = write_text(folder / "notes.npy.abcdef", "mine");
  const auto two_days_ago = fs::file_time_type::clock::now() - std::chrono::hours(48);
  fs::last_write_time(old_aside, two_days_ago);
  fs::last_write_time(other, two_days_ago);
  const FeatureCache cache(folder.path(), "avx2");
  CHECK_FALSE(fs::exists(old_aside));
  CHECK(fs::exists(new_aside));
  CHECK(fs::exists(other));
}

TEST_CASE("a file's hash is the SHA-256 of its bytes, whatever their number") {
  const TempFolder folder;
  CHECK(rcar::file_sha256(write_text(folder / "abc", "abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const std::string large(1'000'000, 'a');  // FIPS 180's own example
  CHECK(rcar::file_sha256(write_text(folder / "large", large)) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  CHECK_THROWS_WITH(rcar::file_sha256(folder / "none"), Contains("no such file"));
  CHECK_THROWS_WITH(rcar::file_sha256(folder.path()), Contains("not a regular file"));
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK_THROWS_WITH(rcar::file_sha256(folder / "pipe"), Contains("not a regular file"));  // and does not wait
}

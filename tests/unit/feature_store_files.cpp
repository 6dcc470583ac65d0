#include <array>
#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <rcar/data/csv.hpp>
#include <rcar/data/feature_store.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/clips.hpp"

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

namespace {

constexpr std::size_t steps = 3, width = 2;

struct Fixture {
  rcar::test::TempFolder folder;
  rcar::Dataset data{"clips", {{"a.avi", "x"}, {"b.avi", "y"}, {"c, d.avi", "x"}, {"e.avi", "y"}}};
  rcar::FeatureExtractor extractor;

  Fixture() {
    extractor.image_dim = 4;
    extractor.sequence_length = static_cast<int>(steps);
    extractor.feature_dim = static_cast<int>(width);
  }

  std::string text(const std::string& name) const {
    return std::string(rcar::MappedFile(folder / ("out/" + name)).text());
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& file : fs::directory_iterator(folder / "out")) names.push_back(file.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
};

const std::vector<std::string> whole{"clips.csv", "features.npy", "mask.npy"};

}  // namespace

TEST_CASE("a store's files are NumPy arrays in the list's order, whatever the order of writing") {
  Fixture fixture;
  {
    rcar::FeatureStore store(fixture.folder / "out", fixture.data, fixture.extractor);
    const auto sink = store.sink();
    sink(3, {7, 8});
    sink(0, {1, 2, 3, 4});
    sink(2, {5, 6, 7, 8, 9, 10});
    sink(1, {11, 12});
    CHECK(fixture.names().size() == 2);  // the features, aside, and the lock
    CHECK(!fs::exists(fixture.folder / "out/features.npy"));
    store.commit();
  }
  CHECK(fixture.names() == whole);
  const std::string features = fixture.text("features.npy"), mask = fixture.text("mask.npy");
  CHECK(features.substr(0, 8) == std::string("\x93NUMPY\x01\x00", 8));
  CHECK_THAT(features.substr(10, 118), Contains("'descr': '<f4', 'fortran_order': False, 'shape': (4, 3, 2), }"));
  CHECK_THAT(mask.substr(10, 118), Contains("'descr': '|b1', 'fortran_order': False, 'shape': (4, 3), }"));
  CHECK(static_cast<unsigned char>(features[8]) + 256 * static_cast<unsigned char>(features[9]) == 118);
  CHECK(features[127] == '\n');
  const std::array<float, 4 * steps * width> expected{1, 2, 3, 4, 0, 0,  11, 12, 0, 0, 0, 0,
                                                      5, 6, 7, 8, 9, 10, 7,  8,  0, 0, 0, 0};
  REQUIRE(features.size() == 128 + sizeof expected);
  CHECK(std::memcmp(features.data() + 128, expected.data(), sizeof expected) == 0);
  CHECK(mask.substr(128) == std::string("\1\1\0\1\0\0\1\1\1\1\0\0", 12));
  CHECK(fixture.text("clips.csv") == "video_name,tag,frames\na.avi,x,2\nb.avi,y,1\n\"c, d.avi\",x,3\ne.avi,y,1\n");
}

TEST_CASE("clips without features leave no row, and parts are a column") {
  Fixture fixture;
  rcar::FeatureStore store(fixture.folder / "out", fixture.data, fixture.extractor,
                           {{"train", 1}, {"none", 0}, {"test", 3}});
  const std::vector<float> last{5, 6, 7, 8, 9, 10}, second{1, 2};
  store.write(3, last);
  store.write(1, second);
  store.commit();
  CHECK(fixture.text("clips.csv") == "video_name,tag,frames,part\nb.avi,y,1,test\ne.avi,y,3,test\n");
  const std::string features = fixture.text("features.npy");
  const std::array<float, 2 * steps * width> expected{1, 2, 0, 0, 0, 0, 5, 6, 7, 8, 9, 10};
  REQUIRE(features.size() == 128 + sizeof expected);
  CHECK(std::memcmp(features.data() + 128, expected.data(), sizeof expected) == 0);
  CHECK_THAT(features.substr(0, 128), Contains("'shape': (2, 3, 2)"));
  CHECK(fixture.text("mask.npy").substr(128) == std::string("\1\0\0\1\1\1", 6));
}

TEST_CASE("a store that is not committed leaves the folder as it was") {
  Fixture fixture;
  {
    rcar::FeatureStore store(fixture.folder / "out", fixture.data, fixture.extractor);
    store.write(0, std::vector<float>{1, 2});
    store.commit();
  }
  const std::string before = fixture.text("features.npy");
  { rcar::FeatureStore(fixture.folder / "out", fixture.data, fixture.extractor).write(0, std::vector<float>{9, 9}); }
  CHECK(fixture.names() == whole);
  CHECK(fixture.text("features.npy") == before);
}

TEST_CASE("what a killed run left in the folder is removed by the next one, and two at once are refused") {
  Fixture fixture;
  fs::create_directories(fixture.folder / "out");
  rcar::test::write_text(fixture.folder / "out/features.npy.a1B2c3", "half");
  rcar::test::write_text(fixture.folder / "out/notes.npy.a1B2c3", "not the store's");
  rcar::FeatureStore store(fixture.folder / "out", fixture.data, fixture.extractor);
  CHECK(!fs::exists(fixture.folder / "out/features.npy.a1B2c3"));
  CHECK(fs::exists(fixture.folder / "out/notes.npy.a1B2c3"));
  CHECK_THROWS_WITH(rcar::FeatureStore(fixture.folder / "out", fixture.data, fixture.extractor),
                    Contains("is writing to"));
}

TEST_CASE("a store that cannot be made says why") {
  Fixture fixture;
  rcar::test::write_text(fixture.folder / "file", "");
  CHECK_THROWS_AS(rcar::FeatureStore(fixture.folder / "file", fixture.data, fixture.extractor), rcar::FileError);
  CHECK_THROWS_WITH(rcar::FeatureStore(fixture.folder / "out", fixture.data, fixture.extractor, {{"train", 3}}),
                    Contains("3 clips") && Contains("4"));
  fixture.extractor.feature_dim = 1 << 30;
  fixture.extractor.sequence_length = 1 << 20;  // 16 PB
  CHECK_THROWS_WITH(rcar::FeatureStore(fixture.folder / "huge", fixture.data, fixture.extractor), Contains("has room"));
  CHECK(fs::is_empty(fixture.folder / "huge"));
}

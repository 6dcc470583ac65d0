#include <catch2/catch.hpp>
#include <rcar/data/prepared_folder.hpp>
#include <string>

#include "tests/support/clips.hpp"

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using rcar::Placement;
using rcar::test::read_text;
using rcar::test::TempFolder;
using rcar::test::write_text;

namespace {

rcar::PreparedFolder prepare(const rcar::TrainTest& data, const fs::path& out, Placement placement = Placement::link) {
  return rcar::write_prepared_folder(data, out, placement, rcar::ProgressDisplay::off);
}

/// Two classes, three training clips, two test clips.
rcar::TrainTest small_data(const TempFolder& folder) {
  const fs::path root = folder / "ucf";
  rcar::TrainTest data{{root, {{"A/a1.avi", "A"}, {"A/a2.avi", "A"}, {"B/b1.avi", "B"}}},
                       {root, {{"A/a3.avi", "A"}, {"B/b2.avi", "B"}}},
                       {}};
  for (const auto* side : {&data.train, &data.test})
    for (std::size_t i = 0; i < side->size(); ++i) write_text(side->path(i), side->entries[i].video_name);
  return data;
}

}  // namespace

TEST_CASE("a prepared folder reads back as the lists that made it") {
  for (const auto placement : {Placement::link, Placement::copy}) {
    const TempFolder folder;
    const auto data = small_data(folder);
    const auto out = folder / "new/deep/out";
    CHECK_FALSE(rcar::is_prepared_folder(out));
    const auto result = prepare(data, out, placement);
    CHECK(result.placed == 5);
    CHECK(result.kept == 0);
    CHECK(result.others == 0);
    CHECK(rcar::is_prepared_folder(out));
    CHECK(read_text(out / "train.csv") == "video_name,tag\na1.avi,A\na2.avi,A\nb1.avi,B\n");
    const auto back = rcar::read_prepared_folder(out);
    REQUIRE(back.test.size() == 2);
    CHECK(back.test.entries[1].tag == "B");
    CHECK(read_text(back.test.path(1)) == "B/b2.avi");
    CHECK(fs::is_symlink(back.train.path(0)) == (placement == Placement::link));
  }
}

TEST_CASE("links are found from any folder, also when the prepared folder moves") {
  const TempFolder folder;
  const auto data = small_data(folder);
  prepare(data, folder / "out");
  fs::create_directories(folder / "elsewhere");
  fs::rename(folder / "out", folder / "elsewhere/moved");
  CHECK(read_text(folder / "elsewhere/moved/train/b1.avi") == "B/b1.avi");
}

TEST_CASE("preparing again keeps what is there and mends what is not") {
  for (const auto placement : {Placement::link, Placement::copy}) {
    const TempFolder folder;
    const auto data = small_data(folder);
    prepare(data, folder / "out", placement);
    CHECK(prepare(data, folder / "out", placement).kept == 5);
    fs::remove(folder / "out/train/a2.avi");
    fs::remove(folder / "out/test.csv");
    write_text(folder / "out/train/b1.avi.partial", "left by a killed run");
    const auto result = prepare(data, folder / "out", placement);
    CHECK(result.placed == 1);
    CHECK(result.kept == 4);
    CHECK(rcar::read_prepared_folder(folder / "out").test.size() == 2);
  }
}

TEST_CASE("links become copies and stale links are replaced; the user's own files are not") {
  const TempFolder folder;
  const auto data = small_data(folder);
  prepare(data, folder / "out");
  fs::remove(folder / "out/train/a1.avi");
  fs::create_symlink("/nowhere", folder / "out/train/a1.avi");
  CHECK(prepare(data, folder / "out").placed == 1);
  CHECK(read_text(folder / "out/train/a1.avi") == "A/a1.avi");
  CHECK(prepare(data, folder / "out", Placement::copy).placed == 5);
  CHECK_FALSE(fs::is_symlink(folder / "out/train/a1.avi"));

  write_text(folder / "out/train/a1.avi", "the user's own");
  CHECK_THROWS_WITH(prepare(data, folder / "out"), Contains("a1.avi'") && Contains("in its way"));
  CHECK(read_text(folder / "out/train/a1.avi") == "the user's own");
}

TEST_CASE("files that the lists do not name are counted and stay") {
  const TempFolder folder;
  auto data = small_data(folder);
  prepare(data, folder / "out");
  data.train.entries.pop_back();
  CHECK(prepare(data, folder / "out").others == 1);
  CHECK(fs::exists(folder / "out/train/b1.avi"));
  CHECK(rcar::read_prepared_folder(folder / "out").train.size() == 2);
}

TEST_CASE("missing clips are counted and named, and nothing is written") {
  const TempFolder folder;
  const auto data = small_data(folder);
  fs::remove(data.train.path(1));
  fs::remove(data.test.path(0));
  CHECK_THROWS_WITH(prepare(data, folder / "out"),
                    Contains("2 of 5 clips are not in") && Contains("A/a2.avi, A/a3.avi"));
  CHECK_FALSE(fs::exists(folder / "out"));
}

TEST_CASE("what fails half-way leaves nothing behind") {
  const TempFolder folder;
  const auto data = small_data(folder);
  write_text(folder / "out/test/b2.avi/in the way", "a folder where the last clip should stand");
  CHECK_THROWS_AS(prepare(data, folder / "out"), rcar::FileError);
  CHECK_FALSE(fs::exists(folder / "out/train"));
  CHECK_FALSE(fs::exists(folder / "out/train.csv"));
  CHECK_FALSE(fs::exists(folder / "out/test/a3.avi"));
  CHECK(fs::exists(folder / "out/test/b2.avi/in the way"));

  write_text(folder / "file", "x");
  CHECK_THROWS_AS(prepare(data, folder / "file"), rcar::FileError);
}

TEST_CASE("two clips of one file name, and the clips' own folder as target, are refused") {
  const TempFolder folder;
  auto data = small_data(folder);
  CHECK_THROWS_AS(prepare(data, folder / "ucf"), rcar::UsageError);
  write_text(folder / "ucf/B/a1.avi", "x");
  data.train.entries.push_back({"B/a1.avi", "B"});
  CHECK_THROWS_WITH(prepare(data, folder / "out"), Contains("'B/a1.avi'"));
  CHECK_FALSE(fs::exists(folder / "out"));
}

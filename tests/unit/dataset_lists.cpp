#include <catch2/catch.hpp>
#include <rcar/data/dataset.hpp>
#include <string>

#include "tests/support/clips.hpp"

using Catch::Matchers::Contains;
using rcar::test::TempFolder;
using rcar::test::write_text;

namespace {

std::string refusal(const std::string& rows) {
  const TempFolder folder;
  const auto csv = write_text(folder / "list.csv", rows);
  try {
    rcar::read_dataset(csv, folder.path());
  } catch (const rcar::DataError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("a list is read in its order, with columns in any order and more than needed") {
  const TempFolder folder;
  const auto csv = write_text(folder / "list.csv", "tag,note,video_name\nPunch,x,b.avi\n\"Jump, high\",,sub/a b.avi\n");
  const auto data = rcar::read_dataset(csv, folder.path());
  REQUIRE(data.size() == 2);
  CHECK(data.entries[0].video_name == "b.avi");
  CHECK(data.entries[1].tag == "Jump, high");
  CHECK(data.path(1) == folder.path() / "sub/a b.avi");
  CHECK(data.tags() == std::vector<std::string>{"Punch", "Jump, high"});
}

TEST_CASE("a list that cannot be used is refused with file, line and reason") {
  CHECK_THAT(refusal("video_name,label\na.avi,Punch\n"), Contains("list.csv:1'") && Contains("no column 'tag'"));
  CHECK_THAT(refusal("name,tag\na.avi,Punch\n"), Contains("list.csv:1'") && Contains("no column 'video_name'"));
  CHECK_THAT(refusal("video_name,tag\na.avi,\n"), Contains("list.csv:2'") && Contains("blank tag"));
  CHECK_THAT(refusal("video_name,tag\na.avi,\"  \"\n"), Contains("list.csv:2'") && Contains("blank tag"));
  CHECK_THAT(refusal("video_name,tag\na.avi,Punch \n"), Contains("list.csv:2'") && Contains("'Punch '"));
  CHECK_THAT(refusal("video_name,tag\n,Punch\n"), Contains("list.csv:2'") && Contains("blank video_name"));
  CHECK_THAT(refusal("video_name,tag\n/tmp/a.avi,Punch\n"), Contains("list.csv:2'") && Contains("absolute"));
  CHECK_THAT(refusal("video_name,tag\n../a.avi,Punch\n"), Contains("list.csv:2'") && Contains("'..'"));
  CHECK_THAT(refusal("video_name,tag\nx/../../a.avi,Punch\n"), Contains("list.csv:2'") && Contains("'..'"));
  CHECK_THAT(refusal("video_name,tag\n"), Contains("lists no clip"));
}

TEST_CASE("a clip that stands twice is refused with both lines, however its path is spelled") {
  CHECK_THAT(refusal("video_name,tag\na.avi,Punch\nb.avi,Punch\na.avi,Dive\n"),
             Contains("list.csv:4'") && Contains("'a.avi'") && Contains("line 2"));
  CHECK_THAT(refusal("video_name,tag\na.avi,Punch\n./a.avi,Punch\n"), Contains("list.csv:3'"));
}

TEST_CASE("a list whose folder of clips is missing is refused, a missing clip is not") {
  const TempFolder folder;
  const auto csv = write_text(folder / "list.csv", "video_name,tag\nmissing.avi,Punch\nthere.avi,Punch\n");
  write_text(folder / "there.avi", "x");
  CHECK_THROWS_WITH(rcar::read_dataset(csv, folder / "clips"), Contains("clips'") && Contains("list.csv"));
  auto data = rcar::read_dataset(csv, folder.path());
  CHECK(data.size() == 2);
  CHECK(rcar::remove_missing(data) == std::vector<std::string>{"missing.avi"});
  REQUIRE(data.size() == 1);
  CHECK(data.entries[0].video_name == "there.avi");
}

TEST_CASE("a tree with a folder a class gives its videos in byte order, whatever else lies there") {
  const TempFolder folder;
  for (const char* name : {"dive/b.AVI", "dive/a.mp4", "dive/notes.txt", "dive/.hidden.avi", "dive/.cache/x.avi",
                           "dive/day 2/c.mov", "Punch/z.webm", ".git/y.avi", "readme.avi"})
    write_text(folder / name, "x");
  const auto data = rcar::read_class_folders(folder.path());
  std::vector<std::string> names;
  for (const auto& entry : data.entries) names.push_back(entry.tag + ":" + entry.video_name);
  CHECK(names ==
        std::vector<std::string>{"Punch:Punch/z.webm", "dive:dive/a.mp4", "dive:dive/b.AVI", "dive:dive/day 2/c.mov"});
  CHECK(std::filesystem::exists(data.path(3)));
}

TEST_CASE("a tree without classes, or with a class without a video, is refused by name") {
  const TempFolder folder;
  CHECK_THROWS_WITH(rcar::read_class_folders(folder / "none"), Contains("no folder") && Contains("none'"));
  CHECK_THROWS_WITH(rcar::read_class_folders(folder.path()), Contains("no class folders"));
  write_text(folder / "Punch/a.avi", "x");
  write_text(folder / "Empty/readme.txt", "x");
  CHECK_THROWS_WITH(rcar::read_class_folders(folder.path()), Contains("Empty'") && Contains("no video file"));
}

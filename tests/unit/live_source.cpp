#include <sys/stat.h>
#include <catch2/catch.hpp>
#include <filesystem>
#include <rcar/live/output_names.hpp>
#include <rcar/live/source.hpp>

#include "tests/support/clips.hpp"

using namespace rcar;
using live::SourceKind;

TEST_CASE("the kind of a source is told from its text") {
  const test::TempFolder folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  const auto kind = [](const std::string& text) { return live::parse_source(text).kind; };
  CHECK(kind("-") == SourceKind::pipe);
  CHECK(kind((folder / "pipe").string()) == SourceKind::pipe);
  CHECK(kind(folder.path().string()) == SourceKind::folder);
  CHECK(kind((folder / "absent.mp4").string()) == SourceKind::clip);
  CHECK(kind("RTSP://user:word@camera/1") == SourceKind::url);
  CHECK(kind("http://host/x.ts") == SourceKind::url);
  CHECK(kind("/dev/video7") == SourceKind::camera);
  CHECK(kind("/dev/null") == SourceKind::camera);
  CHECK(live::parse_source("0").name == "/dev/video0");
  CHECK(kind("folder/odd://name.avi") == SourceKind::clip);
  CHECK(live::parse_source("-").is_stream());
  CHECK_FALSE(live::parse_source("a.mp4").is_stream());
}

TEST_CASE("an address of a scheme that reads local files, or that nobody knows, is refused") {
  for (const char* address : {"file:///etc/passwd", "concat://a", "gopher://a", "FILE://a"})
    CHECK_THROWS_AS(live::parse_source(address), UsageError);
  CHECK_THROWS_AS(live::parse_source(""), UsageError);
}

TEST_CASE("what is shown of an address holds no password") {
  CHECK(live::without_password("rtsp://me:secret@cam:554/a@b") == "rtsp://cam:554/a@b");
  CHECK(live::without_password("rtsp://me:s@cret@cam/a") == "rtsp://cam/a");
  CHECK(live::without_password("rtsp://cam/a@b") == "rtsp://cam/a@b");
  CHECK(live::without_password("udp://@:1234") == "udp://:1234");
  CHECK(live::without_password("clip@home.avi") == "clip@home.avi");
}

TEST_CASE("a folder gives its videos in order, however deep, and nothing that is hidden or leads in a circle") {
  const test::TempFolder folder;
  for (const char* name : {"b.MP4", "a/z.avi", "a/deep/c.mkv", "notes.txt", ".hidden.avi", ".git/x.avi"})
    test::write_text(folder / name, "x");
  std::filesystem::create_directory_symlink(folder.path(), folder / "a" / "circle");
  std::vector<std::string> names;
  for (const auto& path : live::videos_below(folder.path()))
    names.push_back(std::filesystem::relative(path, folder.path()).string());
  CHECK(names == std::vector<std::string>{"a/deep/c.mkv", "a/z.avi", "b.MP4"});
  CHECK_THROWS_AS(live::videos_below(folder / ".git" / "none"), FileError);
  std::filesystem::create_directory(folder / "empty");
  CHECK_THROWS_AS(live::videos_below(folder / "empty"), DataError);
}

TEST_CASE("files about clips lie in their folder, whatever the clips are called, and none twice") {
  live::OutputNames names("out");
  CHECK(names("a/jump.avi", ".mp4") == "out/jump.mp4");
  CHECK(names("b/jump.mkv", ".mp4") == "out/jump-2.mp4");
  CHECK(names("jump-2.avi", ".mp4") == "out/jump-2-2.mp4");
  CHECK(names("jump.avi", ".gif") == "out/jump.gif");
  CHECK(names("../../etc/passwd.avi", ".mp4") == "out/passwd.mp4");
  for (const char* hostile : {"..", "x/..", ".", "/", "...avi", "a\\..\\b.avi", "-rf.avi", "a\nb.avi", ".bashrc"}) {
    const auto path = names(hostile, ".mp4");
    INFO(path.string());
    CHECK(path.parent_path() == "out");
    CHECK(path.lexically_normal().parent_path() == "out");
    CHECK(path.filename().string().find_first_of("\\\n/") == std::string::npos);
    CHECK_FALSE(path.filename().string().starts_with('.'));
    CHECK_FALSE(path.filename().string().starts_with('-'));
  }
  std::string umlauts;
  for (int i = 0; i < 150; ++i) umlauts += "ü";
  const std::string cut = names(umlauts + ".avi", ".mp4").filename().string();
  CHECK(cut.size() <= 204);
  CHECK(cut.size() % 2 == 0);  // no half character before the ending
}

// Files that ask for what they do not justify: memory, other files, a terminal's cursor.

#include <zip.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <rcar/core/json.hpp>
#include <rcar/data/csv.hpp>
#include <rcar/data/string_lookup.hpp>
#include <rcar/video/decoder.hpp>
#include <rcar/weights/torch/pickle.hpp>
#include <rcar/weights/torch/state_dict.hpp>
#include <rcar/weights/torch/zip_archive.hpp>
#include <span>
#include <string>
#include <vector>

#include "tests/support/clips.hpp"
#include "tests/support/torch_file.hpp"

namespace torch = rcar::weights::torch;
using Catch::Matchers::Contains;
using rcar::test::TempFolder;
using rcar::test::write_text;

namespace {

torch::Pickle read_pickle(const std::string& text) {
  return torch::read_pickle(std::as_bytes(std::span(text)), torch::state_dict_may_name);
}

/// A zip archive with entries of zeros, deflated.
std::vector<std::byte> archive_of_zeros(int entries, std::size_t bytes_each) {
  const TempFolder folder;
  const std::string path = folder / "a.zip";
  const std::vector<char> zeros(bytes_each, 0);
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE, nullptr);
  for (int i = 0; i < entries; ++i)
    zip_file_add(archive, std::to_string(i).c_str(), zip_source_buffer(archive, zeros.data(), zeros.size(), 0), 0);
  REQUIRE(zip_close(archive) == 0);
  const std::string text = rcar::test::read_text(path);
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

/// A GIF whose picture of one pixel lies on a canvas of `side` x `side`.
std::string gif_of(unsigned side) {
  using namespace std::string_literals;
  const std::string extent{static_cast<char>(side & 255), static_cast<char>(side >> 8)};
  return "GIF89a"s + extent + extent + "\x80\0\0\0\0\0\xff\xff\xff"s + ",\0\0\0\0\x01\0\x01\0\0"s +
         "\x02\x02\x44\x01\0;"s;
}

}  // namespace

TEST_CASE("a small pickle cannot ask for many copies of a long tuple") {
  std::string text = "\x80\x02(" + std::string(100'000, 'N') + "tq";
  text += '\0';
  text += "ctorch._utils\n_rebuild_tensor_v2\nq\x01";
  for (int i = 0; i < 1000; ++i) text += std::string("h\x01h\0R", 5);  // four bytes and a half for 400 kB
  CHECK_THROWS_WITH(read_pickle(text + "."), Contains("more items than a state dict needs"));
}

TEST_CASE("a state dict cannot have a long storage name copied into each tensor") {
  rcar::test::TorchTensor tensor;
  tensor.key = std::string(1000, 'k');
  const torch::Pickle pickle = read_pickle("\x80\x02}" + rcar::test::pickled("weight") + tensor.pickle() + "s.");
  CHECK_THROWS_WITH(torch::StateDictReader(pickle).tensors(), Contains("no storage that rcar knows"));
}

TEST_CASE("an archive's entries together may grow a hundredfold, and no more") {
  constexpr std::size_t mebibyte = std::size_t{1} << 20;
  const auto bytes = archive_of_zeros(3, 12 * mebibyte);  // 12 kB each
  const torch::ZipArchive archive(bytes);
  CHECK(archive.read("0").size() == 12 * mebibyte);
  CHECK_THROWS_WITH(archive.read("1"), Contains("more than the"));
}

TEST_CASE("a playlist or a list of clips opens no other file") {
  const TempFolder folder;
  rcar::test::write_clip(folder / "other.avi", 5);
  CHECK(rcar::Decoder(folder / "other.avi").grab());
  const std::string playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\nother.avi\n#EXT-X-ENDLIST\n";
  for (const auto& [name, text] : {std::pair<std::string, std::string>{"list.m3u8", playlist},
                                   {"clip.avi", playlist},
                                   {"list.ffconcat", "ffconcat version 1.0\nfile other.avi\n"}})
    CHECK_THROWS_AS(rcar::Decoder(write_text(folder / name, text)), rcar::VideoError);
}

TEST_CASE("a clip of a few bytes cannot ask for a frame of 144 million pixels") {
  const TempFolder folder;
  CHECK(rcar::Decoder(write_text(folder / "small.gif", gif_of(64))).grab());
  const auto frames = [&] { return rcar::Decoder(write_text(folder / "large.gif", gif_of(12'000))).grab(); };
  bool taken = false;
  try {
    taken = frames();
  } catch (const rcar::VideoError&) {
  }
  CHECK_FALSE(taken);
}

TEST_CASE("a class name that would move a terminal's cursor is refused") {
  CHECK_THROWS_WITH(rcar::StringLookup({"Punch", "Di\x1b[2Jve"}), Contains("control character") && Contains("\\x1b"));
}

TEST_CASE("minus zero keeps its sign") {
  CHECK(std::signbit(rcar::json::parse("-0").number()));
  CHECK(rcar::json::dump(rcar::json::parse("-0.0")) == "-0");
}

TEST_CASE("a field that starts as a byte order mark is read back as it was written") {
  const std::string name =
      "\xef\xbb\xbf"
      "a";
  const auto table = rcar::parse_csv(rcar::csv_line(std::vector{name}), "a.csv");
  CHECK(table.columns == std::vector{name});
}

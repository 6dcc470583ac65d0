#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <numeric>
#include <rcar/core/threads.hpp>
#include <rcar/video/process_video.hpp>
#include <sstream>

#include "tests/support/clips.hpp"
#include "tests/support/numbered_clip.hpp"
#include "tests/support/sanitized.hpp"
#include "tests/support/skip.hpp"

using namespace rcar;
using test::frame_numbers;

namespace {

std::vector<std::size_t> numbers_to(std::size_t count) {
  std::vector<std::size_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), std::size_t{0});
  return numbers;
}

std::vector<std::size_t> uniform_numbers(std::size_t frames, std::size_t steps) {
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < sampled_count(frames, steps); ++i) numbers.push_back(uniform_index(i, frames, steps));
  return numbers;
}

/// Overwrites every place where an AVI states how many frames it holds: the main header and the stream's length.
void claim_frames(const std::filesystem::path& path, std::uint32_t count) {
  std::string bytes = test::read_text(path);
  const auto set = [&](const char* chunk, std::size_t offset) {
    const auto at = bytes.find(chunk);
    REQUIRE(at != std::string::npos);
    std::memcpy(bytes.data() + at + 8 + offset, &count, 4);
  };
  set("avih", 16);
  set("strh", 32);
  test::write_text(path, bytes);
}

/// The most memory that the process has held since the last reset, in bytes; 0 where the system does not say.
std::size_t peak_memory_bytes(bool reset) {
  if (reset) {
    std::ofstream file("/proc/self/clear_refs");
    if (!(file << "5" << std::flush)) return 0;
  }
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmHWM:") {
      std::size_t kilobytes = 0;
      status >> kilobytes;
      return kilobytes * 1024;
    }
  return 0;
}

/// What `work` writes to standard error.
template <class Work>
std::string standard_error_of(Work&& work) {
  const test::TempFolder folder;
  const std::string file = (folder / "stderr").string();
  std::fflush(stderr);
  const int saved = ::dup(STDERR_FILENO), target = ::open(file.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
  REQUIRE(::dup2(target, STDERR_FILENO) == STDERR_FILENO);
  work();
  std::fflush(stderr);
  ::dup2(saved, STDERR_FILENO);
  ::close(saved);
  ::close(target);
  return test::read_text(file);
}

std::string error_of(const std::filesystem::path& path) {
  std::vector<std::string> messages;
  for (const Sampler sampler : {Sampler::first, Sampler::uniform}) {
    try {
      sample_video(path, sampler, 20, 32);
      return "no error";
    } catch (const VideoError& error) {
      messages.push_back(error.what());
    }
  }
  CHECK(messages[0] == messages[1]);
  return messages[0];
}

}  // namespace

TEST_CASE("process_video yields every frame in order, or as many as are asked for") {
  const test::TempFolder folder;
  test::write_numbered_clip(folder / "clip.avi", 33);
  const Frames all = process_video(folder / "clip.avi", 0, 64);
  CHECK(all.shape(1) == 64);
  CHECK(all.shape(2) == 64);
  CHECK(all.shape(3) == 3);
  CHECK(frame_numbers(all) == numbers_to(33));
  CHECK(frame_numbers(process_video(folder / "clip.avi", 7, 32)) == numbers_to(7));
  CHECK(frame_numbers(process_video(folder / "clip.avi", 40, 32)) == numbers_to(33));
}

TEST_CASE("clips of any length keep every frame, be it less or more than a block in memory") {
  const test::TempFolder folder;
  for (const std::size_t frames : {1u, 63u, 64u, 65u, 128u, 150u}) {
    test::write_numbered_clip(folder / "clip.avi", static_cast<int>(frames));
    CHECK(frame_numbers(process_video(folder / "clip.avi", 0, 32)) == numbers_to(frames));
    CHECK(frame_numbers(sample_video(folder / "clip.avi", Sampler::uniform, 70, 32)) == uniform_numbers(frames, 70));
    CHECK(frame_numbers(sample_video(folder / "clip.avi", Sampler::first, 64, 32)) ==
          numbers_to(std::min<std::size_t>(frames, 64)));
  }
}

TEST_CASE("the sampler `first` is process_video stopped after T frames, to the bit") {
  const test::TempFolder folder;
  test::write_clip(folder / "clip.avi", 30, 3, {80, 60});
  const bool equal =
      sample_video(folder / "clip.avi", Sampler::first, 20, 48) == process_video(folder / "clip.avi", 20, 48);
  CHECK(equal);
}

TEST_CASE("uniform frames are those of process_video at the uniform indices, to the bit") {
  const test::TempFolder folder;
  test::write_clip(folder / "clip.avi", 47, 5, {80, 60});
  const Frames all = process_video(folder / "clip.avi", 0, 40);
  const Frames sampled = sample_video(folder / "clip.avi", Sampler::uniform, 20, 40);
  REQUIRE(sampled.shape(0) == 20);
  const std::size_t frame_bytes = 40 * 40 * 3;
  for (std::size_t i = 0; i < 20; ++i)
    CHECK(std::equal(sampled.data() + i * frame_bytes, sampled.data() + (i + 1) * frame_bytes,
                     all.data() + uniform_index(i, 47, 20) * frame_bytes));
}

TEST_CASE("a clip with fewer frames than steps gives all of them, whatever the sampler") {
  const test::TempFolder folder;
  for (const int frames : {1, 2, 19, 20}) {
    test::write_numbered_clip(folder / "short.avi", frames);
    for (const Sampler sampler : {Sampler::first, Sampler::uniform})
      CHECK(frame_numbers(sample_video(folder / "short.avi", sampler, 20, 32)) ==
            numbers_to(static_cast<std::size_t>(frames)));
  }
}

TEST_CASE("the container's frame count is never trusted") {
  const test::TempFolder folder;
  for (const std::uint32_t claimed : {0u, 1u, 19u, 48u, 49u, 51u, 4000u, 4'000'000'000u}) {
    test::write_numbered_clip(folder / "clip.avi", 50);
    claim_frames(folder / "clip.avi", claimed);
    INFO("the clip claims " << claimed << " frames and holds 50; the decoder reports "
                            << Decoder(folder / "clip.avi").claimed_frame_count());
    CHECK(frame_numbers(sample_video(folder / "clip.avi", Sampler::uniform, 20, 32)) == uniform_numbers(50, 20));
    CHECK(frame_numbers(sample_video(folder / "clip.avi", Sampler::first, 20, 32)) == numbers_to(20));
    CHECK(frame_numbers(process_video(folder / "clip.avi", 0, 32)) == numbers_to(50));
  }
}

TEST_CASE("a clip that breaks off gives the frames before that") {
  const test::TempFolder folder;
  test::write_numbered_clip(folder / "clip.avi", 60);
  const std::string bytes = test::read_text(folder / "clip.avi");
  test::write_text(folder / "cut.avi", bytes.substr(0, bytes.size() * 2 / 3));
  const std::size_t held = process_video(folder / "cut.avi", 0, 32).shape(0);
  CHECK(held > 20);
  CHECK(held < 60);
  CHECK(frame_numbers(sample_video(folder / "cut.avi", Sampler::uniform, 8, 32)) == uniform_numbers(held, 8));
}

TEST_CASE("sampled frames play at the clip's own speed") {
  const test::TempFolder folder;
  test::write_numbered_clip(folder / "clip.avi", 41, 64, 20);  // 2 s from the first frame's start to the last one's
  CHECK(sample_clip(folder / "clip.avi", Sampler::first, 20, 32).frames_per_second == Approx(20));
  CHECK(sample_clip(folder / "clip.avi", Sampler::uniform, 11, 32).frames_per_second == Approx(5));
  CHECK(sample_clip(folder / "clip.avi", Sampler::uniform, 50, 32).frames_per_second == Approx(20));
}

TEST_CASE("a clip that claims too few frames plays at its own speed too") {
  const test::TempFolder folder;
  test::write_numbered_clip(folder / "clip.avi", 41, 64, 20);
  claim_frames(folder / "clip.avi", 7);
  CHECK(sample_clip(folder / "clip.avi", Sampler::uniform, 11, 32).frames_per_second == Approx(5));
}

TEST_CASE("a clip that claims too few frames needs no scratch folder") {
  const test::TempFolder folder;
  test::write_numbered_clip(folder / "clip.avi", 30);
  claim_frames(folder / "clip.avi", 7);
  const char* given = std::getenv("TMPDIR");
  const std::string before = given ? given : "";
  ::setenv("TMPDIR", (folder / "missing").c_str(), 1);
  CHECK(frame_numbers(process_video(folder / "clip.avi", 0, 32)) == numbers_to(30));
  before.empty() ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", before.c_str(), 1);
}

TEST_CASE("frames of an odd size are cropped and resized") {
  const test::TempFolder folder;
  test::write_clip(folder / "odd.avi", 3, 1, {75, 41});
  CHECK(process_video(folder / "odd.avi", 0, 32).shape() == std::array<std::size_t, 4>{3, 32, 32, 3});
}

TEST_CASE("each clip that cannot be used is refused in one sentence that names it") {
  const test::TempFolder folder;
  const auto ends_well = [](const std::string& message, const std::filesystem::path& path) {
    CHECK(message.find('\'' + path.string() + '\'') != std::string::npos);
    CHECK(message.find('\n') == std::string::npos);
    CHECK(message.back() == '.');
  };
  const auto check = [&](const std::string& name, const std::string& reason) {
    const std::string message = error_of(folder / name);
    INFO(message);
    CHECK(message.find(reason) != std::string::npos);
    ends_well(message, folder / name);
  };
  check("missing.avi", "There is no clip at");
  std::filesystem::create_directory(folder / "folder.avi");
  check("folder.avi", "is a folder");
  test::write_text(folder / "empty.avi", "");
  check("empty.avi", "is empty (0 bytes)");
  test::write_text(folder / "text.avi", "video_name,tag\nno video at all\n");
  check("text.avi", "is not a video");
  test::write_numbered_clip(folder / "clip.avi", 10);
  const std::string bytes = test::read_text(folder / "clip.avi");
  test::write_text(folder / "headers_only.avi", bytes.substr(0, 300));
  check("headers_only.avi", "is not a video that can be decoded");
  std::string silenced = bytes;  // the headers of its frames are there, their contents are not
  for (std::size_t at = silenced.find("00dc"); at != std::string::npos; at = silenced.find("00dc", at + 4)) {
    std::uint32_t length = 0;
    std::memcpy(&length, silenced.data() + at + 4, 4);
    if (at + 8 + length <= silenced.find("idx1"))
      std::fill_n(silenced.begin() + static_cast<std::ptrdiff_t>(at) + 8, length, '\0');
  }
  test::write_text(folder / "no_frames.avi", silenced);
  check("no_frames.avi", "holds no frame that can be decoded");
  REQUIRE(::mkfifo((folder / "pipe.avi").c_str(), 0600) == 0);
  check("pipe.avi", "is not a regular file");
}

TEST_CASE("a path that looks like a protocol or a pattern is a path") {
  const test::TempFolder folder;
  const auto here = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  for (const std::string name : {"http:clip.avi", "concat:a|b.avi", "clip_%03d.avi", "clip with 'quotes'.avi"}) {
    test::write_numbered_clip(folder / "clip.avi", 5);
    std::filesystem::rename("clip.avi", name);
    CHECK(frame_numbers(process_video(name, 0, 32)) == numbers_to(5));
  }
  std::filesystem::current_path(here);
}

TEST_CASE("sizes and lengths that make no sense are refused") {
  const test::TempFolder folder;
  test::write_numbered_clip(folder / "clip.avi", 3);
  CHECK_THROWS_AS(sample_video(folder / "clip.avi", Sampler::first, 0, 32), UsageError);
  CHECK_THROWS_AS(process_video(folder / "clip.avi", 0, 0), UsageError);
  CHECK_THROWS_AS(process_video(folder / "clip.avi", 0, -5), UsageError);
}

TEST_CASE("the decoder writes nothing of its own to standard error about damaged clips") {
  const test::TempFolder folder;
  test::write_numbered_clip(folder / "clip.avi", 30);
  std::string bytes = test::read_text(folder / "clip.avi");
  test::write_text(folder / "garbage.avi", std::string(5000, 'x'));
  test::write_text(folder / "headers_only.avi", bytes.substr(0, 300));
  for (std::size_t at = 2000; at < bytes.size(); at += 97) bytes[at] = static_cast<char>(bytes[at] ^ 0x5a);
  test::write_text(folder / "damaged.avi", bytes);
  const std::string written = standard_error_of([&] {
    for (const char* name : {"garbage.avi", "headers_only.avi", "damaged.avi", "missing.avi"}) {
      try {
        sample_video(folder / name, Sampler::uniform, 20, 32);
      } catch (const VideoError&) {
      }
    }
  });
  CHECK(written == "");
}

TEST_CASE("clips decoded side by side give what each gives alone") {
  const test::TempFolder folder;
  std::vector<Frames> alone, together(8);
  for (int i = 0; i < 8; ++i) {
    test::write_clip(folder / std::to_string(i).append(".avi"), 20 + 3 * i, i);
    alone.push_back(sample_video(folder / std::to_string(i).append(".avi"), Sampler::uniform, 9, 32));
  }
  parallel_for(8, [&](std::size_t i, std::size_t) {
    together[i] = sample_video(folder / std::to_string(i).append(".avi"), Sampler::uniform, 9, 32);
  });
  for (std::size_t i = 0; i < 8; ++i) CHECK((together[i] == alone[i]));
}

TEST_CASE("memory does not grow with the clip", "[long]") {
  const test::TempFolder folder;
  constexpr int side = 320, frames = 1500;  // 461 MB when decoded
  test::write_numbered_clip(folder / "long.avi", frames, side);
  sample_video(folder / "long.avi", Sampler::first, 20, 224);  // what is loaded once
  const std::size_t before = peak_memory_bytes(true);
  if (before == 0) return test::skip("/proc/self/clear_refs cannot be written here");
  for (const std::uint32_t claimed : {std::uint32_t{frames}, 3u}) {
    claim_frames(folder / "long.avi", claimed);
    CHECK(frame_numbers(sample_video(folder / "long.avi", Sampler::uniform, 20, 224)) == uniform_numbers(frames, 20));
  }
  if (test::sanitized) return test::skip("a sanitizer keeps what is freed");
  CHECK(peak_memory_bytes(false) - before < 50'000'000);
}

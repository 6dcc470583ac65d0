#include <sys/wait.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <opencv2/core.hpp>
#include <rcar/video/process_video.hpp>
#include <set>
#include <string>

#include "tests/support/clips.hpp"
#include "tools/synthetic_clips.hpp"

using namespace rcar;
namespace fs = std::filesystem;

namespace {

struct Outcome {
  int exit_code;
  std::string out, error;
};

Outcome generate(const std::string& arguments) {
  const test::TempFolder folder;
  const std::string command = std::string(RCAR_TOOLS_DIR) + "/generate_clips " + arguments + " >" +
                              (folder / "out").string() + " 2>" + (folder / "error").string();
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, test::read_text(folder / "out"),
          test::read_text(folder / "error")};
}

std::map<std::string, std::string> files_below(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files[fs::relative(entry.path(), folder)] = test::read_text(entry.path());
  return files;
}

}  // namespace

TEST_CASE("the classes of a pair show one event in opposite directions") {
  REQUIRE(synthetic::classes.size() % 2 == 0);
  REQUIRE(synthetic::classes.size() >= 6);
  for (std::size_t i = 0; i < synthetic::classes.size(); i += 2) {
    CHECK(synthetic::classes[i].event == synthetic::classes[i + 1].event);
    CHECK(synthetic::classes[i].direction == synthetic::Direction::forward);
    CHECK(synthetic::classes[i + 1].direction == synthetic::Direction::backward);
  }
}

TEST_CASE("played backward, a clip is a clip of its partner: the phases are those of forward in reverse order") {
  for (const int frames : {2, 5, 20, 33})
    for (int index = 0; index < 30; ++index) {
      const auto scene = synthetic::draw_scene(0, index, 11);
      for (int frame = 0; frame < frames; ++frame)
        REQUIRE(synthetic::phase(scene, synthetic::Direction::forward, frame, frames) ==
                synthetic::phase(scene, synthetic::Direction::backward, frames - 1 - frame, frames));
      CHECK(synthetic::phase(scene, synthetic::Direction::forward, 0, frames) == 0);
      CHECK(synthetic::phase(scene, synthetic::Direction::forward, frames - 1, frames) == 1);
    }
}

TEST_CASE("a scene's chance knows nothing of the direction: partners differ in no average but by chance") {
  constexpr int clips = 3000;
  for (std::size_t kind = 0; kind < synthetic::classes.size(); kind += 2) {
    double mean[2][4] = {};
    for (std::size_t side = 0; side < 2; ++side)
      for (int index = 0; index < clips; ++index) {
        const auto scene = synthetic::draw_scene(kind + side, index, 5);
        const double values[] = {scene.size, scene.start + (1 - scene.end), scene.change, scene.object[1] / 255};
        for (int i = 0; i < 4; ++i) mean[side][i] += values[i] / clips;
      }
    for (int i = 0; i < 4; ++i) CHECK(mean[0][i] == Approx(mean[1][i]).margin(0.02));
  }
}

TEST_CASE("clips of one group share their background, in every class; those of another group do not") {
  const auto first = synthetic::draw_scene(0, 0, 1);
  CHECK(synthetic::draw_scene(0, 2, 1).background_seed == first.background_seed);
  CHECK(synthetic::draw_scene(3, 1, 1).background_seed == first.background_seed);
  CHECK(synthetic::draw_scene(0, 3, 1).background_seed != first.background_seed);
  CHECK(synthetic::draw_scene(0, 0, 2).background_seed != first.background_seed);
  CHECK(synthetic::draw_scene(0, 2, 1).noise_seed != first.noise_seed);
}

TEST_CASE("the event can be seen: the first frames of partners look like each other's last") {
  synthetic::ClipOptions options;
  for (std::size_t kind = 0; kind < synthetic::classes.size(); ++kind) {
    const auto frames = synthetic::draw_clip(kind, 4, options);
    REQUIRE(frames.size() == 20);
    const double across = cv::norm(frames.front(), frames.back(), cv::NORM_L1) / (160.0 * 120 * 3);
    const double still = cv::norm(frames.front(), frames[1], cv::NORM_L1) / (160.0 * 120 * 3);
    INFO(synthetic::classes[kind].name);
    CHECK(across > still + 1);
  }
}

TEST_CASE("generate_clips writes clips that decode, named and grouped like UCF101's") {
  const test::TempFolder folder;
  const auto outcome = generate("--out '" + (folder / "clips").string() + "' --clips-per-class 4 --frames 7 --fps 12");
  REQUIRE(outcome.exit_code == 0);
  CHECK(outcome.error == "");
  const auto files = files_below(folder / "clips");
  CHECK(files.size() == 24);
  for (const auto& kind : synthetic::classes)
    for (const char* ending : {"_g01_c01.avi", "_g01_c02.avi", "_g01_c03.avi", "_g02_c01.avi"})
      CHECK(files.count(std::string(kind.name) + "/v_" + std::string(kind.name) + ending) == 1);
  const auto clip = sample_clip(folder / "clips/Growing/v_Growing_g01_c01.avi", Sampler::first, 20, 96);
  CHECK(clip.frames.shape(0) == 7);
  CHECK(clip.frames_per_second == Approx(12));
}

TEST_CASE("equal options draw equal bytes, another seed draws others") {
  const test::TempFolder folder;
  const auto draw = [&](const std::string& name, const std::string& options) {
    REQUIRE(generate("--clips-per-class 2 --frames 3 --out '" + (folder / name).string() + "' " + options).exit_code ==
            0);
    return files_below(folder / name);
  };
  const auto first = draw("a", "--seed 3");
  CHECK(draw("b", "--seed 3") == first);
  CHECK(draw("a", "--seed 3") == first);  // the second run into the same folder
  CHECK(draw("c", "--seed 4") != first);
}

TEST_CASE("a second run leaves no clip of the first that is not its own") {
  const test::TempFolder folder;
  const std::string out = "--frames 2 --out '" + (folder / "clips").string() + "'";
  REQUIRE(generate(out + " --clips-per-class 5").exit_code == 0);
  REQUIRE(generate(out + " --clips-per-class 2").exit_code == 0);
  CHECK(files_below(folder / "clips").size() == 12);
}

TEST_CASE("a folder with foreign files is refused and left as it is") {
  const test::TempFolder folder;
  for (const char* name :
       {"notes.txt", "Growing/v_Growing_g01_c01.mp4", "Growing/v_Punch_g01_c01.avi", "Punch/a.avi"}) {
    const fs::path out = folder / ("for_" + fs::path(name).filename().string());
    test::write_text(out / name, "mine");
    const auto outcome = generate("--clips-per-class 1 --frames 2 --out '" + out.string() + "'");
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.error.starts_with("error: "));
    CHECK(std::count(outcome.error.begin(), outcome.error.end(), '\n') == 1);
    CHECK(files_below(out) == std::map<std::string, std::string>{{name, "mine"}});
  }
}

TEST_CASE("generate_clips refuses options that make no sense with exit code 2, a folder it cannot make with 1") {
  for (const char* wrong : {"", "--out x --size 160", "--out x --size 8x8", "--out x --frames 1", "--out x --fps 0",
                            "--out x --clips-per-class 0", "--out x --nonsense"}) {
    const auto outcome = generate(wrong);
    INFO(wrong);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.error.starts_with("error: "));
    CHECK(std::count(outcome.error.begin(), outcome.error.end(), '\n') == 1);
  }
  const test::TempFolder folder;
  test::write_text(folder / "file", "mine");
  CHECK(generate("--out '" + (folder / "file/clips").string() + "'").exit_code == 1);
  const auto help = generate("--help");
  CHECK(help.exit_code == 0);
  CHECK(help.out.find("Examples:") != std::string::npos);
}

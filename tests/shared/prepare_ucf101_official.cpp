#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <rcar/data/prepared_folder.hpp>
#include <rcar/data/ucf101.hpp>
#include <rcar/data/ucf_group.hpp>
#include <string>
#include <vector>

#include "tests/support/clips.hpp"
#include "tests/support/shared_data.hpp"

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using rcar::test::TempFolder;
using Names = std::vector<std::string>;

namespace {

struct Run {
  int code;
  std::string output;  // both streams
};

/// Runs the tool with the given arguments.
Run prepare_ucf101(const std::string& arguments) {
  const std::string command = "'" RCAR_TOOLS_DIR "/prepare_ucf101' " + arguments + " 2>&1";
  Run run{-1, {}};
  FILE* pipe = ::popen(command.c_str(), "r");
  if (!pipe) throw std::runtime_error("cannot run " + command);
  char buffer[4096];
  for (std::size_t count; (count = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) run.output.append(buffer, count);
  const int status = ::pclose(pipe);
  run.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return run;
}

}  // namespace

TEST_CASE("the top five classes of the first official split are the original's, with 594 and 224 clips", "[shared]") {
  const auto shared = rcar::test::shared_data();
  if (!shared) return;
  const auto lists = rcar::read_ucf_lists(*shared / "data/ucfTrainTestlist", 1);
  CHECK(lists.train.size() == 9537);
  CHECK(lists.test.size() == 3783);
  Names top = rcar::top_classes(lists.train, 5);
  CHECK(top == Names{"Punch", "PlayingCello", "ShavingBeard", "CricketShot", "TennisSwing"});
  CHECK(rcar::top_classes(lists.train, 6).back() == "PlayingGuitar");  // 117 as TennisSwing has
  const auto five = rcar::select_classes(lists, top);
  CHECK(five.train.size() == 594);
  CHECK(five.test.size() == 224);
}

TEST_CASE("every official split is read whole, and no group is on both sides", "[shared]") {
  const auto shared = rcar::test::shared_data();
  if (!shared) return;
  for (const int split : {1, 2, 3}) {
    const auto lists = rcar::read_ucf_lists(*shared / "data/ucfTrainTestlist", split);
    CHECK(lists.train.size() + lists.test.size() == 13320);
    CHECK(rcar::group_overlap({"", lists.train}, {"", lists.test}).empty());
  }
}

TEST_CASE("a dry run of prepare_ucf101 needs the lists alone", "[shared]") {
  const auto shared = rcar::test::shared_data();
  if (!shared) return;
  const auto run = prepare_ucf101("--lists '" + (*shared / "data/ucfTrainTestlist").string() + "' --top 5 --dry-run");
  CHECK(run.code == 0);
  CHECK_THAT(run.output, Contains("CricketShot     118     49") && Contains("TennisSwing     117     49") &&
                             Contains("total           594    224"));
}

TEST_CASE("prepare_ucf101 refuses missing clips and takes those that are there when told to", "[shared]") {
  const auto shared = rcar::test::shared_data();
  if (!shared) return;
  const TempFolder folder;
  const std::string common = "--lists '" + (*shared / "data/ucfTrainTestlist").string() + "' --ucf '" +
                             (*shared / "data/UCF-101").string() + "' --out '" + (folder / "out").string() + "' ";
  const std::string five = "--classes Basketball,Diving,JumpingJack,Punch,PushUps ";
  const auto refused = prepare_ucf101(common + five);
  CHECK(refused.code == 1);
  CHECK_THAT(refused.output, Catch::StartsWith("error: 369 of 669 clips are not in") && Contains("--skip-missing"));
  CHECK_FALSE(fs::exists(folder / "out"));

  const auto taken = prepare_ucf101(common + five + "--skip-missing");
  CHECK(taken.code == 0);
  CHECK_THAT(taken.output, Contains("total          195    105") && Contains("300 clips linked"));
  const auto data = rcar::read_prepared_folder(folder / "out");
  CHECK(data.train.size() == 195);
  CHECK(data.test.size() == 105);
  for (std::size_t i = 0; i < data.test.size(); ++i) CHECK(fs::is_regular_file(data.test.path(i)));
  CHECK_THAT(prepare_ucf101(common + five + "--skip-missing").output, Contains("0 clips linked, 300 already there"));
}

TEST_CASE("wrong use of prepare_ucf101 ends with 2 and says what is wanted", "[shared]") {
  const auto shared = rcar::test::shared_data();
  if (!shared) return;
  const std::string lists = "--lists '" + (*shared / "data/ucfTrainTestlist").string() + "' ";
  for (const auto& [arguments, says] : {std::pair<std::string, std::string>("--top 5 --dry-run", "--lists is required"),
                                        {lists + "--dry-run", "--top"},
                                        {lists + "--top 5", "--ucf and --out"},
                                        {lists + "--top 5 --classes Punch --dry-run", "--classes"},
                                        {lists + "--top 200 --dry-run", "101 classes"},
                                        {lists + "--classes Punch,Nap --dry-run", "no class Nap"},
                                        {lists + "--split 4 --top 5 --dry-run", "trainlist04.txt"}}) {
    const auto run = prepare_ucf101(arguments);
    CAPTURE(arguments);
    CHECK(run.code == 2);
    CHECK_THAT(run.output, Contains(says));
  }
  const auto help = prepare_ucf101("--help");
  CHECK(help.code == 0);
  CHECK_THAT(help.output, Contains("Examples:") && Contains("--top 5"));
}

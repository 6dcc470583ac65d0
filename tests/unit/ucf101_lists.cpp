#include <catch2/catch.hpp>
#include <rcar/data/ucf101.hpp>
#include <string>
#include <vector>

#include "tests/support/clips.hpp"

using Catch::Matchers::Contains;
using rcar::test::TempFolder;
using rcar::test::write_text;
using Names = std::vector<std::string>;

namespace {

/// Lists of `clips` training clips and one test clip for each class.
rcar::UcfLists lists_of(const std::vector<std::pair<std::string, int>>& classes) {
  rcar::UcfLists lists;
  for (const auto& [name, clips] : classes) {
    for (int i = 1; i <= clips; ++i)
      lists.train.push_back({name + "/v_" + name + "_g08_c" + std::to_string(i) + ".avi", name});
    lists.test.push_back({name + "/v_" + name + "_g01_c1.avi", name});
  }
  return lists;
}

std::string refusal(const std::string& train, const std::string& test = "A/t.avi\n") {
  const TempFolder folder;
  write_text(folder / "trainlist01.txt", train);
  write_text(folder / "testlist01.txt", test);
  try {
    rcar::read_ucf_lists(folder.path(), 1);
  } catch (const rcar::DataError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("the official lists are read with and without class numbers, and with Windows line ends") {
  const TempFolder folder;
  write_text(folder / "trainlist02.txt", "Punch/v_Punch_g08_c01.avi 71\r\nDive/v_Dive_g08_c01.avi 26\r\n\r\n");
  write_text(folder / "testlist02.txt", "Punch/v_Punch_g01_c01.avi\nDive/v_Dive_g01_c01.avi");
  const auto lists = rcar::read_ucf_lists(folder.path(), 2);
  REQUIRE(lists.train.size() == 2);
  REQUIRE(lists.test.size() == 2);
  CHECK(lists.train[0].video_name == "Punch/v_Punch_g08_c01.avi");
  CHECK(lists.train[0].tag == "Punch");
  CHECK(lists.test[1].video_name == "Dive/v_Dive_g01_c01.avi");
  CHECK_THROWS_WITH(rcar::read_ucf_lists(folder.path(), 1), Contains("trainlist01.txt'") && Contains("1, 2 or 3"));
  CHECK_THROWS_AS(rcar::read_ucf_lists(folder.path(), 0), rcar::UsageError);
}

TEST_CASE("what is no UCF101 list is refused with file and line") {
  CHECK_THAT(refusal("A/1.avi 1\nnonsense\n"), Contains("trainlist01.txt:2'") && Contains("'nonsense'"));
  CHECK_THAT(refusal("A/1.avi one\n"), Contains("trainlist01.txt:1'"));
  CHECK_THAT(refusal("A/B/1.avi 1\n"), Contains("trainlist01.txt:1'"));
  CHECK_THAT(refusal("/1.avi 1\n"), Contains("trainlist01.txt:1'"));
  CHECK_THAT(refusal("A/ 1\n"), Contains("trainlist01.txt:1'"));
  CHECK_THAT(refusal("../1.avi 1\n"), Contains("trainlist01.txt:1'") && Contains("'..'"));
  CHECK_THAT(refusal("\n"), Contains("lists no clip"));
  CHECK_THAT(refusal("A/1.avi 1\nA/2.avi 1\nA/1.avi 1\n"), Contains("trainlist01.txt:3'") && Contains("list01.txt:1'"));
}

TEST_CASE("a clip in both lists is refused") {
  CHECK_THAT(refusal("A/1.avi 1\n", "A/1.avi\n"), Contains("testlist01.txt:1'") && Contains("trainlist01.txt:1'"));
}

TEST_CASE("top classes have the most training clips; of equal counts the later name comes first") {
  const auto lists =
      lists_of({{"Archery", 3}, {"Bowling", 5}, {"Diving", 4}, {"PlayingGuitar", 4}, {"TennisSwing", 4}});
  CHECK(rcar::top_classes(lists.train, 1) == Names{"Bowling"});
  CHECK(rcar::top_classes(lists.train, 2) == Names{"Bowling", "TennisSwing"});
  CHECK(rcar::top_classes(lists.train, 5) == Names{"Bowling", "TennisSwing", "PlayingGuitar", "Diving", "Archery"});
  CHECK_THROWS_WITH(rcar::top_classes(lists.train, 6), Contains("5 classes") && Contains("top 6"));
  CHECK_THROWS_AS(rcar::top_classes(lists.train, 0), rcar::UsageError);
}

TEST_CASE("selected classes keep the order of the lists; an unknown one is named") {
  const auto lists = lists_of({{"A", 1}, {"B", 2}, {"C", 1}});
  const auto some = rcar::select_classes(lists, Names{"C", "A"});
  REQUIRE(some.train.size() == 2);
  CHECK(some.train[0].tag == "A");
  CHECK(some.test[1].tag == "C");
  CHECK_THROWS_WITH(rcar::select_classes(lists, Names{"C", "X", "b"}),
                    Contains("no class X, b") && Contains("A, B, C"));
}

TEST_CASE("a UCF101 tree gives the listed clips of its folders' classes") {
  const TempFolder folder;
  write_text(folder / "lists/trainlist01.txt", "A/v_A_g08_c01.avi 1\nA/v_A_g08_c02.avi 1\nB/v_B_g08_c01.avi 2\n");
  write_text(folder / "lists/testlist01.txt", "A/v_A_g01_c01.avi\nB/v_B_g01_c01.avi\n");
  write_text(folder / "ucf/A/v_A_g08_c01.avi", "x");
  write_text(folder / "ucf/A/v_A_g01_c01.avi", "x");
  const auto data = rcar::read_ucf_tree(folder / "ucf", folder / "lists", 1);
  REQUIRE(data.train.size() == 1);
  REQUIRE(data.test.size() == 1);
  CHECK(std::filesystem::exists(data.train.path(0)));
  CHECK(data.train.tags() == Names{"A"});
  REQUIRE(data.warnings.size() == 1);
  CHECK_THAT(data.warnings[0], Contains("1 of the 3 clips"));

  write_text(folder / "ucf/A/v_A_g08_c02.avi", "x");
  CHECK(rcar::read_ucf_tree(folder / "ucf", folder / "lists", 1).warnings.empty());

  write_text(folder / "ucf/Holidays/1.avi", "x");
  CHECK_THROWS_WITH(rcar::read_ucf_tree(folder / "ucf", folder / "lists", 1), Contains("no class Holidays"));
  CHECK_THROWS_WITH(rcar::read_ucf_tree(folder / "lists", folder / "lists", 1), Contains("no class folders"));
  std::filesystem::create_directories(folder / "other/B");
  CHECK_THROWS_WITH(rcar::read_ucf_tree(folder / "other", folder / "lists", 1), Contains("None of the clips"));
}

/// Each fault of a data set is found, counted and named.

#include <catch2/catch.hpp>
#include <cstddef>
#include <rcar/doctor/diagnosis.hpp>
#include <string>
#include <vector>

#include "tests/support/case_files.hpp"

using namespace rcar;
using namespace rcar::doctor;
using test::find_kind;

namespace {

/// Asserts that there is a finding, and gives it.
Finding found(const test::MadeUp& made, const std::string& kind, Severity severity) {
  const auto all = findings(made.open());
  const Finding* finding = find_kind(all, kind);
  INFO(kind);
  REQUIRE(finding);
  CHECK(finding->severity == severity);
  CHECK(finding->what.back() == '.');
  CHECK(finding->advice.back() == '.');
  return *finding;
}

/// Takes a clip's place, in the training list.
std::size_t add_train(test::MadeUp& made, const std::string& name, const std::string& tag) {
  const std::size_t at = made.data.train.size();
  made.data.train.entries.push_back({name, tag});
  made.facts.insert(made.facts.begin() + static_cast<std::ptrdiff_t>(at), test::readable_facts(1000 + at));
  return at;
}

}  // namespace

TEST_CASE("of a sound data set nothing is said", "[doctor]") { CHECK(findings(test::sound_data().open()).empty()); }

TEST_CASE("the table of classes counts lists, parts and groups", "[doctor]") {
  auto made = test::sound_data();
  made.facts[0] = test::unreadable_facts("It is gone.");
  const auto file = made.open();
  REQUIRE(file.classes.size() == 2);
  const ClassCounts& jump = file.classes[0];
  CHECK(jump.name == "Jump");
  CHECK(jump.listed_train == 12);
  CHECK(jump.listed_test == 6);
  CHECK(jump.unreadable == 1);
  CHECK(jump.groups == 9);
  CHECK(jump.train + jump.validation == 11);
  CHECK(jump.validation == 3);
  CHECK(jump.test == 6);
}

TEST_CASE("unreadable clips are named with their reasons", "[doctor]") {
  auto made = test::sound_data();
  made.facts[1] = test::unreadable_facts("The disk is full of holes.");
  const auto finding = found(made, "unreadable-clips", Severity::error);
  REQUIRE(finding.items.size() == 1);
  CHECK(finding.items[0] == "v_Jump_g01_c02.avi (train): The disk is full of holes.");
}

TEST_CASE("a group in both lists is an error, unless its clips of one list cannot be read", "[doctor]") {
  auto made = test::sound_data();
  const std::size_t at = add_train(made, "v_Wave_g08_c07.avi", "Wave");
  const auto finding = found(made, "group-leak", Severity::error);
  CHECK(finding.items == std::vector<std::string>{"Wave g08: 1 training clip, 2 test clips"});
  made.facts[at] = test::unreadable_facts("It is gone.");
  CHECK_FALSE(find_kind(findings(made.open()), "group-leak"));
}

TEST_CASE("names without groups are noted", "[doctor]") {
  auto made = test::sound_data();
  add_train(made, "holiday.mp4", "Wave");
  CHECK_THAT(found(made, "no-groups", Severity::note).what, Catch::Contains("1 clip has a name that tells no group"));
}

TEST_CASE("duplicates are judged by where they are", "[doctor]") {
  auto made = test::sound_data();
  const auto file = made.open();
  std::size_t train = 0, validation = 0;  // of one class and different groups
  while (file.clips[train].part != Part::train) ++train;
  while (file.clips[validation].part != Part::validation) ++validation;
  std::size_t other_train = train + 1;
  while (file.clips[other_train].part != Part::train) ++other_train;
  const std::size_t first_test = made.data.train.size(), other_class = first_test - 1;
  REQUIRE(file.clips[train].tag == file.clips[validation].tag);
  REQUIRE(file.clips[other_class].tag != file.clips[train].tag);

  made.like.duplicates = {{train, first_test}};
  CHECK(found(made, "duplicates-across-test", Severity::error).items.size() == 1);
  made.like.duplicates = {{std::min(train, validation), std::max(train, validation)}};
  CHECK(found(made, "duplicates-across-validation", Severity::error).items.size() == 1);
  made.like.duplicates = {{train, other_train}};
  CHECK_THAT(found(made, "duplicates", Severity::warning).items[0], Catch::StartsWith("encoded anew: "));
  made.facts[other_train].sha256 = made.facts[train].sha256;
  CHECK_THAT(found(made, "duplicates", Severity::warning).items[0], Catch::StartsWith("equal files: "));
  made.like.duplicates = {{train, other_class}};
  CHECK_THAT(found(made, "label-conflict", Severity::error).items[0],
             Catch::Contains("as Jump") && Catch::Contains("as Wave"));

  made.like = {};
  made.like.look_alikes = {{train, first_test}};
  CHECK_THAT(found(made, "look-alikes-across-test", Severity::warning).items[0], Catch::Contains(" ~ "));
  made.like.look_alikes = {{train, other_class}};
  found(made, "look-alikes-across-classes", Severity::warning);
  made.like.look_alikes = {{std::min(train, validation), std::max(train, validation)}};
  found(made, "look-alikes-across-validation", Severity::note);
}

TEST_CASE("frames that the container claims and nobody can decode", "[doctor]") {
  auto made = test::sound_data();
  made.facts[0].claimed = 53;  // 50 decode
  CHECK(found(made, "frames-missing", Severity::note).items[0] ==
        "v_Jump_g01_c01.avi (" + std::string(to_string(made.open().clips[0].part)) + "): 50 of 53 frames");
  made.facts[0].claimed = 60;
  CHECK(found(made, "truncated-clips", Severity::warning).items.size() == 1);
  CHECK_FALSE(find_kind(findings(made.open()), "frames-missing"));
  made.facts[0].claimed = 40;  // a recorder that was cut off claims too few
  CHECK(findings(made.open()).empty());
}

TEST_CASE("short clips tell how many steps are masked", "[doctor]") {
  auto made = test::sound_data();
  made.facts[0] = test::readable_facts(0, 15);
  made.facts[1] = test::readable_facts(1, 20);
  const auto note = found(made, "short-clips", Severity::note);
  CHECK(note.items.size() == 1);
  CHECK_THAT(note.what, Catch::Contains("0.7 % of all steps"));  // 5 of 36 * 20
  made.plan.sequence_length = 31;
  CHECK(found(made, "short-clips", Severity::warning).items.size() == 2);  // 15 is less than half of it
}

TEST_CASE("clips in which nothing moves", "[doctor]") {
  auto made = test::sound_data();
  made.facts[3].signature = Signature(std::vector<std::uint8_t>(Signature::size, 90));
  CHECK(found(made, "still-clips", Severity::warning).items.size() == 1);
}

TEST_CASE("classes that training refuses", "[doctor]") {
  auto made = test::sound_data();
  made.data.test.entries[0].tag = "Run";
  CHECK(found(made, "class-only-in-test", Severity::error).items == std::vector<std::string>{"Run"});
  made = test::sound_data();
  for (auto& facts : made.facts) facts = test::unreadable_facts("Gone.");
  const auto all = findings(made.open());
  CHECK(find_kind(all, "too-few-classes"));
  CHECK(find_kind(all, "no-test-clips"));
  found(test::sound_data({"Jump"}), "too-few-classes", Severity::error);
}

TEST_CASE("classes that are small, unbalanced, not tested or written in two ways", "[doctor]") {
  auto made = test::sound_data();
  for (const char* tag : {"wave", "Run"}) add_train(made, std::string("v_") + tag + "_g01_c01.avi", tag);
  const auto small = found(made, "small-classes", Severity::warning);
  CHECK(small.items == std::vector<std::string>{"Run: 1 training clip", "wave: 1 training clip"});
  CHECK(found(made, "classes-without-test", Severity::warning).items.size() == 2);
  CHECK(found(made, "classes-without-validation", Severity::warning).items.size() == 2);
  CHECK(found(made, "unbalanced-classes", Severity::warning).items.empty());
  CHECK(found(made, "tag-spellings", Severity::warning).items == std::vector<std::string>{"Wave, wave"});
  CHECK(find_kind(findings(made.open()), "validation-split"));  // only one clip of these classes
}

TEST_CASE("the last rows of a sorted list are a class that is never trained on", "[doctor]") {
  auto made = test::sound_data({"Jump", "Run", "Wave"});
  made.plan.validation = Validation::last;
  made.plan.validation_split = 0.34;
  CHECK(found(made, "class-only-in-validation", Severity::error).items == std::vector<std::string>{"Wave"});
  CHECK(found(made, "classes-without-validation", Severity::warning).items.front() == "Jump");
  made.plan.validation = Validation::none;
  CHECK(findings(made.open()).empty());
  made.plan.validation = Validation::stratified;
  CHECK(findings(made.open()).empty());
}

TEST_CASE("errors come first, then warnings, then notes", "[doctor]") {
  auto made = test::sound_data();
  add_train(made, "holiday.mp4", "Run");
  made.facts[0] = test::unreadable_facts("Gone.");
  const auto all = findings(made.open());
  CHECK(all.front().severity == Severity::error);
  CHECK(all.back().severity == Severity::note);
  for (std::size_t i = 1; i < all.size(); ++i) CHECK(all[i - 1].severity <= all[i].severity);
  CHECK(count(all, Severity::error) + count(all, Severity::warning) + count(all, Severity::note) == all.size());
}

TEST_CASE("facts must be of every clip", "[doctor]") {
  auto made = test::sound_data();
  made.facts.pop_back();
  CHECK_THROWS_AS(made.open(), UsageError);
}

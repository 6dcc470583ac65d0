/// The doctor on the 300 real UCF101 clips.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <rcar/data/any_folder.hpp>
#include <rcar/doctor/fixed_list.hpp>
#include <string>
#include <vector>

#include "tests/support/case_files.hpp"
#include "tests/support/shared_data.hpp"

using namespace rcar;
using namespace rcar::doctor;

TEST_CASE(
    "no two of the real clips are taken for copies, eleven hold fewer frames than claimed, and two pairs across "
    "split 1 are of one recording",
    "[shared][long]") {
  const auto shared = test::shared_data();
  if (!shared) return;
  const CaseFile file =
      examine(read_data({.folder = *shared / "data/UCF-101", .lists = *shared / "data/ucfTrainTestlist"}), {}, {},
              ProgressDisplay::off);
  REQUIRE(file.clips.size() == 300);
  CHECK(std::all_of(file.facts.begin(), file.facts.end(), [](const auto& facts) { return facts.readable(); }));
  CHECK(file.like.duplicates.empty());  // of 44,850 pairs
  const auto found = findings(file);
  CHECK(count(found, Severity::error) == 0);
  const Finding* missing = test::find_kind(found, "frames-missing");
  REQUIRE(missing);
  CHECK(missing->items.size() == 11);
  CHECK_THAT(missing->what, Catch::Contains("up to 7 frames"));
  // Groups 2 and 10 of Diving show the same pool from the same place; the official split parts them.
  const Finding* alike = test::find_kind(found, "look-alikes-across-test");
  REQUIRE(alike);
  REQUIRE(alike->items.size() == 2);
  for (const std::string& item : alike->items)
    CHECK_THAT(item, Catch::Contains("v_Diving_g10") && Catch::Contains("v_Diving_g02"));
  CHECK(file.classes.size() == 5);
  for (const ClassCounts& counts : file.classes) {
    CHECK(counts.listed_train == 39);
    CHECK(counts.test == 21);
    CHECK(counts.groups == 25);
    CHECK(counts.validation == 12);
  }
  CHECK(fixed_list(file).dropped.empty());
}

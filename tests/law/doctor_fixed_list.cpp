/// Laws of the fixed lists: nothing is wrong with them any more, and the order of the clips decides nothing.

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <rcar/core/random.hpp>
#include <rcar/data/any_folder.hpp>
#include <rcar/doctor/fixed_list.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/support/case_files.hpp"
#include "tests/support/clips.hpp"
#include "tools/synthetic_clips.hpp"

using namespace rcar;
using namespace rcar::doctor;
namespace fs = std::filesystem;

namespace {

/// A data set with all kinds of faults, drawn from a seed.
test::MadeUp faulty_data(std::uint64_t seed) {
  Random random(seed);
  test::MadeUp made;
  const std::size_t classes = 2 + random.below(4);
  std::map<std::size_t, std::vector<std::size_t>> copies;
  std::size_t clips = 0;
  for (const bool test : {false, true})
    for (std::size_t kind = 0; kind < classes; ++kind) {
      const std::string tag(1, static_cast<char>('A' + kind));
      const std::size_t count = random.below(test ? 6 : 12);
      for (std::size_t i = 0; i < count; ++i) {
        const std::string group = random.below(8) ? "_g" + std::to_string(random.below(6)) : "";
        auto& side = test ? made.data.test : made.data.train;
        side.entries.push_back({"v_" + tag + group + "_c" + std::to_string(clips) + ".avi", tag});
        made.facts.push_back(random.below(10) ? test::readable_facts(clips)
                                              : test::unreadable_facts("Clip " + std::to_string(clips) + " is gone."));
        if (made.facts.back().readable() && random.below(5) == 0) copies[random.below(6)].push_back(clips);
        ++clips;
      }
    }
  for (const auto& [set, members] : copies)
    if (members.size() > 1) made.like.duplicates.push_back(members);
  return made;
}

/// The same data set with its lists in another order.
test::MadeUp shuffled(const test::MadeUp& made, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::size_t> order(made.facts.size());
  const std::size_t train = made.data.train.size();
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  random.shuffle(std::span(order).first(train));
  random.shuffle(std::span(order).subspan(train));
  test::MadeUp out;
  out.plan = made.plan;
  std::vector<std::size_t> place(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    place[order[i]] = i;
    out.facts.push_back(made.facts[order[i]]);
    (i < train ? out.data.train : out.data.test)
        .entries.push_back(order[i] < train ? made.data.train.entries[order[i]]
                                            : made.data.test.entries[order[i] - train]);
  }
  for (auto set : made.like.duplicates) {
    for (std::size_t& clip : set) clip = place[clip];
    std::sort(set.begin(), set.end());
    out.like.duplicates.push_back(set);
  }
  return out;
}

/// The names that stay; nothing where the data are beyond mending.
std::optional<std::set<std::string>> kept(const test::MadeUp& made) {
  try {
    const FixedList fixed = fixed_list(made.open());
    std::set<std::string> names;
    for (const Clip& clip : fixed.file.clips) names.insert(clip.name);
    CHECK(names.size() + fixed.dropped.size() == made.facts.size());
    CHECK(count(findings(fixed.file), Severity::error) == 0);
    for (const char* kind : {"unreadable-clips", "duplicates", "group-leak"})
      CHECK_FALSE(test::find_kind(findings(fixed.file), kind));
    return names;
  } catch (const DataError& error) {
    CHECK_THAT(error.what(), Catch::Contains("does not mend"));
    return std::nullopt;
  }
}

/// Every file below a folder, and what is in it or where it points.
std::map<std::string, std::string> content(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& each : fs::recursive_directory_iterator(folder)) {
    const std::string name = each.path().lexically_relative(folder).string();
    if (each.is_symlink())
      files[name] = "-> " + fs::read_symlink(each.path()).string();
    else
      files[name] = each.is_directory() ? "folder" : test::read_text(each.path());
  }
  return files;
}

}  // namespace

TEST_CASE("fixed lists have no error, whatever was wrong, and the order of the lists changes nothing", "[doctor]") {
  std::size_t mended = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    INFO("seed " << seed);
    const auto made = faulty_data(seed);
    const auto names = kept(made);
    mended += names.has_value();
    CHECK(kept(shuffled(made, seed + 1)) == names);
  }
  CHECK(mended > 100);  // else the law says little
}

TEST_CASE("of a sound data set nothing is dropped, and fixed lists are their own fixed lists", "[doctor]") {
  CHECK(fixed_list(test::sound_data().open()).dropped.empty());
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto made = faulty_data(seed);
    if (!kept(made)) continue;
    CHECK(fixed_list(fixed_list(made.open()).file).dropped.empty());
  }
}

TEST_CASE("of what leaks the training clips go, and the test clips where training would have none left", "[doctor]") {
  auto made = test::sound_data();
  made.data.test.entries[0].video_name = "v_Jump_g01_c09.avi";
  auto fixed = fixed_list(made.open());
  REQUIRE(fixed.dropped.size() == 2);
  for (const auto& each : fixed.dropped) {
    CHECK(each.clip.group == "Jump g01");
    CHECK_FALSE(each.clip.in_test);
    CHECK_THAT(each.reason, Catch::Contains("v_Jump_g01_c09.avi (test)"));
  }
  made = test::sound_data();
  for (std::size_t i = 0; i < 12; ++i)
    made.data.train.entries[i].video_name = "v_Jump_g08_c1" + std::to_string(i) + ".avi";
  fixed = fixed_list(made.open());
  REQUIRE(fixed.dropped.size() == 2);
  for (const auto& each : fixed.dropped) CHECK(each.clip.in_test);
}

TEST_CASE("the fixed folder can be trained on, is whole, and DATA is as it was", "[doctor]") {
  const test::TempFolder folder;
  const auto clip = [&](std::size_t kind, int index) {
    return synthetic::draw_clip(kind, index, {.width = 96, .height = 72, .frames = 12, .seed = 9});
  };
  for (const std::size_t kind : {0, 2}) {
    const auto& name = synthetic::classes[kind];
    fs::create_directories(folder / ("videos/" + std::string(name.name)));
    for (int i = 0; i < 12; ++i)
      synthetic::write_clip(clip(kind, i), 10,
                            folder / ("videos/" + std::string(name.name) + "/" + synthetic::clip_name(name, i)));
  }
  const fs::path grow = folder / "videos/Growing", square = folder / "videos/CircleThenSquare";
  fs::copy_file(grow / "v_Growing_g01_c01.avi", grow / "copy.avi");
  synthetic::write_clip(clip(0, 4), 15, grow / "faster.avi");                                // encoded anew
  fs::copy_file(grow / "v_Growing_g03_c02.avi", square / "v_CircleThenSquare_g09_c01.avi");  // another label
  test::write_text(square / "v_CircleThenSquare_g09_c02.avi", "no video");
  const auto before = content(folder / "videos");

  const auto examined = [](const fs::path& data) {
    return examine(read_data({.folder = data}), {}, {}, ProgressDisplay::off);
  };
  const CaseFile file = examined(folder / "videos");
  CHECK(count(findings(file), Severity::error) > 0);
  CHECK(file.like.duplicates.size() == 3);
  const FixedList fixed = fixed_list(file);
  CHECK(fixed.dropped.size() == 5);  // one copy, one encoded anew, two of doubtful label, one unreadable
  write_fixed_folder(fixed, folder / "fixed");
  CHECK(content(folder / "videos") == before);

  const CaseFile again = examined(folder / "fixed");
  const auto found = findings(again);
  CHECK(count(found, Severity::error) == 0);
  CHECK_FALSE(test::find_kind(found, "duplicates"));
  CHECK(again.clips.size() == file.clips.size() - 5);
  CHECK(read_csv(folder / "fixed/dropped.csv").rows.size() == 5);
  REQUIRE(again.clips.size() == fixed.file.clips.size());
  for (std::size_t i = 0; i < again.clips.size(); ++i) {
    CHECK(again.clips[i].name == fixed.file.clips[i].name);
    CHECK(again.facts[i].sha256 == fixed.file.facts[i].sha256);
  }

  const auto whole = content(folder / "fixed");
  CHECK_THROWS_AS(write_fixed_folder(fixed, folder / "fixed"), UsageError);
  CHECK_THROWS_AS(write_fixed_folder(fixed, folder / "fixed/train.csv"), UsageError);
  CHECK(content(folder / "fixed") == whole);
  CHECK_THROWS_AS(write_fixed_folder(fixed, folder / "fixed/train.csv/below"), FileError);
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& each : fs::directory_iterator(folder.path())) ++entries;
  CHECK(entries == 2);  // nothing aside is left
}

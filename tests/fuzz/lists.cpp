// Lists of clips: `video_name,tag` tables and UCF101's list files. No name leads out of the folder of the clips.

#include <filesystem>
#include <rcar/data/dataset.hpp>
#include <rcar/data/split.hpp>
#include <rcar/data/string_lookup.hpp>
#include <rcar/data/ucf101.hpp>
#include <rcar/data/ucf_group.hpp>

#include "target.hpp"

namespace rcar::fuzz {
namespace {

void check_entries(const std::vector<ClipEntry>& entries) {
  const std::filesystem::path folder = "/clips";
  for (const ClipEntry& entry : entries) {
    const std::filesystem::path path = folder / entry.video_name;
    const auto normal = path.lexically_normal().string();
    law(normal.starts_with("/clips/") || normal == "/clips", "a clip lies below its folder:", entry.video_name);
    law(!entry.tag.empty(), "a clip has a class:", entry.video_name);
    ucf_group(entry.video_name);
  }
}

/// What follows on a list before a clip is opened: classes and splits.
void use(const std::vector<ClipEntry>& entries) {
  check_entries(entries);
  const TrainTest divided = split_train_test({"/clips", entries}, 0.3, 7);
  law(divided.train.size() + divided.test.size() == entries.size(), "a split loses no clip");
  for (const std::string& warning : divided.warnings) check_message(warning);
  group_overlap(divided.train, divided.test);
}

Outcome read_table(std::string_view input) {
  const OwnBytes own(input);
  return taken_unless_refused([&] { use(detail::listed_clips(parse_csv(own.text(), "train.csv"))); });
}

Outcome read_ucf_list(std::string_view input) {
  const OwnBytes own(input);
  return taken_unless_refused([&] {
    UcfLists lists;
    std::unordered_map<std::string, std::string> seen;
    detail::parse_ucf_list(own.text(), "trainlist01.txt", lists.train, seen);
    use(lists.train);
    const auto classes = top_classes(lists.train, 1);
    law(!select_classes(lists, classes).train.empty(), "the largest class has a clip");
  });
}

// The sums that a split can reach are a table of bits: 256 groups by as many clips.
const Registered table({"clip_list", "", read_table, 600, std::size_t{2} << 20});
const Registered ucf_list({"ucf101_list", "", read_ucf_list, 600, std::size_t{2} << 20});

}  // namespace
}  // namespace rcar::fuzz

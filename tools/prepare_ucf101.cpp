// Makes a training folder of UCF101 clips from the data set's official lists: train.csv, test.csv, train/, test/.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <rcar/data/prepared_folder.hpp>
#include <rcar/data/ucf101.hpp>
#include <string>
#include <vector>

#include "run_program.hpp"

namespace {

struct Options {
  std::filesystem::path ucf, lists, out;
  int split = 1;
  std::size_t top = 0;
  std::vector<std::string> classes;
  bool copy = false, skip_missing = false, dry_run = false;
};

void print_counts(const rcar::UcfLists& lists) {
  std::map<std::string, std::pair<std::size_t, std::size_t>> counts;
  std::size_t width = 5;
  for (const auto& entry : lists.train) ++counts[entry.tag].first, width = std::max(width, entry.tag.size());
  for (const auto& entry : lists.test) ++counts[entry.tag].second;
  const auto line = [&](const std::string& name, const std::string& train, const std::string& test) {
    std::printf("%-*s %6s %6s\n", static_cast<int>(width), name.c_str(), train.c_str(), test.c_str());
  };
  line("class", "train", "test");
  for (const auto& [name, count] : counts) line(name, std::to_string(count.first), std::to_string(count.second));
  line("total", std::to_string(lists.train.size()), std::to_string(lists.test.size()));
}

void prepare(const Options& options) {
  rcar::UcfLists lists = rcar::read_ucf_lists(options.lists, options.split);
  lists = rcar::select_classes(lists, options.top ? rcar::top_classes(lists.train, options.top) : options.classes);
  if (options.dry_run) return print_counts(lists);

  rcar::TrainTest data{{options.ucf, lists.train}, {options.ucf, lists.test}, {}};
  if (options.skip_missing) {
    const std::size_t missing = rcar::remove_missing(data.train).size() + rcar::remove_missing(data.test).size();
    if (data.train.size() == 0 || data.test.size() == 0)
      throw rcar::DataError("The clips in " + rcar::quoted(options.ucf.string()) +
                            " leave no training or no test clip; give the root of the UCF101 clips.");
    if (missing > 0) std::fprintf(stderr, "warning: %zu clips are not there and are left out.\n", missing);
  }
  const auto result =
      rcar::write_prepared_folder(data, options.out, options.copy ? rcar::Placement::copy : rcar::Placement::link);
  print_counts({data.train.entries, data.test.entries});
  std::printf("%s: %zu clips %s, %zu already there.\n", options.out.c_str(), result.placed,
              options.copy ? "copied" : "linked", result.kept);
  if (result.others > 0)
    std::printf("%zu files in train/ and test/ are of an earlier preparation; the lists do not name them.\n",
                result.others);
}

}  // namespace

int main(int argc, char* argv[]) {
  Options options;
  CLI::App app{"Makes a training folder of UCF101 clips: train.csv, test.csv (video_name,tag), train/, test/."};
  app.footer(
      "Examples:\n"
      "  prepare_ucf101 --ucf UCF-101 --lists ucfTrainTestlist --split 1 --top 5 --out ucf5\n"
      "  prepare_ucf101 --ucf UCF-101 --lists ucfTrainTestlist --classes Punch,PushUps --out two --copy\n"
      "  prepare_ucf101 --lists ucfTrainTestlist --top 10 --dry-run");
  auto* ucf = app.add_option("--ucf", options.ucf, "folder of the clips: <Class>/v_<Class>_g01_c01.avi");
  app.add_option("--lists", options.lists, "folder of trainlist01.txt, testlist01.txt")->required();
  app.add_option("--split", options.split, "official split: 1, 2 or 3")->capture_default_str();
  auto* which = app.add_option_group("classes", "which classes, one of the two:");
  which->add_option("--top", options.top, "the N classes with the most training clips")->check(CLI::PositiveNumber);
  which->add_option("--classes", options.classes, "these classes: A,B,...")->delimiter(',');
  which->require_option(1);
  auto* out = app.add_option("--out", options.out, "folder to make");
  app.add_flag("--copy", options.copy, "copy the clips; without it they are linked");
  app.add_flag("--skip-missing", options.skip_missing,
               "take the clips that are there; without it a missing one is an error");
  app.add_flag("--dry-run", options.dry_run, "only print the classes and counts; needs the lists alone");
  app.callback([&] {
    if (!options.dry_run && (ucf->count() == 0 || out->count() == 0))
      throw CLI::RequiredError("--ucf and --out (or --dry-run)");
  });
  return rcar::tools::run_program(app, argc, argv, [&] {
    prepare(options);
    return 0;
  });
}

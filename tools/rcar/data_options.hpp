#pragma once
// Which clips a sub-command works on.

#include <CLI/CLI.hpp>
#include <rcar/data/any_folder.hpp>

namespace rcar::tools {

/// DATA, and how it is divided into training and test.
inline void add_data_options(CLI::App& app, DataChoice& data) {
  app.add_option("DATA", data.folder,
                 "Prepared folder (train.csv, test.csv, train/, test/), UCF-101 tree with --lists, or any folder with "
                 "one folder of clips a class, which is then divided by --test-part")
      ->required();
  app.add_option("--lists", data.lists, "Folder of UCF101's official lists (trainlist01.txt, ...)")->group("Data");
  app.add_option("--split", data.split, "Which official split")
      ->capture_default_str()
      ->check(CLI::Range(1, 3))
      ->group("Data");
  app.add_option("--test-part", data.test_part, "Share of the clips to test on, where DATA has no split of its own")
      ->capture_default_str()
      ->check(CLI::Range(0.05, 0.9))
      ->group("Data");
}

}  // namespace rcar::tools

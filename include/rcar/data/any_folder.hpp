#pragma once
/// Labelled clips from whichever kind of folder a user has.

#include <cstdint>
#include <filesystem>

#include "../core/error.hpp"
#include "dataset.hpp"
#include "prepared_folder.hpp"
#include "split.hpp"
#include "string_lookup.hpp"
#include "ucf101.hpp"

namespace rcar {

/// Where the clips are and how they are divided into training and test.
struct DataChoice {
  std::filesystem::path folder;
  std::filesystem::path lists = {};  // folder of UCF101's official lists; empty: `folder` is of another kind
  int split = 1;                     // which official split, 1 to 3
  double test_part = 0.3;            // share to test on, where the folder has no split of its own
  std::uint64_t seed = 1;            // of that division
};

/// What kind of folder a choice means.
enum class DataKind { prepared, ucf101, class_folders };

/// What kind of folder the user's choice names, by what lies in it.
inline DataKind data_kind(const DataChoice& choice) {
  if (is_prepared_folder(choice.folder)) return DataKind::prepared;
  return choice.lists.empty() ? DataKind::class_folders : DataKind::ucf101;
}

/// Training and test clips of a prepared folder (train.csv, test.csv, train/, test/), a UCF101 tree with its official
/// lists, or a folder with one folder of clips a class, which is divided here.
/// Throws DataError where the folder or a list cannot be used.
///
///     const TrainTest data = read_data({.folder = "videos"});
inline TrainTest read_data(const DataChoice& choice) {
  switch (data_kind(choice)) {
    case DataKind::prepared:
      return read_prepared_folder(choice.folder);
    case DataKind::ucf101:
      return read_ucf_tree(choice.folder, choice.lists, choice.split);
    case DataKind::class_folders:
      break;
  }
  return split_train_test(read_class_folders(choice.folder), choice.test_part, choice.seed);
}

/// Refuses, before hours are spent, lists that a classifier cannot be trained and tested on: fewer than two classes, no
/// test clip, a test clip of a class that training lacks. Throws DataError.
inline void require_trainable_lists(const TrainTest& data, const StringLookup& labels) {
  if (labels.size() < 2)
    throw DataError("There is only one class, " + quoted(labels.vocabulary().front()) + ", in " +
                    quoted(data.train.directory.string()) + "; a classifier needs at least two to tell apart.");
  if (data.test.entries.empty())
    throw DataError("No clip of " + quoted(data.train.directory.string()) +
                    " is left to test on; give each class at least two clips.");
  for (const auto& clip : data.test.entries) labels(clip.tag, clip.video_name);
}

}  // namespace rcar

#pragma once
/// A prepared folder: train.csv and test.csv (`video_name,tag`) with the clips in train/ and test/.

#include <array>
#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/file.hpp"
#include "../core/progress.hpp"
#include "csv.hpp"
#include "dataset.hpp"
#include "name_list.hpp"

namespace rcar {

/// Whether `directory` has lists of a prepared folder; one alone counts, so that reading it names the one that lacks.
inline bool is_prepared_folder(const std::filesystem::path& directory) {
  std::error_code ignored;
  return std::filesystem::exists(directory / "train.csv", ignored) ||
         std::filesystem::exists(directory / "test.csv", ignored);
}

/// Reads a prepared folder. Throws as read_dataset.
inline TrainTest read_prepared_folder(const std::filesystem::path& directory) {
  return {read_dataset(directory / "train.csv", directory / "train"),
          read_dataset(directory / "test.csv", directory / "test"),
          {}};
}

/// How clips get into a prepared folder. Links are absolute, so that the folder can be moved and the clips cannot.
enum class Placement { link, copy };

/// What preparing a folder came to.
struct PreparedFolder {
  std::size_t placed = 0;  // clips linked or copied now
  std::size_t kept = 0;    // clips that were there already
  std::size_t others = 0;  // files in train/ and test/ that the lists do not name
};

namespace detail {

/// Removes what it was told of, newest first, unless it is told to keep it.
class Undo {
 public:
  Undo() = default;
  Undo(const Undo&) = delete;
  Undo& operator=(const Undo&) = delete;
  ~Undo() {
    std::error_code ignored;  // a folder that holds something else stays
    for (; !made_.empty(); made_.pop_back()) std::filesystem::remove(made_.back(), ignored);
  }
  void made(std::filesystem::path path) { made_.push_back(std::move(path)); }
  void keep() { made_.clear(); }

 private:
  std::vector<std::filesystem::path> made_;
};

[[noreturn]] inline void fail_to_place(const std::filesystem::path& path, const std::string& why) {
  throw FileError("Cannot write " + quoted(path.string()) + ": " + why +
                  "; check that the folder is writable and has room.");
}

/// Makes a folder and those above it; notes each that is new.
inline void make_folders(const std::filesystem::path& folder, Undo& undo) {
  std::filesystem::path above;
  for (const auto& part : folder) {
    above /= part;
    std::error_code error, ignored;
    if (std::filesystem::create_directory(above, error)) undo.made(above);
    if (std::filesystem::is_directory(above, ignored)) continue;
    const bool in_the_way = std::filesystem::exists(above, ignored);
    fail_to_place(folder, in_the_way ? quoted(above.string()) + " is not a folder" : error.message());
  }
}

/// Puts one clip in place, aside and renamed. Returns false when it is there already. A link in its place is replaced;
/// another file is not, as it may be the user's.
inline bool place_clip(const std::filesystem::path& source, const std::filesystem::path& target, Placement placement,
                       Undo& undo) {
  namespace fs = std::filesystem;
  std::error_code error;
  const auto status = fs::symlink_status(target, error);
  const bool is_new = !fs::exists(status);
  if (fs::is_symlink(status)) {
    if (placement == Placement::link && fs::read_symlink(target, error) == source) return false;
  } else if (!is_new) {
    const bool same = fs::is_regular_file(status) && fs::file_size(target, error) == fs::file_size(source, error) &&
                      fs::last_write_time(target, error) == fs::last_write_time(source, error);
    if (same) return false;
    throw FileError(quoted(target.string()) + " is another file than " + quoted(source.string()) +
                    " and in its way; remove it or give another folder.");
  }
  const fs::path aside = target.string() + ".partial";
  fs::remove(aside, error);  // of a run that was killed
  error.clear();
  if (placement == Placement::link)
    fs::create_symlink(source, aside, error);
  else if (fs::copy_file(source, aside, error))
    fs::last_write_time(aside, fs::last_write_time(source), error);
  if (!error) fs::rename(aside, target, error);
  if (error) {
    std::error_code ignored;
    fs::remove(aside, ignored);
    fail_to_place(target, error.message());
  }
  if (is_new) undo.made(target);
  return true;
}

/// The file names of one side's clips. Throws DataError when two clips of different folders have one name.
inline std::set<std::string> file_names(const Dataset& data) {
  std::set<std::string> names;
  for (const ClipEntry& entry : data.entries)
    if (!names.insert(std::filesystem::path(entry.video_name).filename().string()).second)
      throw DataError("Clip " + quoted(entry.video_name) +
                      " has the file name of another clip, and both would be one file in the prepared folder; rename "
                      "one of them.");
  return names;
}

/// The list of one side, by file name.
inline std::string prepared_csv(const Dataset& data) {
  std::string text = "video_name,tag\n";
  for (const ClipEntry& entry : data.entries)
    text += csv_line(std::array{std::filesystem::path(entry.video_name).filename().string(), entry.tag});
  return text;
}

/// Throws DataError, counting and naming them, when clips of the lists are not there.
inline void require_clips(TrainTest data) {
  const std::size_t all = data.train.size() + data.test.size();
  std::vector<std::string> missing = remove_missing(data.train);
  for (std::string& name : remove_missing(data.test)) missing.push_back(std::move(name));
  if (!missing.empty())
    throw DataError(std::to_string(missing.size()) + " of " + counted(all, "clip is", "clips are") + " not in " +
                    quoted(data.train.directory.string()) + ": " + name_list(missing, 5) +
                    "; complete the data set, or take what is there with --skip-missing.");
}

}  // namespace detail

/// Makes a prepared folder of the clips of `data`; a video_name loses its folders on the way. Safe to run again: what
/// is there is kept, and the lists are replaced once all clips are in place.
///
/// Throws, before anything is written, DataError when clips are missing or two would get one name, UsageError when
/// `out` is the folder of the clips; FileError when writing fails: then what this call made is removed.
inline PreparedFolder write_prepared_folder(const TrainTest& data, const std::filesystem::path& out,
                                            Placement placement = Placement::link,
                                            ProgressDisplay display = ProgressDisplay::automatic) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (fs::equivalent(out, data.train.directory, ignored) || fs::equivalent(out, data.test.directory, ignored))
    throw UsageError("The folder to prepare, " + quoted(out.string()) +
                     ", is the folder of the clips; give another one.");
  for (const Dataset* side : {&data.train, &data.test}) detail::file_names(*side);
  detail::require_clips(data);

  PreparedFolder result;
  detail::Undo undo;
  Progress progress(placement == Placement::link ? "Linking clips" : "Copying clips",
                    data.train.size() + data.test.size(), "clips", display);
  for (const auto& [side, name] : {std::pair(&data.train, "train"), std::pair(&data.test, "test")}) {
    const fs::path folder = out / name, root = fs::canonical(side->directory);
    detail::make_folders(folder, undo);
    for (const ClipEntry& entry : side->entries) {
      const bool placed =
          detail::place_clip(root / entry.video_name, folder / fs::path(entry.video_name).filename(), placement, undo);
      ++(placed ? result.placed : result.kept);
      progress.advance(1);
    }
    const std::set<std::string> names = detail::file_names(*side);
    for (const auto& file : fs::directory_iterator(folder))
      if (!names.contains(file.path().filename().string())) ++result.others;
  }

  // Both lists are written whole before either takes its place.
  AtomicFile train(out / "train.csv"), test(out / "test.csv");
  train.write(detail::prepared_csv(data.train));
  test.write(detail::prepared_csv(data.test));
  train.commit();
  test.commit();
  undo.keep();
  return result;
}

}  // namespace rcar

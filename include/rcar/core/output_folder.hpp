#pragma once
/// The folder that a run writes its results to, held by that run alone.

#include <chrono>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "error.hpp"
#include "file.hpp"
#include "file_lock.hpp"

namespace rcar {

/// Makes the folder, keeps other runs out of it while it lives, removes what killed runs left half-written, and proves
/// that every file can be written before hours are spent.
///
///     const OutputFolder out("out", {"model.rcar", "history.csv"});
///     write_file(out / "history.csv", text);
class OutputFolder {
 public:
  /// Throws FileError when another process writes to the folder, or one of `files` cannot be written.
  OutputFolder(std::filesystem::path folder, std::initializer_list<std::string_view> files)
      : folder_(std::move(folder)), lock_(made(folder_) / "run.lock", "the folder " + quoted(folder_.string())) {
    for (const std::string_view name : files) {
      if (lock_.held()) remove_abandoned(folder_ / name, std::chrono::hours(0));
      AtomicFile probe(folder_ / name);  // never committed, so never left behind
    }
  }

  std::filesystem::path operator/(std::string_view name) const { return folder_ / name; }
  const std::filesystem::path& path() const { return folder_; }
  /// False where the file system knows no locks: then two runs into one folder are not noticed.
  bool locked() const { return lock_.held(); }

 private:
  static const std::filesystem::path& made(const std::filesystem::path& folder) {
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    if (failure)
      throw FileError("Cannot make the folder " + quoted(folder.string()) + ": " + failure.message() +
                      "; choose another one.");
    return folder;
  }

  std::filesystem::path folder_;
  FileLock lock_;
};

}  // namespace rcar

#pragma once
// A folder for what a program draws or computes on the way.

#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <rcar/core/error.hpp>
#include <string>
#include <system_error>

namespace rcar::tools {

/// A new folder below the system's folder for temporary files, gone at the end. What killed runs left under the same
/// prefix is removed once it is a day old: then it cannot be of one that still works.
class ScratchFolder {
 public:
  /// Throws FileError, with `advice`, where none can be made.
  explicit ScratchFolder(const std::string& prefix,
                         const std::string& advice = "set TMPDIR to one that can be written") {
    namespace fs = std::filesystem;
    std::error_code ignored;
    for (const auto& each : fs::directory_iterator(fs::temp_directory_path(), ignored))
      if (each.path().filename().string().starts_with(prefix + "-") &&
          each.last_write_time(ignored) < fs::file_time_type::clock::now() - std::chrono::hours(24))
        fs::remove_all(each.path(), ignored);
    std::string name = (fs::temp_directory_path() / (prefix + "-XXXXXX")).string();
    if (!::mkdtemp(name.data()))
      throw FileError("Cannot make a folder in " + quoted(fs::temp_directory_path().string()) + "; " + advice + ".");
    path_ = name;
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace rcar::tools

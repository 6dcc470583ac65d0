#pragma once
/// Where targets whose readers take paths put their input.

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

namespace rcar::fuzz {

/// A folder of its own, in memory where there is such a place, that goes away at the end.
class Scratch {
 public:
  Scratch() {
    std::error_code absent;
    const std::filesystem::path memory = "/dev/shm";
    const auto place = std::filesystem::is_directory(memory, absent) ? memory : std::filesystem::temp_directory_path();
    std::string name = (place / "rcar-fuzz-XXXXXX").string();
    if (!::mkdtemp(name.data())) std::abort();
    path_ = name;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline void write(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace rcar::fuzz

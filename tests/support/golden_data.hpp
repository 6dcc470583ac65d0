#pragma once
/// Where the golden files are: $RCAR_TEST_DATA, for programs that were carried to another machine, else in the source.

#include <cstdlib>
#include <filesystem>
#include <string>

namespace rcar::test {

inline std::filesystem::path golden_file(const char* name) {
  const char* folder = std::getenv("RCAR_TEST_DATA");
  return std::filesystem::path(folder && *folder ? folder : RCAR_TEST_DATA) / name;
}
inline std::filesystem::path golden_file(const std::string& name) { return golden_file(name.c_str()); }

}  // namespace rcar::test

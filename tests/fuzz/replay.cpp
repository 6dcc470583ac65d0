// Hands all known files to their targets: seeds, what fuzzing found, and the golden files. Any compiler builds it.
//   replay FOLDER GOLDEN_FOLDER [TARGET...]

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include <fnmatch.h>

#include "target.hpp"

namespace fs = std::filesystem;

namespace {

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code absent;
  for (const auto& file : fs::directory_iterator(folder, absent))
    if (file.is_regular_file()) files.push_back(file.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<fs::path> golden_files(const rcar::fuzz::Target& target, const fs::path& golden) {
  std::vector<fs::path> files;
  std::istringstream patterns(target.seeds);
  for (std::string pattern; patterns >> pattern;)
    for (const fs::path& file : files_in(golden))
      if (::fnmatch(pattern.c_str(), file.filename().c_str(), 0) == 0) files.push_back(file);
  return files;
}

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

int main(int argc, char** argv) {
  using namespace rcar::fuzz;
  if (argc < 3) return std::fprintf(stderr, "usage: replay FOLDER GOLDEN_FOLDER [TARGET...]\n"), 2;
  std::vector<std::string> wanted(argv + 3, argv + argc);
  int faults = 0;
  for (const Target& target : targets()) {
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), target.name) == wanted.end()) continue;
    std::size_t taken = 0, refused = 0;
    for (const auto& files : {files_in(fs::path(argv[1]) / "seeds" / target.name),
                              files_in(fs::path(argv[1]) / "found" / target.name), golden_files(target, argv[2])})
      for (const fs::path& file : files) {
        std::printf("%s: %s\n", target.name.c_str(), file.filename().c_str());
        std::fflush(stdout);  // names the file that ends the program
        ++(run(target, content(file)) == Outcome::taken ? taken : refused);
        if (target.mend) run(target, target.mend(content(file)));
      }
    std::printf("%s: %zu taken, %zu refused\n", target.name.c_str(), taken, refused);
    if (taken == 0 || refused == 0) {
      std::printf("fault: the files of %s are all %s; add one of the other kind.\n", target.name.c_str(),
                  taken ? "taken" : "refused");
      ++faults;
    }
  }
  return faults == 0 ? 0 : 1;
}

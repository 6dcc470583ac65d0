#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <rcar/core/file.hpp>
#include <rcar/core/file_lock.hpp>
#include <rcar/core/output_folder.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/clips.hpp"

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using rcar::FileLock;
using rcar::OutputFolder;
using rcar::test::read_text;
using rcar::test::TempFolder;
using rcar::test::write_text;

namespace {

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& file : fs::directory_iterator(folder)) names.push_back(file.path().filename().string());
  return names;
}

/// No file may grow past `bytes` while it lives: a full disk that needs no rights.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) : before_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &limits_);
    rlimit lower = limits_;
    lower.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &lower);
  }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;
  ~FileLimit() {
    ::setrlimit(RLIMIT_FSIZE, &limits_);
    std::signal(SIGXFSZ, before_);
  }

 private:
  rlimit limits_{};
  void (*before_)(int);
};

}  // namespace

TEST_CASE("a file that cannot be written whole is an error with path and reason, and the old one stays") {
  const TempFolder folder;
  rcar::write_file(folder / "table.csv", "old");
  {
    const FileLimit limit(1000);
    CHECK_THROWS_WITH(rcar::write_file(folder / "table.csv", std::string(1001, 'x')),
                      Contains("table.csv'") && Contains("File too large"));
  }
  CHECK(read_text(folder / "table.csv") == "old");
  CHECK(names_in(folder.path()) == std::vector<std::string>{"table.csv"});
}

TEST_CASE("a file is read whole, whatever its size, and only a regular one is") {
  const TempFolder folder;
  for (const std::size_t size : {0, 1, 4096, 100000}) {
    const std::string text(size, 'x');
    CHECK(rcar::read_file(write_text(folder / "file", text)) == text);
  }
  CHECK_THROWS_WITH(rcar::read_file(folder / "none"), Contains("none'") && Contains("No such file"));
  CHECK_THROWS_WITH(rcar::read_file(folder.path()), Contains("not a regular file"));
}

TEST_CASE("a lock that is held is refused, naming what it protects and who holds it, until it is given back") {
  const TempFolder folder;
  const fs::path file = folder / "lock";
  {
    FileLock held(file, "the folder 'out'");
    CHECK(held.held());
    CHECK_THROWS_WITH(FileLock(file, "the folder 'out'"),
                      Contains("the folder 'out'") && Contains("number " + std::to_string(::getpid())));
    FileLock moved = std::move(held);
    CHECK_THROWS_AS(FileLock(file, "it"), rcar::FileError);
  }
  CHECK(names_in(folder.path()).empty());
  CHECK(FileLock(file, "it").held());
  CHECK_THROWS_WITH(FileLock(folder / "none/lock", "it"), Contains("none/lock'"));
}

TEST_CASE("the lock of a process that is killed is free") {
  const TempFolder folder;
  const fs::path file = folder / "lock";
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const FileLock lock(file, "it");
    if (::write(ready[1], "x", 1) == 1)
      for (;;) ::pause();
    ::_exit(1);
  }
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  ::close(ready[0]), ::close(ready[1]);
  CHECK_THROWS_WITH(FileLock(file, "it"), Contains("number " + std::to_string(child)));
  ::kill(child, SIGKILL);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK(fs::exists(file));  // it means nothing now
  CHECK(FileLock(file, "it").held());
}

TEST_CASE("an output folder is made, proven, held alone, and cleared of what killed runs left half-written") {
  const TempFolder folder;
  write_text(folder / "out/model.rcar.abcdef", "half");
  write_text(folder / "out/model.rcar", "whole");
  write_text(folder / "out/notes.abcdef", "mine");
  {
    const OutputFolder out(folder / "out", {"model.rcar", "history.csv"});
    CHECK(out.locked());
    CHECK(out / "history.csv" == folder / "out/history.csv");
    CHECK_FALSE(fs::exists(folder / "out/model.rcar.abcdef"));
    CHECK_THROWS_WITH(OutputFolder(folder / "out", {}), Contains("Another process") && Contains("out'"));
  }
  CHECK(read_text(folder / "out/model.rcar") == "whole");
  CHECK(names_in(folder / "out").size() == 2);
  CHECK_NOTHROW(OutputFolder(folder / "out", {"model.rcar"}));

  write_text(folder / "file", "x");
  CHECK_THROWS_WITH(OutputFolder(folder / "file/out", {}), Contains("file/out'"));
  fs::create_directories(folder / "out/split.csv");
  CHECK_THROWS_WITH(OutputFolder(folder / "out", {"split.csv"}), Contains("split.csv'") && Contains("a folder"));
}

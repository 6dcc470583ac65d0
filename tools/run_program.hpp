#pragma once
/// What every program's main does around its work: parse, run, and turn whatever is thrown into one line and an exit
/// code.

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <rcar/cluster/launch.hpp>
#include <rcar/core/error.hpp>
#include <rcar/core/threads.hpp>
#include <string>
#include <utility>

namespace rcar::tools {

/// `error: ...` as one line, whatever the text holds: OpenCV's messages have several.
inline void print_error(const std::string& text) {
  std::string line;
  for (const char c : text) {
    if (c != '\n' && c != '\r') line += c;
    if (c == '\n' && !line.empty() && line.back() != ' ') line += ' ';
  }
  line.resize(line.find_last_not_of(' ') + 1);
  std::fprintf(stderr, "error: %s\n", line.c_str());
}

/// What printf could not write, to a full disk say, is an error as any other.
inline int after_output(int code) {
  if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return code;
  print_error(std::string("Cannot write to standard output: ") + std::strerror(errno) + ".");
  return code == 0 ? 1 : code;
}

/// What a failure means to the user.
struct Failure {
  std::string text;
  int code;
};

/// Of the exception that is being handled.
inline Failure current_failure() {
  try {
    throw;
  } catch (const UsageError& wrong) {
    return {wrong.what(), 2};
  } catch (const std::bad_alloc&) {
    return {"There is not enough memory; close other programs, or choose a smaller backbone or shorter sequences.", 1};
  } catch (const std::exception& error) {
    return {error.what(), 1};
  }
}

/// What a wrong command line is told.
inline std::string usage_advice(const CLI::App&, const CLI::ParseError& wrong) {
  return std::string(wrong.what()) + "; --help tells the options.";
}

/// Parses the command line and runs `work()`, which returns the exit code. `advice(app, error)` is the sentence for a
/// command line that is wrong.
/// Returns 0 for --help; 2, with one line, for wrong usage; 1, with one line, for every other failure.
template <class Work, class Advice = decltype(&usage_advice)>
int run_program(CLI::App& app, int argc, char** argv, Work&& work, Advice advice = usage_advice) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& wrong) {
    // All ranks of an mpirun have one command line, and the first speaks for them.
    if (cluster::launched_rank() <= 0) print_error(advice(app, wrong));
    return 2;
  }
  std::signal(SIGXFSZ, SIG_IGN);  // a file that grows past `ulimit -f` is a failed write, told as others are
  try {
    thread_count();  // a malformed RCAR_NUM_THREADS shows before any work
    return after_output(std::forward<Work>(work)());
  } catch (...) {
    const Failure failure = current_failure();
    print_error(failure.text);
    return failure.code;
  }
}

}  // namespace rcar::tools

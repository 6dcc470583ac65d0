#pragma once
// The one command line: its sub-commands, each with help, examples and an exit code.

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "console.hpp"

namespace rcar::tools {

/// Exit codes of every sub-command. A usage error is 2, an interrupted run dies of its signal (130 in a shell).
namespace exit_code {
inline constexpr int done = 0;
inline constexpr int error = 1;
inline constexpr int usage = 2;
inline constexpr int findings = 3;  // done, and there is something to look at: a clip that cannot be read, ...
}  // namespace exit_code

class Program {
 public:
  Program();

  /// Adds a sub-command.
  ///
  /// what      one sentence
  /// examples  whole command lines, one a line
  /// work      runs once everything is parsed; returns the exit code
  CLI::App& add(const std::string& name, const std::string& what, const std::string& examples,
                std::function<int(Console&)> work);

  /// Parses and runs; returns the exit code.
  int run(int argc, char** argv);

  const CLI::App& app() const { return app_; }

 private:
  CLI::App app_;
  Console console_;
  std::function<int(Console&)> work_;
};

}  // namespace rcar::tools

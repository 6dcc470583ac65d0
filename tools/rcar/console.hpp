#pragma once
// What a sub-command says, and to whom: lines for people, or one JSON document for programs.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <rcar/cluster/launch.hpp>
#include <rcar/core/progress.hpp>
#include <string>
#include <string_view>

#include "../run_program.hpp"

namespace rcar::tools {

enum class Colour { none, bold, grey, red, green, yellow };

/// Results go to standard output, everything else to standard error. --quiet leaves warnings, errors and files;
/// --json leaves one JSON document on standard output.
class Console {
 public:
  void add_options(CLI::App& app) {
    app.add_flag("--json", json_, "Print the result as one JSON document")->group("Output");
    app.add_flag("--quiet,-q", quiet_, "Print warnings and errors only")->group("Output");
  }

  bool wants_json() const { return json_; }
  bool wants_lines() const { return !json_ && !quiet_ && !silent_; }
  ProgressDisplay progress() const { return wants_lines() ? ProgressDisplay::automatic : ProgressDisplay::off; }

  /// Says nothing from now on: another process speaks for this one. Errors are still said.
  void silence() { silent_ = true; }

  /// A line for people.
  void say(std::string_view line) const {
    if (!wants_lines()) return;
    std::printf("%.*s\n", static_cast<int>(line.size()), line.data());
    std::fflush(stdout);
  }

  void note(const std::string& text) const {
    if (!quiet_ && !silent_ && !text.empty()) print(Colour::grey, "note", text);
  }
  void warn(const std::string& text) const {
    if (!silent_ && !text.empty()) print(Colour::yellow, "warning", text);
  }
  /// What went wrong with one of several things; the others go on.
  void fault(const std::string& text) const { print_error(text); }

  /// The result, under --json.
  void json(const nlohmann::ordered_json& value) const {
    if (!json_ || silent_) return;
    // A clip's name need not be UTF-8, JSON must be.
    std::printf("%s\n", value.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
    std::fflush(stdout);
  }

  /// `text` in a colour where standard output is a terminal that shows colours.
  static std::string painted(Colour colour, const std::string& text) { return paint(STDOUT_FILENO, colour, text); }

 private:
  static bool shows_colours(int file) {
    static const bool wanted = [] {
      const char* const terminal = std::getenv("TERM");
      const char* const without = std::getenv("NO_COLOR");  // no-color.org
      const bool alone =
          cluster::launched_rank() < 0;  // mpirun hands its ranks a terminal, and their lines on to a file
      return alone && !(without && *without) && !(terminal && std::string_view(terminal) == "dumb");
    }();
    return wanted && ::isatty(file) == 1;
  }

  static std::string paint(int file, Colour colour, const std::string& text) {
    if (colour == Colour::none || !shows_colours(file)) return text;
    constexpr const char* codes[] = {"", "1", "90", "31", "32", "33"};
    return "\x1b[" + std::string(codes[static_cast<int>(colour)]) + "m" + text + "\x1b[0m";
  }

  static void print(Colour colour, const char* kind, const std::string& text) {
    std::fprintf(stderr, "%s: %s\n", paint(STDERR_FILENO, colour, kind).c_str(), text.c_str());
  }

  bool json_ = false, quiet_ = false, silent_ = false;
};

}  // namespace rcar::tools

#pragma once
// How help looks: wrapped to the terminal, examples that can be copied.

#include <CLI/CLI.hpp>
#include <cstddef>
#include <string>
#include <string_view>

namespace rcar::tools {

/// Columns that help may fill: the terminal's, 100 at most and where there is no terminal.
std::size_t help_columns();

/// `text` broken between words into lines of at most `columns`, each but the first after `indent` blanks. The first
/// starts at column `at`.
std::string wrapped(std::string_view text, std::size_t columns, std::size_t indent, std::size_t at = 0);

/// A command line broken before options, with a backslash at each break, so that a shell takes it as it is shown.
std::string wrapped_command(std::string_view line, std::size_t columns);

/// The help of an app or of a sub-command: description, usage, arguments and options by group, footer.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
};

}  // namespace rcar::tools

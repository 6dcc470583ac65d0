#pragma once
// What CLI11 knows of an option, for those who describe it: help and shell completion.

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace rcar::tools {

/// What an option takes and by which names it is known.
struct OptionFacts {
  std::vector<std::string> names;    // "--weights", "-w"; long ones first
  std::string value;                 // "TEXT", "INT", ...; empty for a flag
  std::vector<std::string> choices;  // all values that it takes, where they are few
  std::string range;                 // "1 to 3"
  std::string otherwise;             // the default
  std::string description;
  std::string group;
  bool required = false, positional = false, several = false;

  /// Whether a value may be the path of a file: CLI11 has no type for paths.
  bool takes_files() const { return value == "TEXT" && choices.empty(); }
};

OptionFacts facts_of(const CLI::Option& option);

/// An app's options and arguments in the order in which they were added.
std::vector<OptionFacts> all_facts(const CLI::App& app);

/// The one of `names` that `word` is most probably meant to be; empty when none is near.
std::string nearest(const std::string& word, const std::vector<std::string>& names);

/// A check that one of these names is given; else it says which one is nearest.
CLI::Validator one_of(std::vector<std::string> names);

}  // namespace rcar::tools

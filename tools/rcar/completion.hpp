#pragma once
// Completion scripts for shells, made from the options that CLI11 knows.

#include <CLI/CLI.hpp>
#include <string>

namespace rcar::tools {

/// A script that has bash complete the commands, options, choices and files of `app`.
std::string bash_completion(const CLI::App& app);
std::string zsh_completion(const CLI::App& app);
std::string fish_completion(const CLI::App& app);

}  // namespace rcar::tools

#pragma once
// Keras's weight files to rcar's native files, and heads back.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "converted.hpp"

namespace rcar::tools {

struct KerasConversion {
  std::filesystem::path in, out;
  std::string model;               // --model, --backbone
  std::string rescaling = "auto";  // "auto", "on", "off"
  std::vector<std::string> classes;
  std::string sampler = "first";
  int sequence_length = 0;  // 0: as the file says, else 20
  int image_dim = 0;        // 0: the backbone's own
  bool to_keras = false;
};

/// The options of a conversion, but for IN and OUT.
void add_keras_options(CLI::App& app, KerasConversion& conversion);

/// Converts a backbone or a head, whichever the file holds. Throws UsageError for options that do not fit it, and as
/// the readers do.
Converted convert_keras(const KerasConversion& conversion);

}  // namespace rcar::tools

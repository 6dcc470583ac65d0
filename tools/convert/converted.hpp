#pragma once
// What a conversion made, for whichever program says it.

#include <cstddef>
#include <filesystem>
#include <rcar/core/error.hpp>
#include <string>
#include <system_error>
#include <vector>

namespace rcar::tools {

struct Converted {
  std::string kind;      // "backbone", "model", "head", "Keras head"
  std::string backbone;  // of a backbone and of a model
  std::string sentence;  // "out.safetensors: 308 tensors, ..."
  std::size_t tensors = 0, parameters = 0;
  std::vector<std::string> notes;  // what was assumed or left out
};

inline void require_two_files(const std::filesystem::path& in, const std::filesystem::path& out) {
  std::error_code absent;
  if (std::filesystem::equivalent(in, out, absent))
    throw UsageError("IN and OUT are the same file; give OUT another name.");
}

}  // namespace rcar::tools

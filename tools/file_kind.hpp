#pragma once
// What kind of file a user gives, by its first bytes and, of an archive, by its entries: names may say anything.

#include <filesystem>

namespace rcar::tools {

enum class FileKind {
  safetensors,   // weights, packed weights, model, checkpoint, head, training state
  keras,         // .h5, .weights.h5, .keras
  torch,         // .pth, .pt, or a wheel with one inside
  npy,           // features of a clip
  json,          // manifest of weights, cache.json
  cache_folder,  // folder with a cache.json
  other_folder,
  clip,  // none of those: FFmpeg is asked
};

/// Throws FileError where there is nothing that can be read, and for an empty file.
FileKind file_kind(const std::filesystem::path& path);

/// Whether a file begins as text does, with no byte that text has not.
bool is_text(const std::filesystem::path& path);

}  // namespace rcar::tools

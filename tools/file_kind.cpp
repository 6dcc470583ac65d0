#include "file_kind.hpp"

#include <algorithm>
#include <rcar/core/error.hpp>
#include <rcar/core/file.hpp>
#include <rcar/weights/keras/read_file.hpp>
#include <rcar/weights/safetensors.hpp>
#include <rcar/weights/torch/zip_archive.hpp>
#include <string_view>
#include <system_error>

namespace rcar::tools {

namespace fs = std::filesystem;

FileKind file_kind(const fs::path& path) {
  std::error_code failure;
  const auto status = fs::status(path, failure);
  if (!fs::exists(status)) throw FileError("There is no file " + quoted(path.string()) + "; check the path.");
  if (fs::is_directory(status))
    return fs::exists(path / "cache.json", failure) ? FileKind::cache_folder : FileKind::other_folder;
  if (!fs::is_regular_file(status))
    throw FileError(quoted(path.string()) + " is neither a file nor a folder; give the path of one.");
  const MappedFile file(path);
  const std::string_view text = file.text();
  if (text.empty()) throw FileError(quoted(path.string()) + " is empty (0 bytes); fetch or write it again.");
  if (text.starts_with("\x93NUMPY")) return FileKind::npy;
  if (text.starts_with(weights::keras::Hdf5File::signature)) return FileKind::keras;
  if (weights::torch::ZipArchive::starts(file.bytes())) {
    try {
      const auto names = weights::torch::ZipArchive(file.bytes()).names();
      const bool keras = std::find(names.begin(), names.end(), "model.weights.h5") != names.end();
      return keras ? FileKind::keras : FileKind::torch;
    } catch (const WeightsError&) {  // cut: the name is all there is to go by
      return path.extension() == ".keras" ? FileKind::keras : FileKind::torch;
    }
  }
  if (weights::is_safetensors_file(path)) return FileKind::safetensors;
  for (const char* ending : {".safetensors", ".rcar", ".packed"})  // cut or damaged at its start
    if (path.extension() == ending) return FileKind::safetensors;
  if (path.extension() == ".npy") return FileKind::npy;
  for (const char* ending : {".h5", ".keras"})
    if (path.extension() == ending) return FileKind::keras;
  if (text.starts_with('\x80')) return FileKind::torch;  // a pickle
  if (text.find_first_not_of(" \t\r\n") != std::string_view::npos && text[text.find_first_not_of(" \t\r\n")] == '{')
    return FileKind::json;
  return FileKind::clip;
}

bool is_text(const fs::path& path) {
  const MappedFile file(path);
  const std::string_view start = file.text().substr(0, 4096);
  return std::none_of(start.begin(), start.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != '\x1b';
  });
}

}  // namespace rcar::tools

#pragma once
/// One function between a Keras file of any style and plain data. All of HDF5 happens inside it, so that it can be run
/// elsewhere (another process) without touching what uses the result.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "../../core/file.hpp"
#include "../torch/zip_archive.hpp"
#include "hdf5_file.hpp"
#include "keras_file.hpp"
#include "legacy_h5.hpp"
#include "weights_h5.hpp"

namespace rcar::weights::keras {

/// Whether a file starts as Keras's weight files do (HDF5 or zip). Throws FileError when it cannot be read.
inline bool is_keras_file(const std::filesystem::path& path) {
  const MappedFile file(path);
  return file.text().starts_with(Hdf5File::signature) || torch::ZipArchive::starts(file.bytes());
}

namespace detail {

inline KerasFile read_hdf5(const Hdf5File& file) {
  return is_legacy_h5(file) ? read_legacy_h5(file) : read_weights_h5(file);
}

inline KerasFile read_archive(const MappedFile& mapped) {
  const torch::ZipArchive archive(mapped.bytes());
  const std::vector<std::byte> config = archive.read("config.json");
  const std::vector<std::byte> weights = archive.read("model.weights.h5");
  if (!std::string_view(reinterpret_cast<const char*>(weights.data()), weights.size()).starts_with(Hdf5File::signature))
    throw WeightsError("its model.weights.h5 is not an HDF5 file");
  KerasFile out = read_hdf5(Hdf5File(std::span(weights)));
  out.style = FileStyle::archive;
  out.config = json::parse({reinterpret_cast<const char*>(config.data()), config.size()});
  return out;
}

}  // namespace detail

/// Reads a .h5, .weights.h5 or .keras file.
/// Throws FileError when it cannot be opened, WeightsError in one sentence when it is none of these or is damaged.
inline KerasFile read_keras_file(const std::filesystem::path& path) {
  const MappedFile mapped(path);
  try {
    if (torch::ZipArchive::starts(mapped.bytes())) return detail::read_archive(mapped);
    if (mapped.text().starts_with(Hdf5File::signature)) return detail::read_hdf5(Hdf5File(path));
    throw WeightsError(mapped.text().empty() ? "it is empty" : "it is neither an HDF5 file nor a .keras archive");
  } catch (const Error& error) {
    throw WeightsError("Cannot read the Keras file " + quoted(path.string()) + ": " + error.what() +
                       "; fetch or save it again.");
  }
}

}  // namespace rcar::weights::keras

#pragma once
/// One function between a Keras file of any style and plain data. All of HDF5 happens inside it, in a child process.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../../core/child_process.hpp"
#include "../../core/file.hpp"
#include "../torch/zip_archive.hpp"
#include "child_result.hpp"
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

inline KerasFile read_hdf5(const Hdf5File& file, const FloatMemory& memory, std::string& config) {
  return is_legacy_h5(file) ? read_legacy_h5(file, memory, config) : read_weights_h5(file, memory);
}

inline KerasFile read_archive(const MappedFile& mapped, const FloatMemory& memory, std::string& config) {
  const torch::ZipArchive archive(mapped.bytes());
  const std::vector<std::byte> description = archive.read("config.json");
  const std::vector<std::byte> weights = archive.read("model.weights.h5");
  if (!std::string_view(reinterpret_cast<const char*>(weights.data()), weights.size()).starts_with(Hdf5File::signature))
    throw WeightsError("its model.weights.h5 is not an HDF5 file");
  KerasFile out = read_hdf5(Hdf5File(std::span(weights)), memory, config);
  out.style = FileStyle::archive;
  config.assign(reinterpret_cast<const char*>(description.data()), description.size());
  if (config.empty()) throw WeightsError("its config.json is empty");
  return out;
}

/// The first byte of a child's result: what follows is a file, or the reason why there is none.
inline constexpr std::uint8_t read_whole = 1, refused = 2;

/// What the child does: reads the file and leaves what is in it, or why it is refused, in `shared`.
inline void read_into(SharedMemory& shared, const std::filesystem::path& path, const MappedFile& mapped) {
  const FloatMemory memory = [&shared](std::size_t count) {
    const std::span<std::byte> piece = shared.take(count * sizeof(float));
    return std::span(reinterpret_cast<float*>(piece.data()), count);
  };
  std::string text, config;
  std::uint8_t kind = read_whole;
  try {
    const KerasFile file = torch::ZipArchive::starts(mapped.bytes()) ? read_archive(mapped, memory, config)
                                                                     : read_hdf5(Hdf5File(path), memory, config);
    text = encode(file, config, shared.all());
  } catch (const Error& error) {
    kind = refused;
    text = error.what();
  }
  const std::span<std::byte> result = shared.take(1 + text.size());
  result[0] = std::byte{kind};
  std::memcpy(result.data() + 1, text.data(), text.size());
  shared.set_result(result);
}

/// A clause that says how the child ended without a result.
inline std::string no_result(const ChildEnd& end, const ChildLimits& limits) {
  switch (end.kind) {
    case ChildEnd::out_of_memory:
      return "it needs more memory than a file of its size may take";
    case ChildEnd::out_of_time:
      return "the HDF5 library does not come to an end with it in " + std::to_string(limits.cpu_s) + " s";
    case ChildEnd::died:
      return "the file crashes the HDF5 library (" + end.reason + ")";
    case ChildEnd::finished:
      break;
  }
  return "the process that reads it ended without a result";
}

/// What a file of so many bytes may take: a fixed part, and some times its size (values that inflate, an archive's
/// copies). Times are a slow machine's.
inline std::size_t most_values_bytes(std::size_t file_bytes) { return (std::size_t{64} << 20) + 16 * file_bytes; }
inline ChildLimits limits_for(std::size_t file_bytes) {
  return {(std::uint64_t{256} << 20) + 5 * std::uint64_t{file_bytes},
          static_cast<unsigned>(20 + file_bytes / (std::size_t{4} << 20))};
}

inline KerasFile read_by_child(const std::filesystem::path& path, const MappedFile& mapped) {
  const auto shared = std::make_shared<SharedMemory>(most_values_bytes(mapped.bytes().size()));
  const ChildLimits limits = limits_for(mapped.bytes().size());
  const ChildEnd end = run_in_child(limits, [&] { read_into(*shared, path, mapped); });
  const std::span<const std::byte> result = shared->result();
  if (end.kind != ChildEnd::finished || result.empty()) throw WeightsError(no_result(end, limits));
  if (result[0] == std::byte{refused}) {
    const std::string text(reinterpret_cast<const char*>(result.data()) + 1, result.size() - 1);
    const std::string one_line = quoted(text);  // whatever the child may have become
    throw WeightsError(one_line.substr(1, one_line.rfind('\'') - 1));
  }
  if (result[0] != std::byte{read_whole}) ResultReader::fail();
  KerasFile file = decode(result.subspan(1), shared->all());
  file.memory = shared;
  return file;
}

}  // namespace detail

/// Reads a .h5, .weights.h5 or .keras file. Zip and HDF5 are read by a child process, because the HDF5 library crashes
/// on hostile files; its memory and its time are bounded by what the file's size justifies. Any number of threads may
/// read files side by side.
/// Throws FileError when it cannot be opened, WeightsError in one sentence when it is none of these or is damaged.
inline KerasFile read_keras_file(const std::filesystem::path& path) {
  const MappedFile mapped(path);
  try {
    if (!torch::ZipArchive::starts(mapped.bytes()) && !mapped.text().starts_with(Hdf5File::signature))
      throw WeightsError(mapped.text().empty() ? "it is empty" : "it is neither an HDF5 file nor a .keras archive");
    return detail::read_by_child(path, mapped);
  } catch (const Error& error) {
    throw WeightsError("Cannot read the Keras file " + quoted(path.string()) + ": " + error.what() +
                       "; fetch or save it again.");
  }
}

}  // namespace rcar::weights::keras

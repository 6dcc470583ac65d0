#pragma once
/// Weights as a back end packed them, in a file that processes map and share: a safetensors file whose tensors start on
/// cache lines and whose metadata says all that its values depend on.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "../core/error.hpp"
#include "../core/file.hpp"
#include "safetensors.hpp"
#include "store.hpp"

namespace rcar::weights {

/// All that decides packed values: engine, network, weights, layout. Files of another key are passed over.
using PackedKey = std::map<std::string, std::string>;

/// Bytes; where packed weights begin in the file and in memory.
inline constexpr std::size_t packed_alignment = 64;

/// A file of packed weights that fits.
struct PackedFile {
  Store store;                // a tensor an entry of the plan's weight table
  std::string weights_stamp;  // of the weights file when its values were last proven; empty: never
};

/// Packed weights in the store of a file, `path`. Nothing comes back when they are of another key, and when they are
/// damaged, which `damage` then says in one sentence.
inline std::optional<PackedFile> packed_in(Store store, const std::filesystem::path& path, const PackedKey& key,
                                           std::string& damage) {
  const auto checksum = store.metadata.find("checksum");
  bool whole = checksum != store.metadata.end() && checksum->second == file_checksum(store);
  for (const Tensor& tensor : store.tensors())
    whole = whole && reinterpret_cast<std::uintptr_t>(tensor.values.data()) % packed_alignment == 0;
  if (!whole) {
    damage =
        quoted(path.string()) + " is damaged: its values do not match their checksum; the weights are packed again.";
    return std::nullopt;
  }
  PackedFile file{std::move(store), {}};
  PackedKey found = file.store.metadata;
  found.erase("checksum");
  if (const auto stamp = found.extract("weights_stamp")) file.weights_stamp = stamp.mapped();
  if (found != key) return std::nullopt;
  return file;
}

/// Maps packed weights and checks that they are whole. Nothing comes back when there is no such file, when it cannot be
/// read or is of another key, and when it is damaged, which `damage` then says in one sentence.
inline std::optional<PackedFile> read_packed(const std::filesystem::path& path, const PackedKey& key,
                                             std::string& damage) {
  try {
    return packed_in(read_safetensors(path, "the weights are packed again"), path, key, damage);
  } catch (const WeightsError& error) {
    damage = error.what();
  } catch (const FileError&) {  // absent, or not for us
  }
  return std::nullopt;
}

/// Writes packed weights, whose tensors fill whole cache lines; false when that is not possible, as in a folder that
/// cannot be written. What others wrote meanwhile is replaced.
inline bool write_packed(const std::filesystem::path& path, const PackedKey& key, PackedFile file) {
  file.store.metadata = key;
  file.store.metadata["weights_stamp"] = file.weights_stamp;
  file.store.metadata["checksum"] = file_checksum(file.store);
  try {
    remove_abandoned(path);
    write_safetensors(path, file.store, packed_alignment, Durability::in_memory);
    return true;
  } catch (const FileError&) {
    return false;
  }
}

}  // namespace rcar::weights

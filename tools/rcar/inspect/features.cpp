// The feature cache and its entries, and the JSON files that rcar writes and reads.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>
#include <rcar/backend/cpu.hpp>
#include <rcar/core/file.hpp>
#include <rcar/core/json.hpp>
#include <rcar/data/cache_entry.hpp>
#include <rcar/weights/manifest.hpp>

#include "inspection.hpp"

namespace rcar::tools {

namespace {

namespace fs = std::filesystem;

struct Array {
  weights::Shape shape;
  std::string type;           // NumPy's: "<f4"
  std::vector<float> values;  // of float32
};

/// What stands after `key` in the header of a .npy file, which is a Python dictionary.
std::optional<std::string_view> field(std::string_view header, std::string_view key) {
  const std::size_t at = header.find("'" + std::string(key) + "':");
  if (at == std::string_view::npos) return std::nullopt;
  header.remove_prefix(at + key.size() + 3);
  header.remove_prefix(std::min(header.find_first_not_of(' '), header.size()));
  return header;
}

/// Reads a .npy file in row-major order, values only of float32. Throws WeightsError: a clause without a full stop.
/// The feature cache writes a line with a checksum behind the values, where other readers do not look.
Array read_npy(std::string_view bytes) {
  const auto refuse = [](const std::string& why) { return WeightsError("it " + why); };
  if (!bytes.starts_with("\x93NUMPY") || bytes.size() < 12) throw refuse("does not start as a .npy file does");
  const int major = bytes[6];
  const std::size_t before = major == 1 ? 10 : 12;
  if (major < 1 || major > 3) throw refuse("is of an unknown version of the format");
  std::size_t length = 0;
  for (std::size_t i = before; i-- > 8;) length = length << 8 | static_cast<unsigned char>(bytes[i]);
  if (length > bytes.size() - before) throw refuse("ends inside its header");
  const std::string_view header = bytes.substr(before, length);
  const auto descr = field(header, "descr"), order = field(header, "fortran_order"), shape = field(header, "shape");
  if (!descr || !order || !shape || !shape->starts_with('(')) throw refuse("has a header without type or shape");
  if (!order->starts_with("False")) throw refuse("is in column-major order");
  Array array;
  if (descr->starts_with('\'')) array.type = descr->substr(1, descr->find('\'', 1) - 1);
  const std::size_t first_digit = array.type.find_first_of("0123456789");
  const std::size_t item = first_digit < array.type.size() && array.type.size() - first_digit < 3
                               ? static_cast<std::size_t>(std::atoi(array.type.c_str() + first_digit))
                               : 0;  // bytes
  if (item == 0) throw refuse("holds values of a type that rcar does not know");
  std::size_t extent = 0;
  bool digits = false;
  for (const char c : shape->substr(1)) {
    if (c >= '0' && c <= '9') {
      if (extent > bytes.size()) throw refuse("states a shape that is larger than the file");
      extent = extent * 10 + static_cast<std::size_t>(c - '0');
      digits = true;
    } else if (c == ',' || c == ')') {
      if (digits) array.shape.push_back(extent);
      extent = 0;
      digits = false;
      if (c == ')') break;
    } else if (c != ' ') {
      throw refuse("has a header without type or shape");
    }
  }
  const std::string_view rest = bytes.substr(before + length);
  const std::size_t values = weights::element_count(array.shape);
  if (values > rest.size() / item)
    throw refuse("has the shape " + weights::to_string(array.shape) + " and only " + std::to_string(rest.size()) +
                 " bytes of values");
  const std::string_view behind = rest.substr(values * item);
  if (!behind.empty() && !(behind.size() == 26 && behind.starts_with("checksum ")))
    throw refuse("goes on for " + std::to_string(behind.size()) + " bytes behind its values");
  if (array.type != "<f4") return array;
  array.values.resize(values);
  if (values > 0) std::memcpy(array.values.data(), rest.data(), values * sizeof(float));
  return array;
}

/// What is known of an entry of the cache.
struct Entry {
  Array array;
  std::string fault;      // a clause without a full stop; empty: the entry is whole
  bool unproven = false;  // without a checksum, as earlier versions wrote them
};

Entry read_entry(const fs::path& path) {
  Entry entry;
  try {
    const MappedFile file(path);
    entry.array = read_npy(file.text());
  } catch (const Error& error) {
    entry.fault = error.what();
    return entry;
  }
  const weights::Shape& shape = entry.array.shape;
  if (shape.size() != 2 || entry.array.values.empty()) {
    entry.fault = "it is no table of features";
    return entry;
  }
  const CacheEntry proven = read_cache_entry(path, shape[1], shape[0]);
  entry.unproven = proven.unproven;
  if (!proven.features && !proven.unproven) entry.fault = "it does not match its checksum, or holds no numbers";
  return entry;
}

bool is_entry_name(const std::string& name) {
  return name.size() == 68 && name.ends_with(".npy") && name.find_first_not_of("0123456789abcdef") == 64;
}

}  // namespace

Inspection inspect_npy(const fs::path& path) {
  Inspection found;
  const bool entry = is_entry_name(path.filename().string());
  found.kind = entry ? "entry of rcar's feature cache" : "NumPy array";
  try {
    const MappedFile file(path);
    const Array array = read_npy(file.text());
    if (entry) {
      const Entry read = read_entry(path);
      if (!read.fault.empty()) throw WeightsError(read.fault);
      if (read.unproven)
        found.notes.emplace_back("It has no checksum, as an earlier version of rcar wrote it, and is computed again.");
      else
        found.proven.emplace_back("checksum");
      found.facts["frames"] = array.shape[0];
      found.facts["features a frame"] = array.shape[1];
    }
    found.facts["type"] = array.type;
    found.facts["shape"] = array.shape;
    if (array.type == "<f4") {
      weights::Store store;
      store.add(entry ? "features" : "array", array.shape, array.values);
      add_tensors(found, store, entry ? Numbers::finite : Numbers::any);
    }
  } catch (const WeightsError& error) {
    found.damage = quoted(path.string()) + " is no array that can be used: " + error.what() +
                   (entry ? "; delete it, the next run computes it again." : "; write it again.");
  }
  return found;
}

Inspection inspect_cache(const fs::path& folder, const Console& console) {
  Inspection found;
  found.kind = "feature cache of rcar";
  try {
    const json::Value marker = json::parse(std::string(MappedFile(folder / "cache.json").text()));
    if (marker.at("format").string() != "rcar-feature-cache") throw json::JsonError("it is of another format");
    const std::string set = marker.at("instruction_set").string();
    found.facts["instruction set"] = set;
    if (set != backend::instruction_set())
      found.notes.push_back("This machine computes with " + backend::instruction_set() +
                            "; --accept-foreign-cache uses these entries all the same.");
  } catch (const json::JsonError& error) {
    found.faulty.push_back("cache.json: " + std::string(error.what()));
  }
  std::vector<fs::path> entries;
  std::uintmax_t bytes = 0;
  std::size_t others = 0;
  for (const auto& file : fs::directory_iterator(folder)) {
    const std::string name = file.path().filename().string();
    if (is_entry_name(name))
      entries.push_back(file.path());
    else if (name != "cache.json")
      ++others;
  }
  std::sort(entries.begin(), entries.end());
  std::map<std::size_t, std::size_t> by_features;
  std::size_t frames = 0, unproven = 0;
  Progress progress("Entries", entries.size(), "entries", console.progress());
  for (const auto& path : entries) {
    std::error_code gone;
    const auto size = fs::file_size(path, gone);
    if (!gone) bytes += size;
    const Entry entry = read_entry(path);
    if (entry.fault.empty()) {
      ++by_features[entry.array.shape[1]];
      frames += entry.array.shape[0];
      unproven += entry.unproven;
    } else {
      found.faulty.push_back(path.filename().string() + ": " + entry.fault);
    }
    progress.advance(1);
  }
  found.facts["entries"] = entries.size();
  found.facts["frames"] = frames;
  found.facts["bytes"] = bytes;
  for (const auto& [features, count] : by_features)
    found.facts["entries by features"][std::to_string(features)] = count;
  if (unproven > 0)
    found.notes.push_back(
        std::to_string(unproven) +
        " entries have no checksum, as earlier versions of rcar wrote them; they are computed again.");
  else if (!entries.empty() && found.faulty.empty())
    found.proven.emplace_back("checksum");
  if (others > 0)
    found.notes.push_back(std::to_string(others) + (others == 1 ? " file is" : " files are") +
                          " none of the cache's, or left aside by a run that was killed.");
  return found;
}

Inspection inspect_json(const fs::path& path) {
  Inspection found;
  json::Value root;
  try {
    root = json::parse(std::string(MappedFile(path).text()));
  } catch (const json::JsonError& error) {
    found.kind = "JSON";
    found.damage = quoted(path.string()) + " is no whole JSON: " + error.what() + "; write it again.";
    return found;
  }
  const json::Value* format = root.find("format");
  const std::string name = format && format->if_string() ? *format->if_string() : "";
  if (name == "rcar-weights-manifest") {
    found.kind = "manifest of backbone weights";
    try {
      for (const auto& entry : weights::read_manifest(path))
        found.facts["weights"][entry.name] = entry.file + ", " + entry.licence + ", " + entry.source;
    } catch (const WeightsError& error) {
      found.damage = error.what();
    }
    return found;
  }
  if (name == "rcar-feature-cache") {
    found.kind = "mark of a feature cache";
    found.notes.emplace_back("Give the folder to see what the cache holds.");
  } else {
    found.kind = name.empty() ? "JSON, none that rcar reads" : name;
  }
  if (root.if_object())
    for (const auto& member : root.object())
      found.facts[member.name] = nlohmann::ordered_json::parse(json::dump(member.value));
  return found;
}

}  // namespace rcar::tools

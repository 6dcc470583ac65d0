#pragma once
/// The list of backbone weights that can be fetched (weights/manifest.json): where each file comes from, its hash and
/// its licence.

#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/file.hpp"
#include "../core/hash.hpp"
#include "../core/json.hpp"

namespace rcar::weights {

/// Which hash a manifest's entry states.
enum class HashKind { md5, sha256 };

/// One backbone's file at its publisher's.
struct ManifestEntry {
  std::string name;     // the backbone: "efficientnetb0"
  std::string file;     // the file's name, without a folder
  std::string url;      // where it lies; empty when it is a Python package
  std::string package;  // "name==version" for pip; empty when it has an address
  HashKind hash_kind = HashKind::sha256;
  std::string hash;     // of the file, lower-case hexadecimal
  std::string licence;  // SPDX identifier
  std::string source;   // who publishes it

  /// "the MD5 1234..."
  std::string hash_text() const { return (hash_kind == HashKind::md5 ? "the MD5 " : "the SHA-256 ") + hash; }
};

/// The published weight files that rcar knows.
using Manifest = std::vector<ManifestEntry>;

namespace detail {

inline ManifestEntry manifest_entry(const json::Value& value) {
  ManifestEntry entry;
  entry.name = value.at("name").string();
  entry.file = value.at("file").string();
  entry.licence = value.at("licence").string();
  entry.source = value.at("source").string();
  if (const auto* url = value.find("url")) entry.url = url->string();
  if (const auto* package = value.find("package")) entry.package = package->string();
  const auto* md5 = value.find("md5");
  const auto* sha256 = value.find("sha256");
  if (!md5 == !sha256 || entry.url.empty() == entry.package.empty())
    throw json::JsonError("entry " + quoted(entry.name) + " needs one of url and package, and one of md5 and sha256");
  entry.hash_kind = md5 ? HashKind::md5 : HashKind::sha256;
  entry.hash = (md5 ? md5 : sha256)->string();
  const bool digits = entry.hash.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!digits || entry.hash.size() != (md5 ? 32u : 64u))
    throw json::JsonError("entry " + quoted(entry.name) + " has a hash that is none: " + quoted(entry.hash));
  const auto plain = [](const std::string& name) {  // these become paths, and the package a program's argument
    return !name.empty() && name[0] != '.' && name[0] != '-' && name.find('/') == std::string::npos;
  };
  if (!plain(entry.name) || !plain(entry.file) || (!entry.package.empty() && !plain(entry.package)))
    throw json::JsonError("entry " + quoted(entry.name) + " has a name that cannot be a file's");
  for (const std::string* text : {&entry.name, &entry.file, &entry.url, &entry.package, &entry.licence, &entry.source})
    if (has_control_character(*text))  // it is printed as it is
      throw json::JsonError("entry " + quoted(entry.name) + " has a control character in " + quoted(*text));
  return entry;
}

}  // namespace detail

/// A manifest's text, of the file `path`. Throws WeightsError when it is no manifest.
inline Manifest parse_manifest(std::string_view text, const std::filesystem::path& path) {
  try {
    const json::Value root = json::parse(text);
    if (root.at("format").string() != "rcar-weights-manifest" || root.at("version").integer() != 1)
      throw json::JsonError("it is no rcar-weights-manifest of version 1");
    Manifest manifest;
    std::set<std::string> names;
    for (const json::Value& value : root.at("weights").array()) {
      manifest.push_back(detail::manifest_entry(value));
      if (!names.insert(manifest.back().name).second)
        throw json::JsonError("entry " + quoted(manifest.back().name) + " stands twice");
    }
    return manifest;
  } catch (const json::JsonError& error) {
    throw WeightsError("The manifest " + quoted(path.string()) + " cannot be used: " + error.what() +
                       "; restore rcar's weights/manifest.json or give --manifest FILE.");
  }
}

/// Reads a manifest. Throws FileError when it cannot be opened, WeightsError when it is no manifest.
inline Manifest read_manifest(const std::filesystem::path& path) {
  return parse_manifest(MappedFile(path).text(), path);
}

/// The entry of that backbone. Throws UsageError, with the names there are.
inline const ManifestEntry& find_entry(const Manifest& manifest, std::string_view name) {
  std::string names;
  for (const ManifestEntry& entry : manifest) {
    if (entry.name == name) return entry;
    names += (names.empty() ? "" : ", ") + entry.name;
  }
  throw UsageError("The manifest has no weights named " + quoted(std::string(name)) + "; it has " + names + ".");
}

/// The hash of a file, as the entry counts it. Throws FileError.
inline std::string hash_of(const ManifestEntry& entry, const std::filesystem::path& path) {
  const MappedFile file(path);
  return entry.hash_kind == HashKind::md5 ? Md5().add(file.bytes()).hex() : Sha256().add(file.bytes()).hex();
}

}  // namespace rcar::weights

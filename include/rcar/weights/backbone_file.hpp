#pragma once
/// What rcar's native backbone files say of themselves, and whether one belongs to a network.

#include <filesystem>
#include <string>
#include <string_view>

#include "../core/error.hpp"
#include "store.hpp"

namespace rcar::weights {

/// Where weights came from.
struct BackboneOrigin {
  std::string backbone;       // "efficientnetb0"
  std::string graph;          // graph::fingerprint
  std::string source;         // the converted file's name, without its folder
  std::string source_sha256;  // of the converted file
  std::string rescaling;      // EfficientNet's second Keras rescaling, "on" or "off"; "none" for other networks
};

/// Writes the metadata of a native backbone file into `store`, with the hash and the checksum of the tensors it
/// holds now.
inline void set_origin(Store& store, const BackboneOrigin& origin) {
  store.metadata["format"] = "rcar-weights";
  store.metadata["version"] = "1";
  store.metadata["backbone"] = origin.backbone;
  store.metadata["graph"] = origin.graph;
  store.metadata["source"] = origin.source;
  store.metadata["source_sha256"] = origin.source_sha256;
  store.metadata["rescaling"] = origin.rescaling;
  store.metadata["weights_sha256"] = weights_hash(store);
  store.metadata["checksum"] = weights_checksum(store, store.metadata["weights_sha256"]);
}

/// Checks that a store is a native backbone file of that network and graph. `where` names it in messages.
/// Throws WeightsError in one sentence when it is something else, of another network or of another rcar's graph.
inline void require_backbone(const Store& store, std::string_view backbone, std::string_view fingerprint,
                             const std::filesystem::path& where) {
  const auto get = [&store](const char* key) {
    const auto place = store.metadata.find(key);
    return place == store.metadata.end() ? std::string() : place->second;
  };
  const std::string name(backbone), file = quoted(where.string());
  if (get("format") != "rcar-weights")
    throw WeightsError(
        file + (get("format") == "rcar-model" ? " is a model file" : " holds no backbone weights of rcar") +
        "; give weights of " + name + " that convert_keras_weights, convert_torch_weights or get_weights made.");
  if (get("version") != "1")
    throw WeightsError(file + " has version " + quoted(get("version")) +
                       " of the weight format, which this rcar does not know; convert it again.");
  if (get("backbone") != name)
    throw WeightsError(file + " holds weights of " + quoted(get("backbone")) + ", not of " + name +
                       "; give weights of " + name + ".");
  if (get("graph") != fingerprint)
    throw WeightsError(file + " was converted for another description of " + name +
                       "; convert it again with this rcar.");
}

/// weights_hash of a store, which must be what its metadata says, if that says one. Where the metadata's checksum fits
/// tensors and hash, the hash is believed and not computed.
/// Throws WeightsError when it is another: the values are not those that were converted.
inline std::string verified_hash(const Store& store) {
  const auto stated = store.metadata.find("weights_sha256"), checksum = store.metadata.find("checksum");
  const bool is_stated = stated != store.metadata.end();
  if (is_stated && checksum != store.metadata.end() && checksum->second == weights_checksum(store, stated->second))
    return stated->second;
  std::string hash = weights_hash(store);
  if (is_stated && stated->second != hash)
    throw WeightsError("The backbone weights are damaged: their SHA-256 is " + hash.substr(0, 12) + "... where their " +
                       "file says " + stated->second.substr(0, 12) + "...; fetch or convert them again.");
  return hash;
}

}  // namespace rcar::weights

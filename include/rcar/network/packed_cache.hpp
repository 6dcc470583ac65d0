#pragma once
/// Packed weights are kept beside the weights file, so that only the first start packs them.
///
///     inceptionv3.safetensors.native-avx512-224.packed
///
/// The environment variable RCAR_PACKED_CACHE puts them into another folder, or says `off`. A folder that cannot be
/// written is no error: the weights are packed at every start then.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "../backend/concept.hpp"
#include "../core/hash.hpp"
#include "../core/version.hpp"
#include "../graph/fingerprint.hpp"
#include "../weights/backbone_file.hpp"
#include "../weights/packed_file.hpp"
#include "packing.hpp"

namespace rcar {

/// Told, in one sentence, that a file of packed weights is damaged; by default on standard error.
using PackedWarning = std::function<void(const std::string&)>;

/// A backbone's weights, packed, and their weights_hash.
template <backend::MapBackend B>
struct LoadedBackbone {
  PackedNetwork<B> packed;
  std::string weights_sha256;
};

namespace detail {

/// Where a store's packed weights are kept; nothing when they are not: no file, no hash in its metadata, or unwanted.
inline std::optional<std::filesystem::path> packed_path(const graph::PlanView& plan, const weights::Store& store,
                                                        std::string engine) {
  const auto hash = store.metadata.find("weights_sha256");
  if (!store.source() || hash == store.metadata.end() || hash->second.size() != 64 ||
      hash->second.find_first_not_of("0123456789abcdef") != std::string::npos)
    return std::nullopt;
  std::replace(engine.begin(), engine.end(), ' ', '-');
  const std::string ending = '.' + engine + '-' + std::to_string(plan.input.height) + ".packed";
  const std::filesystem::path& file = store.source()->path;
  const char* asked = std::getenv("RCAR_PACKED_CACHE");
  const std::string_view folder = asked ? asked : "";
  if (folder == "off") return std::nullopt;
  if (folder.empty()) return file.string() + ending;
  std::error_code ignored;  // writing fails then
  std::filesystem::create_directories(folder, ignored);
  return std::filesystem::path(folder) / (file.filename().string() + '.' + hash->second.substr(0, 12) + ending);
}

/// The name of an entry's tensor in a packed file: that of its convolution.
inline std::string packed_name(const graph::PlanView& plan, const graph::StepWeights& entry) {
  return std::string(std::string_view(plan.layers[static_cast<std::size_t>(entry.convolution)].name));
}

/// All that decides the packed values.
template <backend::KeepingBackend B>
weights::PackedKey packed_key(const graph::PlanView& plan, const weights::Store& store) {
  std::string layout;
  for (const Step& step : plan.steps) {
    if (step.weights == none) continue;
    const graph::StepWeights& entry = plan.weights[static_cast<std::size_t>(step.weights)];
    layout += packed_name(plan, entry) + ' ' + std::to_string(entry.batch_normalization) + ' ' +
              B::packing(step_shape(plan, step)) + '\n';
  }
  return {{"format", "rcar-packed"},
          {"version", "1"},
          {"engine", B::engine()},
          {"engine_version", std::to_string(engine_version)},
          {"backbone", std::string(plan.name)},
          {"graph", graph::fingerprint(plan.layers)},
          {"image_dim", std::to_string(plan.input.height)},
          {"layout", Sha256().add(layout).hex()},
          {"weights_sha256", store.metadata.at("weights_sha256")}};
}

inline std::string stamp_text(const FileStamp& stamp) {
  return std::to_string(stamp.bytes) + ' ' + std::to_string(stamp.modified_ns) + ' ' + std::to_string(stamp.changed_ns);
}

/// Whether a file has not changed for so long that its next change will show in its times.
inline bool settled(const FileStamp& stamp) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::nanoseconds(stamp.changed_ns) + std::chrono::seconds(2) < now;
}

/// A network over the tensors of a packed file; nothing when they are not those of the plan.
template <backend::KeepingBackend B>
std::optional<PackedNetwork<B>> packed_over(const graph::PlanView& plan, const weights::Store& packed) {
  PackedNetwork<B> result;
  result.entries.resize(plan.weights.size());
  for (const Step& step : plan.steps) {
    if (step.weights == none) continue;
    const auto entry = static_cast<std::size_t>(step.weights);
    const weights::Tensor* tensor = packed.find(packed_name(plan, plan.weights[entry]));
    if (!tensor) return std::nullopt;
    auto over = B::packed_over(step_shape(plan, step), tensor->values);
    if (!over) return std::nullopt;
    result.entries[entry].emplace(std::move(*over));
  }
  result.memory = std::make_shared<const weights::Store>(packed);
  return result;
}

/// The tensors of a packed file, which lie where `packed` has them.
template <backend::KeepingBackend B>
weights::Store packed_store(const graph::PlanView& plan, const PackedNetwork<B>& packed) {
  weights::Store store;
  for (std::size_t i = 0; i < plan.weights.size(); ++i) {
    const auto values = B::packed_values(*packed.entries[i]);
    store.add(packed_name(plan, plan.weights[i]), {values.size()}, values, nullptr);
  }
  return store;
}

/// As load_backbone, with packed weights kept in `path`.
///
/// A packed file that fits was made from weights of the hash that the weights file states. Whether the weights file
/// still holds what it states is proven again only when it may have been written since.
template <backend::KeepingBackend B>
LoadedBackbone<B> load_kept(const graph::PlanView& plan, const weights::Store& store, const std::filesystem::path& path,
                            const PackedWarning& warn) {
  const weights::PackedKey key = packed_key<B>(plan, store);
  const FileStamp& stamp = store.source()->stamp;
  std::string damage;
  if (auto file = weights::read_packed(path, key, damage)) {
    if (auto packed = packed_over<B>(plan, file->store)) {
      weights::check_weights(plan, store);
      packed->normalization = stored_normalization(plan, store);
      LoadedBackbone<B> loaded{std::move(*packed), store.metadata.at("weights_sha256")};
      if (file->weights_stamp == stamp_text(stamp)) return loaded;
      weights::verified_hash(store);
      if (settled(stamp)) weights::write_packed(path, key, {std::move(file->store), stamp_text(stamp)});
      return loaded;
    }
  }
  if (!damage.empty()) warn(damage);
  LoadedBackbone<B> loaded{pack_network<B>(plan, store), weights::verified_hash(store)};
  weights::write_packed(path, key, {packed_store<B>(plan, loaded.packed), settled(stamp) ? stamp_text(stamp) : ""});
  return loaded;
}

}  // namespace detail

/// A backbone's weights as B wants them, and their hash, proven: from the file of packed weights where there is one
/// that fits, else folded, packed and, where the store was read from a file that states its hash, written to it. Throws
/// WeightsError, naming the first tensor that is missing, does not fit or is not finite, and when the weights are not
/// those that their metadata states.
template <backend::MapBackend B>
LoadedBackbone<B> load_backbone(
    const graph::PlanView& plan, const weights::Store& store,
    const PackedWarning& warn = [](const std::string& text) { std::fprintf(stderr, "warning: %s\n", text.c_str()); }) {
  if constexpr (backend::KeepingBackend<B>)
    if (const auto path = detail::packed_path(plan, store, B::engine()))
      return detail::load_kept<B>(plan, store, *path, warn);
  auto packed = pack_network<B>(plan, store);
  return {std::move(packed), weights::verified_hash(store)};
}

}  // namespace rcar

#pragma once
/// Named tensors of weights in memory: what every reader of weight files returns and every network takes.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../core/checksum.hpp"
#include "../core/error.hpp"
#include "../core/file.hpp"
#include "../core/hash.hpp"

namespace rcar::weights {

/// Extents, the slowest first; empty for a scalar.
using Shape = std::vector<std::size_t>;

/// A tensor of float32 in row-major order. Does not own its values: the Store does.
struct Tensor {
  std::string name;
  Shape shape;
  std::span<const float> values;
};

/// "(3, 3, 3, 32)", as Python prints a shape.
inline std::string to_string(const Shape& shape) {
  std::string out = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + (shape.size() == 1 ? ",)" : ")");
}

/// How many elements a shape has; throws WeightsError when the count does not fit.
inline std::size_t element_count(const Shape& shape) {
  std::size_t count = 1;
  for (std::size_t extent : shape)
    if (__builtin_mul_overflow(count, extent, &count) || count > std::numeric_limits<std::size_t>::max() / 8)
      throw WeightsError("The shape " + to_string(shape) + " has more elements than memory can hold.");
  return count;
}

/// The file whose tensors a store holds.
struct SourceFile {
  std::filesystem::path path;
  FileStamp stamp;
};

/// Tensors in a fixed order, found by name, with free-form metadata. Copies share the values, which never change.
class Store {
 public:
  /// Adds a tensor and takes its values. Throws WeightsError when the name is taken or the shape has another size.
  void add(std::string name, Shape shape, std::vector<float> values) {
    auto owned = std::make_shared<const std::vector<float>>(std::move(values));
    const std::span<const float> view = *owned;
    add(std::move(name), std::move(shape), view, std::move(owned));
  }

  /// Adds a tensor whose values lie elsewhere (a mapped file) and are kept alive by `owner`.
  void add(std::string name, Shape shape, std::span<const float> values, std::shared_ptr<const void> owner) {
    if (element_count(shape) != values.size())
      throw WeightsError("Tensor " + quoted(name) + " has the shape " + to_string(shape) + " but " +
                         std::to_string(values.size()) + " values.");
    if (!index_.try_emplace(name, tensors_.size()).second)
      throw WeightsError("There are two tensors named " + quoted(name) + "; every name may stand once.");
    tensors_.push_back({std::move(name), std::move(shape), values});
    if (owners_.empty() || owners_.back() != owner) owners_.push_back(std::move(owner));
    source_.reset();
  }

  /// The tensor of that name, nullptr when there is none; valid until the next add().
  const Tensor* find(std::string_view name) const {
    const auto place = index_.find(std::string(name));
    return place == index_.end() ? nullptr : &tensors_[place->second];
  }

  std::span<const Tensor> tensors() const { return tensors_; }
  std::size_t size() const { return tensors_.size(); }

  /// Number of values in all tensors.
  std::size_t parameters() const {
    return std::accumulate(tensors_.begin(), tensors_.end(), std::size_t{0},
                           [](std::size_t sum, const Tensor& tensor) { return sum + tensor.values.size(); });
  }

  /// The file that holds these tensors and no others, if there is one; its reader says so.
  const std::optional<SourceFile>& source() const { return source_; }
  void set_source(SourceFile source) { source_ = std::move(source); }

  /// What the file says about its tensors; keys and values are UTF-8.
  std::map<std::string, std::string> metadata;

 private:
  std::vector<Tensor> tensors_;
  std::vector<std::shared_ptr<const void>> owners_;
  std::unordered_map<std::string, std::size_t> index_;
  std::optional<SourceFile> source_;
};

/// SHA-256 (64 hexadecimal digits) over every tensor's name, shape and values. Tensors are taken in the order of their
/// names, so that a file rewritten by another program keeps its hash; metadata does not count.
inline std::string weights_hash(const Store& store) {
  std::map<std::string_view, const Tensor*> by_name;
  for (const Tensor& tensor : store.tensors()) by_name.emplace(tensor.name, &tensor);
  Sha256 hash;
  for (const auto& [name, tensor] : by_name) {
    hash.add(std::to_string(name.size())).add(":").add(name).add(to_string(tensor->shape));
    hash.add(std::as_bytes(tensor->values));
  }
  return hash.hex();
}

/// Checksum (16 hexadecimal digits) over `text` and every tensor's name, shape and values, in the order of the names.
/// It takes a tenth of the time of weights_hash.
inline std::string weights_checksum(const Store& store, std::string_view text) {
  std::map<std::string_view, const Tensor*> by_name;
  for (const Tensor& tensor : store.tensors()) by_name.emplace(tensor.name, &tensor);
  std::string names(text);
  std::vector<std::span<const std::byte>> parts(1);
  for (const auto& [name, tensor] : by_name) {
    names.append("\n").append(name).append(to_string(tensor->shape));
    parts.push_back(std::as_bytes(tensor->values));
  }
  parts[0] = std::as_bytes(std::span(names));
  const std::uint64_t sum = checksum(parts);
  std::string digits;
  for (int shift = 60; shift >= 0; shift -= 4) digits += "0123456789abcdef"[sum >> shift & 15];
  return digits;
}

/// Checksum of all that a file of `store` says: the metadata but for `checksum`, where this belongs, and the tensors.
inline std::string file_checksum(const Store& store) {
  std::string text;
  for (const auto& [key, value] : store.metadata)
    if (key != "checksum") text += key + ' ' + value + '\n';
  return weights_checksum(store, text);
}

}  // namespace rcar::weights

#pragma once
/// How what a child read of a Keras file comes back: descriptions as bytes, values where they lie in shared memory. The
/// child met a file that nobody vouches for, so its bytes are believed no more than the file's.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "keras_file.hpp"

namespace rcar::weights::keras {

/// Writes numbers and texts one after the other.
class ResultWriter {
 public:
  template <class Number>
  requires std::is_arithmetic_v<Number>
  void put(Number number) { bytes_.append(reinterpret_cast<const char*>(&number), sizeof number); }
  void put(std::string_view text) {
    put(std::uint64_t{text.size()});
    bytes_ += text;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

/// Reads them. Throws WeightsError, a clause, where they end too early.
class ResultReader {
 public:
  explicit ResultReader(std::span<const std::byte> bytes)
      : rest_(reinterpret_cast<const char*>(bytes.data()), bytes.size()) {}

  template <class Number>
  Number get() {
    Number number;
    std::memcpy(&number, take(sizeof number).data(), sizeof number);
    return number;
  }
  std::string_view text() { return take(get<std::uint64_t>()); }
  /// A count of things of which each takes at least `least_bytes` here.
  std::size_t count(std::size_t least_bytes) {
    const auto number = get<std::uint64_t>();
    if (number > rest_.size() / least_bytes) fail();
    return number;
  }
  [[noreturn]] static void fail() { throw WeightsError("what was read of it is not whole"); }

 private:
  std::string_view take(std::uint64_t bytes) {
    if (bytes > rest_.size()) fail();
    const std::string_view piece = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return piece;
  }

  std::string_view rest_;
};

/// `values` is the shared memory in which every tensor's values lie; `config` the text of the model's description.
inline std::string encode(const KerasFile& file, std::string_view config, std::span<const std::byte> values) {
  ResultWriter out;
  out.put(static_cast<std::uint8_t>(file.style));
  out.put(config);
  out.put(std::uint64_t{file.models.size()});
  for (const FileModel& model : file.models) {
    out.put(model.path);
    out.put(std::uint64_t{model.rescalings});
    out.put(std::uint8_t{model.lists_tensorless_layers});
    out.put(std::uint64_t{model.layers.size()});
    for (const FileLayer& layer : model.layers) {
      out.put(layer.kind);
      out.put(layer.name);
      out.put(std::uint64_t{layer.tensors.size()});
      for (const FileTensor& tensor : layer.tensors) {
        out.put(tensor.path);
        out.put(tensor.role);
        out.put(std::uint64_t{tensor.shape.size()});
        for (const std::size_t extent : tensor.shape) out.put(std::uint64_t{extent});
        const std::span<const std::byte> bytes = std::as_bytes(tensor.values);
        out.put(static_cast<std::uint64_t>(bytes.empty() ? 0 : bytes.data() - values.data()));
      }
    }
  }
  return out.bytes();
}

/// The file without its memory's owner. Throws WeightsError, a clause, for bytes that encode() does not write;
/// JsonError for a description that is none.
inline KerasFile decode(std::span<const std::byte> bytes, std::span<std::byte> values) {
  constexpr std::size_t most_models = 256;  // each is compared with every network
  ResultReader in(bytes);
  KerasFile file;
  const auto style = in.get<std::uint8_t>();
  if (style > static_cast<std::uint8_t>(FileStyle::archive)) ResultReader::fail();
  file.style = static_cast<FileStyle>(style);
  if (const std::string_view config = in.text(); !config.empty()) file.config = json::parse(config);
  file.models.resize(in.count(25));
  if (file.models.size() > most_models)
    throw WeightsError("it holds " + std::to_string(file.models.size()) + " models in one another");
  for (FileModel& model : file.models) {
    model.path = in.text();
    model.rescalings = in.get<std::uint64_t>();
    model.lists_tensorless_layers = in.get<std::uint8_t>() != 0;
    model.layers.resize(in.count(24));
    for (FileLayer& layer : model.layers) {
      layer.kind = in.text();
      layer.name = in.text();
      layer.tensors.resize(in.count(32));
      if (layer.tensors.empty()) ResultReader::fail();
      for (FileTensor& tensor : layer.tensors) {
        tensor.path = in.text();
        tensor.role = in.text();
        tensor.shape.resize(in.count(8));
        for (std::size_t& extent : tensor.shape) extent = in.get<std::uint64_t>();
        const std::size_t count = element_count(tensor.shape), begin = in.get<std::uint64_t>();
        if (begin % alignof(float) != 0 || begin > values.size() || count > (values.size() - begin) / sizeof(float))
          ResultReader::fail();
        tensor.values = {reinterpret_cast<float*>(values.data() + begin), count};
      }
    }
  }
  return file;
}

}  // namespace rcar::weights::keras

#pragma once
// What `rcar inspect` finds out about a file: facts, tensors, and whether the file is whole.

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <rcar/weights/store.hpp>
#include <string>
#include <vector>

#include "../console.hpp"

namespace rcar::tools {

/// One tensor and what its values are like.
struct TensorFacts {
  std::string name;
  weights::Shape shape;
  float least = 0, greatest = 0;
  double mean = 0;
  std::size_t not_finite = 0;  // NaN and infinities, which the other figures leave out
};

struct Inspection {
  std::string kind;                 // "model of rcar"
  nlohmann::ordered_json facts;     // what a person wants to know first: key -> text, number, list or object
  nlohmann::ordered_json metadata;  // as the file has it; empty: none
  std::vector<TensorFacts> tensors;
  std::vector<std::string> proven;  // what was checked and holds: "weights_sha256"
  std::vector<std::string> notes;   // worth knowing, no fault
  std::vector<std::string> faulty;  // parts that are damaged while the whole is of use
  std::string damage;               // one sentence; empty: nothing is known to be wrong

  std::size_t parameters() const;
};

TensorFacts tensor_facts(std::string name, weights::Shape shape, std::span<const float> values);

/// Whether a file may hold NaN and infinities: those that rcar computes with may not.
enum class Numbers { finite, any };

/// Facts of every tensor of a store.
void add_tensors(Inspection& found, const weights::Store& store, Numbers numbers);

/// Damage, or a note, where a value of a tensor is no finite number.
void check_numbers(Inspection& found, Numbers numbers);

Inspection inspect_safetensors(const std::filesystem::path& path);
Inspection inspect_keras(const std::filesystem::path& path);
Inspection inspect_torch(const std::filesystem::path& path);
Inspection inspect_npy(const std::filesystem::path& path);
Inspection inspect_cache(const std::filesystem::path& folder, const Console& console);
Inspection inspect_json(const std::filesystem::path& path);
Inspection inspect_clip(const std::filesystem::path& path, const Console& console);

/// "16.2 MB"
std::string bytes_text(std::uintmax_t bytes);

}  // namespace rcar::tools

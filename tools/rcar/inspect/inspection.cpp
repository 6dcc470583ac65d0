#include "inspection.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <rcar/core/threads.hpp>
#include <rcar/data/name_list.hpp>

namespace rcar::tools {

std::size_t Inspection::parameters() const {
  std::size_t sum = 0;
  for (const auto& tensor : tensors) sum += weights::element_count(tensor.shape);
  return sum;
}

TensorFacts tensor_facts(std::string name, weights::Shape shape, std::span<const float> values) {
  TensorFacts facts{std::move(name), std::move(shape)};
  bool first = true;
  double sum = 0;
  for (const float value : values) {
    if (!std::isfinite(value)) {
      ++facts.not_finite;
      continue;
    }
    facts.least = first ? value : std::min(facts.least, value);
    facts.greatest = first ? value : std::max(facts.greatest, value);
    sum += value;
    first = false;
  }
  const std::size_t finite = values.size() - facts.not_finite;
  facts.mean = finite ? sum / static_cast<double>(finite) : 0;
  return facts;
}

void add_tensors(Inspection& found, const weights::Store& store, Numbers numbers) {
  const auto tensors = store.tensors();
  found.tensors.resize(tensors.size());
  parallel_for(tensors.size(), [&](std::size_t i, std::size_t) {
    found.tensors[i] = tensor_facts(tensors[i].name, tensors[i].shape, tensors[i].values);
  });
  check_numbers(found, numbers);
}

void check_numbers(Inspection& found, Numbers numbers) {
  for (const auto& tensor : found.tensors) {
    if (tensor.not_finite == 0) continue;
    const std::string which = "Tensor " + quoted(std::string(tensor.name)) + " has " +
                              counted(tensor.not_finite, "value", "values") + " that " +
                              (tensor.not_finite == 1 ? "is no finite number" : "are no finite numbers");
    if (numbers == Numbers::any)
      found.notes.push_back(which + ".");
    else if (found.damage.empty())
      found.damage = which + "; fetch, convert or train it again.";
    return;
  }
}

std::string bytes_text(std::uintmax_t bytes) {
  constexpr const char* units[] = {"bytes", "kB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < std::size(units); ++unit) value /= 1000;
  char text[40];
  std::snprintf(text, sizeof text, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
  return text;
}

}  // namespace rcar::tools

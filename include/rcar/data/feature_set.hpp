#pragma once
/// The features of many clips: what the backbone gives and the head learns from.

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "../core/error.hpp"
#include "../core/tensor.hpp"

namespace rcar {

/// One row a clip. Frames that a clip lacks are zero in `features` and false in `mask`.
struct FeatureSet {
  Features features;               // (N, T, F)
  Mask mask;                       // (N, T), true: a real frame
  std::vector<int> labels;         // (N), index into the StringLookup's vocabulary
  std::vector<std::string> clips;  // (N), the names that the list gives

  std::size_t size() const { return labels.size(); }

  /// The given rows in the given order; a row may be asked for more than once. Throws DataError for a row that is not
  /// there.
  FeatureSet select(std::span<const std::size_t> rows) const {
    const std::size_t steps = features.shape(1), width = steps * features.shape(2);  // T, T x F
    FeatureSet out{Features(Features::shape_type{rows.size(), steps, features.shape(2)}),
                   Mask(Mask::shape_type{rows.size(), steps}),
                   {},
                   {}};
    out.labels.reserve(rows.size());
    out.clips.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::size_t row = rows[i];
      if (row >= size())
        throw DataError("Row " + std::to_string(row) + " was asked of a feature set of " + std::to_string(size()) +
                        " clips; rows count from 0.");
      std::copy_n(features.data() + row * width, width, out.features.data() + i * width);
      std::copy_n(mask.data() + row * steps, steps, out.mask.data() + i * steps);
      out.labels.push_back(labels[row]);
      out.clips.push_back(clips[row]);
    }
    return out;
  }
};

}  // namespace rcar

#pragma once
/// Class names to class indices and back.

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "name_list.hpp"

namespace rcar {

/// Keras's `StringLookup(num_oov_indices=0, vocabulary=...)`: index i is the i-th class name.
///
///     const auto labels = StringLookup::from_tags(data.tags());
///     const int k = labels("Punch");   // labels.vocabulary()[k] is "Punch"
class StringLookup {
 public:
  /// Keeps the order of the list. Throws DataError when it is empty, or a name is blank, stands twice or holds a
  /// control character: names go to terminals and into tables as they are.
  explicit StringLookup(std::vector<std::string> vocabulary) : vocabulary_(std::move(vocabulary)) {
    if (vocabulary_.empty()) throw DataError("The list of classes is empty; name at least one class.");
    for (std::size_t i = 0; i < vocabulary_.size(); ++i) {
      const std::string& name = vocabulary_[i];
      if (name.find_first_not_of(" \t\r\n") == std::string::npos)
        throw DataError("Class " + std::to_string(i + 1) + " of the list of classes is blank; give it a name.");
      if (has_control_character(name))
        throw DataError("Class " + quoted(name) + " of the list of classes has a control character; rename it.");
      const auto [earlier, is_new] = indices_.emplace(name, static_cast<int>(i));
      if (!is_new)
        throw DataError("Class " + quoted(name) + " stands twice in the list of classes, at " +
                        std::to_string(earlier->second + 1) + " and " + std::to_string(i + 1) +
                        "; name each class once.");
    }
  }

  /// The unique tags in numpy.unique's order: by code point, which for UTF-8 is by byte.
  static StringLookup from_tags(std::span<const std::string> tags) {
    std::vector<std::string> unique(tags.begin(), tags.end());
    std::sort(unique.begin(), unique.end());  // std::string compares bytes as unsigned
    unique.erase(std::unique(unique.begin(), unique.end()), unique.end());
    return StringLookup(std::move(unique));
  }

  /// The index of a class. Throws DataError, naming the tag, the clip (when given) and the classes, when there is none.
  int operator()(const std::string& tag, std::string_view clip = {}) const {
    if (const auto index = find(tag)) return *index;
    throw DataError("Tag " + quoted(tag) + (clip.empty() ? "" : " of clip " + quoted(std::string(clip))) +
                    " is none of the " + counted(size(), "class", "classes") + " known here (" +
                    name_list(vocabulary_) + "); correct the tag or train with that class.");
  }

  std::optional<int> find(const std::string& tag) const {
    const auto found = indices_.find(tag);
    return found == indices_.end() ? std::nullopt : std::optional(found->second);
  }

  const std::vector<std::string>& vocabulary() const { return vocabulary_; }
  std::size_t size() const { return vocabulary_.size(); }

 private:
  std::vector<std::string> vocabulary_;
  std::unordered_map<std::string, int> indices_;
};

}  // namespace rcar

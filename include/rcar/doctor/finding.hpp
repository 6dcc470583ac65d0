#pragma once
/// What an examination has to say.

#include <string>
#include <string_view>
#include <vector>

namespace rcar::doctor {

/// error: training would fail, or its figures would be wrong. warning: it works, and something should be looked at.
/// note: good to know.
enum class Severity { error, warning, note };

/// "error", "warning" or "note".
constexpr std::string_view to_string(Severity severity) {
  return severity == Severity::error ? "error" : severity == Severity::warning ? "warning" : "note";
}

/// One thing that is wrong with a data set, the clips that it is about, and what to do.
struct Finding {
  Severity severity;
  std::string kind;                // `unreadable-clips`: for programs
  std::string what;                // a sentence
  std::string advice;              // what to do: a sentence
  std::vector<std::string> items;  // the clips, pairs, groups or classes it is about, each for people to read
};

}  // namespace rcar::doctor

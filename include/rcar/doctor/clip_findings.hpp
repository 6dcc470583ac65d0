#pragma once
/// What is wrong with single clips.

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "../data/name_list.hpp"
#include "case_file.hpp"
#include "finding.hpp"

namespace rcar::doctor {

namespace detail {

inline std::string percent(double part) {
  char text[32];
  std::snprintf(text, sizeof text, part < 0.0995 ? "%.1f %%" : "%.0f %%", 100 * part);
  return text;
}

/// The beginning of a sentence: `3 clips have`, `1 clip has`.
inline std::string clips_have(std::size_t count) { return counted(count, "clip has", "clips have"); }

}  // namespace detail

/// Clips that do not decode, each with its reason.
inline void find_unreadable(const CaseFile& file, std::vector<Finding>& findings) {
  Finding found{Severity::error, "unreadable-clips", {}, {}, {}};
  for (std::size_t i = 0; i < file.clips.size(); ++i)
    if (!file.facts[i].readable()) found.items.push_back(file.clips[i].label() + ": " + file.facts[i].fault);
  if (found.items.empty()) return;
  found.what = counted(found.items.size(), "clip", "clips") + " cannot be read, and training would leave " +
               (found.items.size() == 1 ? "it" : "them") + " out.";
  found.advice = "Copy or encode them again, or leave them out of the lists (--fix does).";
  findings.push_back(std::move(found));
}

/// Clips of which the container claims more frames than decode: cut off, or damaged in their middle.
inline void find_truncated(const CaseFile& file, std::vector<Finding>& findings) {
  constexpr double much = 0.1;
  Finding cut{Severity::warning, "truncated-clips", {}, {}, {}}, nearly{Severity::note, "frames-missing", {}, {}, {}};
  std::size_t most = 0;
  for (std::size_t i = 0; i < file.clips.size(); ++i) {
    const ClipFacts& facts = file.facts[i];
    if (!facts.readable() || facts.claimed <= facts.frames) continue;
    const std::size_t lost = facts.claimed - facts.frames;
    const bool much_lost = static_cast<double>(lost) > much * static_cast<double>(facts.claimed);
    (much_lost ? cut : nearly)
        .items.push_back(file.clips[i].label() + ": " + std::to_string(facts.frames) + " of " +
                         std::to_string(facts.claimed) + " frames");
    if (!much_lost) most = std::max(most, lost);
  }
  if (!cut.items.empty()) {
    cut.what =
        detail::clips_have(cut.items.size()) + " lost more than a tenth of the frames that the container claims.";
    cut.advice = "They were cut off or damaged: copy them again, else they are used as far as they go.";
    findings.push_back(std::move(cut));
  }
  if (!nearly.items.empty()) {
    nearly.what = detail::clips_have(nearly.items.size()) + " up to " + counted(most, "frame", "frames") +
                  " fewer than the container claims.";
    nearly.advice = "Nothing: rcar counts what decodes and never relies on the claim.";
    findings.push_back(std::move(nearly));
  }
}

/// Clips shorter than a sequence, whose last steps are masked.
inline void find_short(const CaseFile& file, std::vector<Finding>& findings) {
  const std::size_t length = file.plan.sequence_length;
  std::size_t readable = 0, masked = 0;
  bool very_short = false;
  Finding found{Severity::note, "short-clips", {}, {}, {}};
  for (std::size_t i = 0; i < file.clips.size(); ++i) {
    const ClipFacts& facts = file.facts[i];
    if (!facts.readable()) continue;
    ++readable;
    if (facts.frames >= length) continue;
    masked += length - facts.frames;
    very_short |= 2 * facts.frames < length;
    found.items.push_back(file.clips[i].label() + ": " + counted(facts.frames, "frame", "frames"));
  }
  if (found.items.empty()) return;
  found.severity = very_short ? Severity::warning : Severity::note;
  found.what = detail::clips_have(found.items.size()) + " fewer than the " + std::to_string(length) +
               " frames of a sequence: " +
               detail::percent(static_cast<double>(masked) / static_cast<double>(readable * length)) +
               " of all steps are masked.";
  found.advice = very_short ? "Choose a shorter --sequence-length, or leave out those of less than half of it."
                            : "Nothing: masked steps change no result.";
  findings.push_back(std::move(found));
}

inline void find_still(const CaseFile& file, std::vector<Finding>& findings) {
  constexpr double least = 0.25;  // grey levels squared
  Finding found{Severity::warning, "still-clips", {}, {}, {}};
  for (std::size_t i = 0; i < file.clips.size(); ++i)
    if (file.facts[i].readable() && file.facts[i].signature.motion() < least)
      found.items.push_back(file.clips[i].label() + (file.facts[i].frames == 1 ? ": a single frame" : ""));
  if (found.items.empty()) return;
  found.what = "Nothing moves in " + counted(found.items.size(), "clip", "clips") + ".";
  found.advice = "Look whether they show what their class says.";
  findings.push_back(std::move(found));
}

}  // namespace rcar::doctor

#pragma once
/// Data sets that were never filmed, for what is said of them.

#include <cstddef>
#include <cstdint>
#include <rcar/core/random.hpp>
#include <rcar/doctor/diagnosis.hpp>
#include <string>
#include <utility>
#include <vector>

namespace rcar::test {

/// Facts of a clip that decodes; each number is another clip.
inline doctor::ClipFacts readable_facts(std::size_t number, std::size_t frames = 50) {
  doctor::ClipFacts facts;
  facts.sha256 = std::to_string(number);
  facts.bytes = 1000;
  facts.frames = facts.claimed = frames;
  facts.frames_per_second = 25;
  facts.width = 160;
  facts.height = 120;
  facts.codec = "mjpeg";
  std::vector<std::uint8_t> pixels(doctor::Signature::size);
  Random random(number);
  for (auto& pixel : pixels) pixel = static_cast<std::uint8_t>(random.below(256));
  facts.signature = doctor::Signature(pixels);
  return facts;
}

inline doctor::ClipFacts unreadable_facts(const std::string& why) {
  doctor::ClipFacts facts;
  facts.fault = why;
  return facts;
}

/// A data set as lists of (name, tag) with facts; what a test does not change is as it should be.
struct MadeUp {
  TrainTest data;
  std::vector<doctor::ClipFacts> facts;
  doctor::LikeClips like;
  doctor::Plan plan;

  doctor::CaseFile open() const { return doctor::open_case(data, facts, like, plan); }
};

/// `groups` UCF101 groups of two clips for each class, the last third of them in the test list.
inline MadeUp sound_data(const std::vector<std::string>& classes = {"Jump", "Wave"}, int groups = 9) {
  MadeUp made;
  for (const bool test : {false, true})
    for (const std::string& tag : classes)
      for (int group = 1; group <= groups; ++group)
        for (int clip = 1; clip <= 2; ++clip)
          if (test == (group > groups - groups / 3)) {
            const std::string number = (group < 10 ? "0" : "") + std::to_string(group);
            auto& side = test ? made.data.test : made.data.train;
            side.entries.push_back({"v_" + tag + "_g" + number + "_c0" + std::to_string(clip) + ".avi", tag});
            made.facts.push_back(readable_facts(made.facts.size()));
          }
  return made;
}

/// The finding of a kind; nullptr when there is none.
inline const doctor::Finding* find_kind(const std::vector<doctor::Finding>& findings, const std::string& kind) {
  for (const auto& each : findings)
    if (each.kind == kind) return &each;
  return nullptr;
}

}  // namespace rcar::test

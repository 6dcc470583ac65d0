#pragma once
/// What is fuzzed: a target takes the bytes of a file, hands them to one of rcar's readers and checks laws. libFuzzer
/// drives targets (fuzzer.cpp), and so does a program that replays all known files (replay.cpp).

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <rcar/core/error.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rcar::fuzz {

/// Whether the reader took the file or refused it.
enum class Outcome { taken, refused };

struct Target {
  std::string name;
  std::string seeds;  // files of tests/golden/data that are seeds too: patterns, with blanks between them
  Outcome (*run)(std::string_view input);
  /// Memory that a file justifies: so many bytes for each of its own, beside `base`.
  std::size_t growth = 64, base = std::size_t{1} << 20;
  /// Makes a file whole again that was changed at random: checksums, which random changes never meet. May be nullptr.
  std::string (*mend)(std::string_view input) = nullptr;
  /// Whether it does its work in child processes, whose coverage libFuzzer has to see.
  bool forks = false;
  int most_s = 20;  // for an input
};

inline std::vector<Target>& targets() {
  static std::vector<Target> all;
  return all;
}

/// Puts a target on the list when the program starts.
struct Registered {
  explicit Registered(Target target) { targets().push_back(std::move(target)); }
};

/// What must hold of every file. Ends the program, which libFuzzer counts as a finding, when it does not.
inline void law(bool holds, const char* sentence, std::string_view detail = "") {
  if (holds) return;
  std::fprintf(stderr, "broken law: %s %.*s\n", sentence, static_cast<int>(detail.size()), detail.data());
  std::abort();
}

/// What every message keeps to: one line, nothing that moves a terminal's cursor, not endless.
inline void check_message(const std::string& message) {
  law(!has_control_character(message), "a message has no control characters:", message);
  law(!message.empty() && message.size() < 64 << 10, "a message has 1 to 65536 bytes:", message);
}

/// Calls `read`, which may throw rcar::Error and nothing else.
template <class Read>
Outcome taken_unless_refused(Read&& read) {
  try {
    read();
    return Outcome::taken;
  } catch (const Error& error) {
    check_message(error.what());
    return Outcome::refused;
  }
}

/// The input as bytes of its own, so that reading past their end is seen.
class OwnBytes {
 public:
  /// `alignment` as a mapped file has it.
  explicit OwnBytes(std::string_view input, std::size_t alignment = 64)
      : size_(input.size()),
        bytes_(static_cast<std::byte*>(::operator new (size_, std::align_val_t{alignment})),
               [alignment](std::byte* at) { ::operator delete (at, std::align_val_t{alignment}); }) {
    if (size_ > 0) std::memcpy(bytes_.get(), input.data(), size_);
  }
  std::span<const std::byte> bytes() const { return {bytes_.get(), size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(bytes_.get()), size_}; }
  std::shared_ptr<const void> owner() const { return bytes_; }

 private:
  std::size_t size_;
  std::shared_ptr<std::byte> bytes_;
};

/// Runs a target on one input and checks that it took no more memory than the input justifies.
Outcome run(const Target& target, std::string_view input);

}  // namespace rcar::fuzz

// JSON texts. What is read and written again reads as the same value, and is written the same.

#include <rcar/core/json.hpp>

#include "target.hpp"

namespace rcar::fuzz {
namespace {

Outcome read(std::string_view input) {
  const OwnBytes own(input);
  return taken_unless_refused([&] {
    const json::Value value = json::parse(own.text());
    const std::string once = json::dump(value);
    law(json::dump(json::parse(once)) == once, "JSON that was written reads back as the same value:", once);
    const std::string indented = json::dump(value, 2);
    law(json::dump(json::parse(indented)) == once, "indenting JSON changes no value:", once);
  });
}

// A byte of text may be half a value, and a list of values is copied as it grows.
const Registered target({"json", "keras_shared_checksums.json", read, 160});

}  // namespace
}  // namespace rcar::fuzz

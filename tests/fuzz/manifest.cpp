// The manifest of weights. No name in it is a path, and no hash is anything but a hash.

#include <algorithm>
#include <rcar/weights/manifest.hpp>

#include "target.hpp"

namespace rcar::fuzz {
namespace {

Outcome read(std::string_view input) {
  const OwnBytes own(input);
  return taken_unless_refused([&] {
    for (const weights::ManifestEntry& entry : weights::parse_manifest(own.text(), "manifest.json")) {
      for (const std::string& name : {entry.name, entry.file})
        law(!name.empty() && name.find('/') == name.npos && name.find('\0') == name.npos && name[0] != '.',
            "a name of the manifest is a plain file name:", name);
      law(entry.package.empty() || entry.package[0] != '-', "a package is no option of pip:", entry.package);
      for (const std::string& text : {entry.name, entry.file, entry.url, entry.package, entry.licence, entry.source})
        law(std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }),
            "what is printed of the manifest has no control characters:", text);
      law(entry.hash.size() == 32 || entry.hash.size() == 64, "a hash has 32 or 64 digits:", entry.hash);
    }
  });
}

const Registered target({"manifest", "", read, 160});

}  // namespace
}  // namespace rcar::fuzz

// safetensors files. What is read and written again is the same tensors and metadata.

#include <rcar/weights/backbone_file.hpp>
#include <rcar/weights/safetensors.hpp>

#include "safetensors_text.hpp"
#include "target.hpp"

namespace rcar::fuzz {
namespace {

Outcome read(std::string_view input) {
  const OwnBytes own(input);
  return taken_unless_refused([&] {
    const weights::Store store = weights::parse_safetensors(own.bytes(), own.owner(), "input", "fetch it again");
    const OwnBytes written(safetensors_text(store));
    const weights::Store again =
        weights::parse_safetensors(written.bytes(), written.owner(), "again", "fetch it again");
    law(again.metadata == store.metadata, "metadata survives writing");
    law(weights::weights_hash(again) == weights::weights_hash(store), "tensors survive writing");
    law(weights::weights_checksum(again, "") == weights::weights_checksum(store, ""), "checksums survive writing");
    law(safetensors_text(again) == written.text(), "the same tensors give the same bytes");
    const auto identity = [&] { weights::require_backbone(store, "efficientnetb0", "0123", "input"); };
    taken_unless_refused(identity);
    taken_unless_refused([&] { weights::verified_hash(store); });
  });
}

const Registered target({"safetensors", "keras_small_expected.safetensors torch_expected.safetensors", read, 300});

}  // namespace
}  // namespace rcar::fuzz

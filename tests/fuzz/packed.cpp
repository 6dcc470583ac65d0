// Files of packed weights: they are taken whole and for their own key, or passed over with a sentence.

#include <rcar/weights/packed_file.hpp>

#include "safetensors_text.hpp"
#include "target.hpp"

namespace rcar::fuzz {
namespace {

const weights::PackedKey key{{"format", "rcar-packed"}, {"version", "1"}, {"engine", "native avx2"}, {"layout", "x"}};

Outcome read(std::string_view input) {
  const OwnBytes own(input);
  std::string damage;
  const auto take = [&] {
    weights::Store store = weights::parse_safetensors(own.bytes(), own.owner(), "x.packed", "they are packed again");
    const auto file = weights::packed_in(store, "x.packed", key, damage);
    if (!damage.empty()) check_message(damage);
    law(!file || damage.empty(), "a damaged file is not taken", damage);
    if (!file) throw WeightsError("it is of another key");
    store.metadata.erase("checksum");
    store.metadata.erase("weights_stamp");
    law(store.metadata == key, "a file that is taken is of the key that was asked for");
  };
  return taken_unless_refused(take);
}

std::string mend(std::string_view input) {
  const auto make_whole = [](weights::Store& store) { store.metadata["checksum"] = weights::file_checksum(store); };
  return mended_safetensors(input, make_whole, weights::packed_alignment);
}

const Registered target({"packed", "", read, 300, std::size_t{1} << 20, mend});

}  // namespace
}  // namespace rcar::fuzz

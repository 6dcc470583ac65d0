// Heads of coded MPEG-4 pictures. The first four bytes are the layer's ticks a second.

#include <rcar/video/mpeg4.hpp>

#include "target.hpp"

namespace rcar::fuzz {
namespace {

Outcome read(std::string_view input) {
  const OwnBytes own(input);
  int ticks = 0;
  if (input.size() < sizeof ticks) return Outcome::refused;
  std::memcpy(&ticks, input.data(), sizeof ticks);
  const auto packet = own.bytes().subspan(sizeof ticks);
  const auto kind = mpeg4::kind({reinterpret_cast<const std::uint8_t*>(packet.data()), packet.size()}, ticks);
  law(kind == mpeg4::Kind::unsure || packet.size() >= 12, "a picture has twelve bytes or more");
  return kind == mpeg4::Kind::unsure ? Outcome::refused : Outcome::taken;
}

const Registered target({"mpeg4_head", "", read, 8});

}  // namespace
}  // namespace rcar::fuzz

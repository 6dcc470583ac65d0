// The state of a training that was interrupted: it is gone on with whole, or passed over with a sentence.

#include <rcar/train/training_state.hpp>

#include "safetensors_text.hpp"
#include "scratch.hpp"
#include "target.hpp"

namespace rcar::fuzz {
namespace {

constexpr std::size_t parameters = 4;

Outcome read(std::string_view input) {
  static const Scratch folder;
  const std::filesystem::path path = folder.path() / "training.state";
  write(path, input);
  const TrainingStateFile file(path, {{"head", "gru"}}, parameters, 0, check_message);
  std::optional<TrainingState> state;
  const Outcome outcome = taken_unless_refused([&] { state = file.read(100); });
  if (!state) return Outcome::refused;
  law(state->values.size() == parameters && state->best.size() == parameters, "a state has the head's parameters");
  law(state->epochs() >= 1 && state->epochs() <= 100, "a state is of an epoch that was asked for");
  return outcome;
}

std::string mend(std::string_view input) {
  const auto make_whole = [](weights::Store& store) { store.metadata["checksum"] = weights::file_checksum(store); };
  return mended_safetensors(input, make_whole);
}

const Registered target({"training_state", "", read, 300, std::size_t{1} << 20, mend});

}  // namespace
}  // namespace rcar::fuzz

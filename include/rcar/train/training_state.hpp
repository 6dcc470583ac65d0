#pragma once
/// The state of a training in a file, so that a run that ends early is gone on with and gives the same bits as one that
/// was never disturbed.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/file.hpp"
#include "../core/hash.hpp"
#include "../core/threads.hpp"
#include "../data/feature_set.hpp"
#include "../weights/safetensors.hpp"
#include "../weights/store.hpp"
#include "adam.hpp"
#include "history.hpp"

namespace rcar {

/// A training between two epochs. Shuffling and dropout have no state: each epoch draws from a stream of its own.
struct TrainingState {
  std::vector<float> values, best;  // (P) the head's, of now and of the best epoch
  AdamState adam;
  History history;  // of the epochs that are done; what follows from the losses is not kept

  int epochs() const { return static_cast<int>(history.loss.size()); }
};

/// All that a training's results depend on, by name: a state goes with a training of the same key only.
using TrainingKey = std::map<std::string, std::string>;

/// SHA-256 of features, masks and labels; "none" for an empty set. The names of clips change no weight.
template <class Set>
std::string training_hash(const Set& set) {
  if (set.size() == 0) return "none";
  const std::size_t mask = set.mask.size() / set.size(), features = set.features.size() / set.size();
  std::vector<std::string> clips(set.size());
  parallel_for(set.size(), [&](std::size_t row, std::size_t) {
    Sha256 hash;
    hash.add(std::to_string(set.labels[row]) + '\n');
    for (std::size_t t = 0; t < mask; ++t) hash.add(set.mask.data()[row * mask + t] ? "1" : "0");
    hash.add(std::as_bytes(std::span(set.features.data() + row * features, features)));
    clips[row] = hash.hex();
  });
  Sha256 hash;
  for (const std::string& clip : clips) hash.add(clip);
  return hash.hex();
}

/// Whether a process keeps the state of a training or only goes on from it.
enum class StateAccess { keep, read };

/// The file that keeps the state of one training: a safetensors file with a checksum (docs/file_formats.md).
/// A template so that programs which train nothing do not compile it.
template <class Store>
class BasicTrainingStateFile {
 public:
  using Warn = std::function<void(const std::string&)>;

  /// `parameters` is the head's number. A write is due `interval_s` seconds after the last one, and later where writing
  /// would take more than a twentieth of the time; with 0 it is always due.
  BasicTrainingStateFile(std::filesystem::path path, TrainingKey key, std::size_t parameters, double interval_s,
                         Warn warn)
      : path_(std::move(path)),
        key_(std::move(key)),
        parameters_(parameters),
        interval_(std::chrono::duration<double>(interval_s)),
        next_(Clock::now() + std::chrono::duration_cast<Clock::duration>(interval_)),
        warn_(std::move(warn)) {
    key_["format"] = format;
    key_["version"] = "1";
  }

  /// The state to go on from, if there is one of this training with at most `most_epochs`. One of another training is
  /// set aside by who keeps the state, a damaged one passed over; both are warned of.
  /// Throws FileError when the file cannot be read or is of another kind.
  std::optional<TrainingState> read(int most_epochs, StateAccess access = StateAccess::keep) const {
    std::error_code error;
    if (!std::filesystem::exists(path_, error)) return std::nullopt;
    Store store;
    try {
      store = weights::read_safetensors(path_, "the training starts anew");
    } catch (const WeightsError& damage) {
      warn(damage.what());
      return std::nullopt;
    }
    const std::string found_format = text_of(store, "format"), checksum = text_of(store, "checksum");
    if (checksum != weights::file_checksum(store)) {
      if (checksum.empty() && found_format != format)
        throw FileError(quoted(path_.string()) + " is no training state; give another path for it.");
      warn(quoted(path_.string()) + " is damaged: it does not match its checksum; the training starts anew.");
      return std::nullopt;
    }
    std::string differences = differing(store.metadata);
    std::optional<TrainingState> state = differences.empty() ? unpacked(store) : std::nullopt;
    if (state && state->epochs() > most_epochs) differences = "epochs";
    if (differences.empty() && state) return state;
    const std::string aside = path_.string() + ".other";
    if (access == StateAccess::read) return std::nullopt;
    std::filesystem::rename(path_, aside, error);
    warn("The training state " + quoted(path_.string()) +
         " is of another training (other: " + (differences.empty() ? "size" : differences) +
         "), so this one starts anew" + (error ? "." : "; it was set aside as " + quoted(aside) + "."));
    return std::nullopt;
  }

  bool due() const { return Clock::now() >= next_; }

  /// Writes the state, aside and renamed. Throws FileError when it cannot be written; the last one then stays.
  void write(const TrainingState& state) {
    const auto start = Clock::now();
    Store store;
    store.add("values", {parameters_}, state.values);
    store.add("best", {parameters_}, state.best);
    store.add("adam/m", {parameters_}, state.adam.m);
    store.add("adam/v", {parameters_}, state.adam.v);
    const History& history = state.history;
    for (const auto& [name, column] :
         {std::pair("loss", &history.loss), std::pair("accuracy", &history.accuracy),
          std::pair("val_loss", &history.val_loss), std::pair("val_accuracy", &history.val_accuracy)})
      store.add(std::string("history/") + name, {column->size(), 2}, halves(*column));
    store.metadata = key_;
    store.metadata["adam_steps"] = std::to_string(state.adam.steps);
    store.metadata["checksum"] = weights::file_checksum(store);
    weights::write_safetensors(path_, store);
    const auto now = Clock::now();
    if (interval_.count() > 0)
      next_ = now + std::max(std::chrono::duration_cast<Clock::duration>(interval_), 20 * (now - start));
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr const char* format = "rcar-training-state";

  void warn(const std::string& text) const {
    if (warn_) warn_(text);
  }

  static std::string text_of(const Store& store, const std::string& key) {
    const auto found = store.metadata.find(key);
    return found == store.metadata.end() ? "" : found->second;
  }

  /// The names of what differs between this training and one whose state has such metadata.
  std::string differing(std::map<std::string, std::string> found) const {
    std::string names;
    for (const auto& [name, value] : key_)
      if (const auto it = found.find(name); it == found.end() || it->second != value)
        names += (names.empty() ? "" : ", ") + name;
    return names;
  }

  /// float64 as pairs of float32 of the same bits: what safetensors files of rcar can hold.
  static std::vector<float> halves(const std::vector<double>& values) {
    std::vector<float> out(2 * values.size());
    if (!values.empty()) std::memcpy(out.data(), values.data(), values.size() * sizeof(double));
    return out;
  }
  static std::vector<double> doubles(std::span<const float> halves) {
    std::vector<double> out(halves.size() / 2);
    if (!out.empty()) std::memcpy(out.data(), halves.data(), out.size() * sizeof(double));
    return out;
  }

  /// What a store says; nothing when its tensors are not those of this head.
  std::optional<TrainingState> unpacked(const Store& store) const {
    TrainingState state;
    for (const auto& [name, to] : {std::pair("values", &state.values), std::pair("best", &state.best),
                                   std::pair("adam/m", &state.adam.m), std::pair("adam/v", &state.adam.v)}) {
      const weights::Tensor* tensor = store.find(name);
      if (!tensor || tensor->values.size() != parameters_) return std::nullopt;
      to->assign(tensor->values.begin(), tensor->values.end());
    }
    History& history = state.history;
    for (const auto& [name, to] :
         {std::pair("loss", &history.loss), std::pair("accuracy", &history.accuracy),
          std::pair("val_loss", &history.val_loss), std::pair("val_accuracy", &history.val_accuracy)}) {
      const weights::Tensor* tensor = store.find(std::string("history/") + name);
      if (!tensor) return std::nullopt;
      *to = doubles(tensor->values);
    }
    state.adam.steps = static_cast<int>(std::strtol(text_of(store, "adam_steps").c_str(), nullptr, 10));
    const std::size_t epochs = history.loss.size(), validated = history.val_loss.size();
    if (epochs == 0 || history.accuracy.size() != epochs || history.val_accuracy.size() != validated ||
        (validated != 0 && validated != epochs) || state.adam.steps < 1)
      return std::nullopt;
    return state;
  }

  std::filesystem::path path_;
  TrainingKey key_;
  std::size_t parameters_;
  std::chrono::duration<double> interval_;
  Clock::time_point next_;
  Warn warn_;
};

/// The file of a training's state as safetensors, which is what every program keeps.
using TrainingStateFile = BasicTrainingStateFile<weights::Store>;

}  // namespace rcar

#pragma once
/// The messages of TensorBoard's HParams plugin: which settings a run had, so that runs can be compared by them.

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "../page_text.hpp"
#include "event_file.hpp"
#include "message.hpp"

namespace rcar::tensorboard {

/// A setting: text, a number, or yes and no.
struct HyperParameter {
  std::string name;
  std::variant<std::string, double, bool> value;

  HyperParameter(std::string name, const char* value) : name(std::move(name)), value(std::string(value)) {}
  HyperParameter(std::string name, std::string value) : name(std::move(name)), value(std::move(value)) {}
  HyperParameter(std::string name, bool value) : name(std::move(name)), value(value) {}
  template <class Number>
  requires(std::integral<Number> || std::floating_point<Number>) HyperParameter(std::string name, Number value)
      : name(std::move(name)), value(static_cast<double>(value)) {}
};

/// How a run ended, as the HParams plugin counts it.
enum class SessionStatus { success = 1, failure = 2 };

namespace detail {

/// `google.protobuf.Value`.
inline Message dynamic_value(const HyperParameter& parameter) {
  Message out;
  if (const auto* text = std::get_if<std::string>(&parameter.value)) return out.text(3, report::page_text(*text));
  if (const auto* number = std::get_if<double>(&parameter.value)) return out.number(2, *number);
  return out.integer(4, std::get<bool>(parameter.value));
}

/// `HParamsPluginData` with one of its messages, in a `Summary.Value` whose tensor is empty.
inline Message hparams_value(std::string_view tag, int field, const Message& message) {
  Message data, tensor, out;
  data.integer(1, 0).message(field, message);
  tensor.integer(1, 1).message(2, Message().message(2, Message().integer(1, 0)));  // DT_FLOAT of shape (0)
  return out.text(1, tag).message(8, tensor).message(9, plugin_metadata("hparams", data.bytes()));
}

}  // namespace detail

/// `Experiment`: the settings that there are, and which scalars say how good a run is.
inline Message experiment_value(const std::vector<HyperParameter>& parameters,
                                const std::vector<std::string>& metric_tags) {
  Message experiment;
  experiment.number(3, wall_time_s());
  for (const HyperParameter& parameter : parameters) {
    constexpr int types[] = {1, 3, 2};  // DATA_TYPE_STRING, FLOAT64, BOOL: in the order of the variant
    experiment.message(
        4, Message().text(1, parameter.name).integer(4, static_cast<unsigned>(types[parameter.value.index()])));
  }
  for (const std::string& tag : metric_tags)
    experiment.message(5, Message().message(1, Message().text(2, tag)).text(3, tag));
  return detail::hparams_value("_hparams_/experiment", 2, experiment);
}

/// `SessionStartInfo`: this run's settings.
inline Message session_start_value(const std::vector<HyperParameter>& parameters) {
  Message start;
  for (const HyperParameter& parameter : parameters)
    start.message(1, Message().text(1, parameter.name).message(2, detail::dynamic_value(parameter)));
  start.number(5, wall_time_s());
  return detail::hparams_value("_hparams_/session_start_info", 3, start);
}

/// `SessionEndInfo`: how this run ended.
inline Message session_end_value(SessionStatus status) {
  Message end;
  end.integer(1, static_cast<unsigned>(status)).number(2, wall_time_s());
  return detail::hparams_value("_hparams_/session_end_info", 4, end);
}

}  // namespace rcar::tensorboard

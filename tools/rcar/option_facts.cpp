#include "option_facts.hpp"

#include <algorithm>
#include <numeric>
#include <rcar/core/error.hpp>

namespace rcar::tools {

namespace {

std::vector<std::string> split(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts;
  for (std::size_t at = 0;;) {
    const std::size_t end = text.find(separator, at);
    parts.push_back(text.substr(at, end - at));
    if (end == std::string::npos) return parts;
    at = end + separator.size();
  }
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// Insertions, deletions, replacements and swaps of neighbours that make `b` of `a`.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> before, last(b.size() + 1), now(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) now[j] = std::min(now[j], before[j - 2] + 1);
    }
    before = std::move(last);
    last = now;
  }
  return last.back();
}

}  // namespace

OptionFacts facts_of(const CLI::Option& option) {
  OptionFacts facts;
  for (const auto& name : option.get_lnames()) facts.names.push_back("--" + name);
  for (const auto& name : option.get_snames()) facts.names.push_back("-" + name);
  facts.positional = option.get_positional();
  if (facts.positional) facts.names = {option.get_name(true, false)};
  // CLI11 has type and validators in one text: "INT:INT in [1 - 3]", "TEXT:{gru,lstm}".
  const std::string all = option.get_type_size() == 0 ? "" : option.get_type_name();
  facts.value = all.substr(0, all.find(':'));
  if (const auto open = all.find('{'), close = all.rfind('}'); open < close && close != std::string::npos)
    facts.choices = split(all.substr(open + 1, close - open - 1), ",");
  if (const auto in = all.find(" in ["), close = all.rfind(']'); in < close && close != std::string::npos) {
    const auto ends = split(all.substr(in + 5, close - in - 5), " - ");
    if (ends.size() == 2) facts.range = ends[0] + " to " + ends[1];
  }
  facts.otherwise = option.get_default_str();
  facts.description = option.get_description();
  facts.group = option.get_group();
  facts.required = option.get_required();
  facts.several = option.get_expected_max() > 1;
  return facts;
}

std::vector<OptionFacts> all_facts(const CLI::App& app) {
  std::vector<OptionFacts> all;
  for (const CLI::Option* option : app.get_options())
    if (!option->get_group().empty()) all.push_back(facts_of(*option));
  return all;
}

std::string nearest(const std::string& word, const std::vector<std::string>& names) {
  std::string best;
  std::size_t least = std::min<std::size_t>(word.size() / 3 + 1, 4);  // beyond that it is another word
  for (const std::string& name : names) {
    const std::size_t distance = edit_distance(word, name);
    if (distance >= least && !(word.size() > 3 && name.starts_with(word) && best.empty())) continue;
    best = name;
    least = std::min(least, distance);
  }
  return best;
}

CLI::Validator one_of(std::vector<std::string> names) {
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ",") + name;
  return CLI::Validator(
      [names](std::string& word) {
        if (std::find(names.begin(), names.end(), word) != names.end()) return std::string();
        const std::string near = nearest(word, names);
        return quoted(word) + " is none of " + joined(names) + (near.empty() ? "" : ", perhaps " + near + " is meant");
      },
      "{" + list + "}");
}

}  // namespace rcar::tools

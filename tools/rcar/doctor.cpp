// rcar doctor: what is wrong with a data set, before it is trained on, and lists without it.
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <rcar/doctor/diagnosis.hpp>
#include <rcar/doctor/fixed_list.hpp>
#include <string>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "data_options.hpp"
#include "program.hpp"

namespace rcar::tools {

namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

struct Options {
  DataChoice data;
  doctor::Plan plan;
  std::string validation = "stratified";
  fs::path cache, fix;
  bool strict = false;
};

template <class... Values>
std::string text(const char* format, Values... values) {
  char line[512];
  std::snprintf(line, sizeof line, format, values...);
  return line;
}

/// Clips by what they have in common, most first.
std::vector<std::pair<std::string, std::size_t>> ranked(const std::map<std::string, std::size_t>& counts) {
  std::vector<std::pair<std::string, std::size_t>> out(counts.begin(), counts.end());
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return out;
}

/// What the readable clips are like.
struct Summary {
  std::vector<double> frames, seconds;  // ascending
  std::vector<std::pair<std::string, std::size_t>> rates, sizes, codecs;
  std::uint64_t bytes = 0;
};

Summary summarise(const doctor::CaseFile& file) {
  Summary summary;
  std::map<std::string, std::size_t> rates, sizes, codecs;
  for (const doctor::ClipFacts& facts : file.facts) {
    if (!facts.readable()) continue;
    summary.frames.push_back(static_cast<double>(facts.frames));
    summary.seconds.push_back(facts.seconds());
    summary.bytes += facts.bytes;
    ++rates[text("%.4g frames/s", facts.frames_per_second)];
    ++sizes[text("%dx%d", facts.width, facts.height)];
    ++codecs[facts.codec];
  }
  std::sort(summary.frames.begin(), summary.frames.end());
  std::sort(summary.seconds.begin(), summary.seconds.end());
  summary.rates = ranked(rates);
  summary.sizes = ranked(sizes);
  summary.codecs = ranked(codecs);
  return summary;
}

std::string range(const std::vector<double>& sorted, const char* number) {
  const auto format = std::string(number) + " to " + number + ", median " + number;
  return text(format.c_str(), sorted.front(), sorted.back(), sorted[sorted.size() / 2]);
}

std::string shares(const std::vector<std::pair<std::string, std::size_t>>& counts) {
  constexpr std::size_t most = 6;
  std::string line;
  for (std::size_t i = 0; i < std::min(most, counts.size()); ++i)
    line += (i ? ", " : "") + counts[i].first + " (" + counted(counts[i].second, "clip", "clips") + ")";
  if (counts.size() > most) line += " and " + std::to_string(counts.size() - most) + " more";
  return line;
}

/// `text` in `width` columns, counting characters, not bytes.
std::string padded(const std::string& text, std::size_t width) {
  const auto shown = static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
  return text + std::string(width > shown ? width - shown : 0, ' ');
}

/// Each class before training: what the lists say, what can be read, where it goes; with fixed lists, also then.
void say_classes(const Console& console, const std::vector<doctor::ClassCounts>& before,
                 const std::vector<doctor::ClassCounts>* after) {
  std::size_t width = 5;
  for (const auto& each : before) width = std::max(width, each.name.size());
  std::map<std::string, doctor::ClassCounts> fixed;
  if (after)
    for (const auto& each : *after) fixed[each.name] = each;
  const auto row = [&](const doctor::ClassCounts& c, const doctor::ClassCounts& f) {
    std::string line =
        padded(c.name, width) + text("  %7zu %7zu %7zu %6zu %8zu %10zu %6zu", c.listed_train, c.listed_test,
                                     c.unreadable, c.groups, c.train, c.validation, c.test);
    if (after) line += text("  %9zu %10zu %6zu", f.train, f.validation, f.test);
    console.say(line);
  };
  const auto add = [](doctor::ClassCounts& sum, const doctor::ClassCounts& c) {
    sum.listed_train += c.listed_train;
    sum.listed_test += c.listed_test;
    sum.unreadable += c.unreadable;
    sum.groups += c.groups;
    sum.train += c.train;
    sum.validation += c.validation;
    sum.test += c.test;
  };
  std::string above = padded("", width) + "          listed                   trained on as it is";
  std::string head = padded("class", width) + "    train    test  unread groups    train validation   test";
  if (after) above += "        fixed", head += "      train validation   test";
  console.say(Console::painted(Colour::grey, above));
  console.say(Console::painted(Colour::bold, head));
  doctor::ClassCounts sum{"all", 0, 0, 0, 0, 0, 0, 0}, fixed_sum = sum;
  for (const auto& each : before) {
    row(each, fixed[each.name]);
    add(sum, each);
    add(fixed_sum, fixed[each.name]);
  }
  row(sum, fixed_sum);
}

void say_findings(const Console& console, const std::vector<doctor::Finding>& findings) {
  constexpr std::size_t most = 5;
  const std::string indent(9, ' ');
  for (const doctor::Finding& each : findings) {
    const Colour colour = each.severity == doctor::Severity::error     ? Colour::red
                          : each.severity == doctor::Severity::warning ? Colour::yellow
                                                                       : Colour::grey;
    console.say("");
    console.say(Console::painted(colour, padded(std::string(to_string(each.severity)), 9)) + each.what);
    const std::size_t shown = each.items.size() <= most + 1 ? each.items.size() : most;
    for (std::size_t i = 0; i < shown; ++i) {
      const std::string visible = quoted(each.items[i]);
      console.say(indent + "  " + visible.substr(1, visible.size() - 2));
    }
    if (shown < each.items.size())
      console.say(indent + "  and " + std::to_string(each.items.size() - shown) + " more (--json names all)");
    console.say(indent + "-> " + each.advice);
  }
}

void say_clips(const Console& console, const doctor::CaseFile& file) {
  const Summary summary = summarise(file);
  if (summary.frames.empty()) return;
  console.say("");
  console.say("Length    " + range(summary.frames, "%.0f") + " frames; " + range(summary.seconds, "%.1f") + " s");
  console.say("Rate      " + shares(summary.rates));
  console.say("Size      " + shares(summary.sizes));
  console.say("Codec     " + shares(summary.codecs));
  console.say("Files     " + text("%.1f", static_cast<double>(summary.bytes) / 1e6) + " MB in " +
              counted(summary.frames.size(), "readable clip", "readable clips"));
}

ordered_json json_of(const std::vector<doctor::ClassCounts>& classes) {
  ordered_json out = ordered_json::array();
  for (const auto& c : classes)
    out.push_back({{"class", c.name},
                   {"listed_train", c.listed_train},
                   {"listed_test", c.listed_test},
                   {"unreadable", c.unreadable},
                   {"groups", c.groups},
                   {"train", c.train},
                   {"validation", c.validation},
                   {"test", c.test}});
  return out;
}

ordered_json json_of(const doctor::CaseFile& file) {
  ordered_json out = ordered_json::array();
  for (std::size_t i = 0; i < file.clips.size(); ++i) {
    const doctor::Clip& clip = file.clips[i];
    const doctor::ClipFacts& facts = file.facts[i];
    ordered_json entry = {{"clip", clip.name},
                          {"class", clip.tag},
                          {"group", clip.group},
                          {"list", clip.in_test ? "test" : "train"},
                          {"part", to_string(clip.part)}};
    if (facts.readable())
      entry.update({{"frames", facts.frames},
                    {"claimed_frames", facts.claimed},
                    {"frames_per_second", facts.frames_per_second},
                    {"width", facts.width},
                    {"height", facts.height},
                    {"codec", facts.codec}});
    else
      entry["reason"] = facts.fault;
    entry.update({{"bytes", facts.bytes}, {"sha256", facts.sha256}});
    out.push_back(std::move(entry));
  }
  return out;
}

ordered_json json_of(const std::vector<doctor::Finding>& findings) {
  ordered_json out = ordered_json::array();
  for (const auto& each : findings)
    out.push_back({{"severity", to_string(each.severity)},
                   {"kind", each.kind},
                   {"what", each.what},
                   {"advice", each.advice},
                   {"items", each.items}});
  return out;
}

/// Refuses a folder for the fixed lists that is the data's, or below it, before anything is decoded.
void require_apart(const fs::path& fix, const fs::path& data) {
  const fs::path below = fs::weakly_canonical(fix).lexically_relative(fs::weakly_canonical(data));
  if (!below.empty() && *below.begin() != "..")
    throw UsageError("--fix " + quoted(fix.string()) + " is in the folder of the data; give one outside of it.");
  std::error_code ignored;
  if (fs::exists(fix, ignored) && !(fs::is_directory(fix, ignored) && fs::is_empty(fix, ignored)))
    throw UsageError("There is something at " + quoted(fix.string()) +
                     " already; give a new folder for the fixed lists.");
}

int examine(const Options& given, const Console& console) {
  Options options = given;
  options.plan.validation = parse_validation(options.validation);
  options.data.seed = options.plan.seed;
  if (!options.fix.empty()) require_apart(options.fix, options.data.folder);
  const doctor::CaseFile file =
      doctor::examine(read_data(options.data), options.plan, options.cache, console.progress());
  const auto findings = doctor::findings(file);
  const std::size_t errors = count(findings, doctor::Severity::error),
                    warnings = count(findings, doctor::Severity::warning),
                    notes = count(findings, doctor::Severity::note);
  std::optional<doctor::FixedList> fixed;
  std::string beyond_mending;
  if (!options.fix.empty()) {
    try {
      fixed = doctor::fixed_list(file);
      doctor::write_fixed_folder(*fixed, options.fix);
    } catch (const DataError& error) {  // said once all is told
      beyond_mending = error.what();
    }
  }

  console.say(counted(file.clips.size(), "clip", "clips") + " of " + counted(file.classes.size(), "class", "classes") +
              ": " + std::to_string(file.data.train.size()) + " to train on, " + std::to_string(file.data.test.size()) +
              " to test on; validation " + std::string(to_string(options.plan.validation)) + ".");
  console.say("");
  say_classes(console, file.classes, fixed ? &fixed->file.classes : nullptr);
  say_clips(console, file);
  say_findings(console, findings);
  console.say("");
  console.say(Console::painted(Colour::bold, errors + warnings + notes == 0
                                                 ? "Nothing is wrong with these clips."
                                                 : counted(errors, "error", "errors") + ", " +
                                                       counted(warnings, "warning", "warnings") + ", " +
                                                       counted(notes, "note", "notes") + "."));
  if (fixed)
    console.say(counted(fixed->file.clips.size(), "clip is", "clips are") + " in " + options.fix.string() +
                ", without " + counted(fixed->dropped.size(), "clip", "clips") +
                " that dropped.csv there names with the reason.");
  ordered_json result = {{"errors", errors},
                         {"warnings", warnings},
                         {"notes", notes},
                         {"findings", json_of(findings)},
                         {"classes", json_of(file.classes)},
                         {"clips", json_of(file)}};
  if (fixed) {
    ordered_json dropped = ordered_json::array();
    for (const auto& each : fixed->dropped)
      dropped.push_back({{"clip", each.clip.name},
                         {"list", each.clip.in_test ? "test" : "train"},
                         {"class", each.clip.tag},
                         {"reason", each.reason}});
    result["fixed"] = {
        {"folder", options.fix.string()}, {"classes", json_of(fixed->file.classes)}, {"dropped", std::move(dropped)}};
  }
  console.json(result);
  if (!beyond_mending.empty()) throw DataError(beyond_mending);
  return errors > 0 || (options.strict && warnings > 0) ? exit_code::findings : exit_code::done;
}

}  // namespace

void add_doctor(Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App& app = program.add(
      "doctor", "Finds what is wrong with labelled clips before they are trained on, and writes lists without it",
      "  rcar doctor videos\n"
      "  rcar doctor UCF-101 --lists ucfTrainTestlist --sequence-length 40 --cache doctor_cache\n"
      "  rcar doctor prepared --validation last --json\n"
      "  rcar doctor videos --fix videos_fixed\n"
      "It never changes DATA. With --fix, train on the new folder: rcar train videos_fixed --weights W.",
      [=](Console& console) { return examine(*options, console); });
  add_data_options(app, options->data);
  app.add_option("--sequence-length", options->plan.sequence_length, "Frames of a clip that will be trained on")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000))
      ->group("Training");
  app.add_option("--validation", options->validation,
                 "stratified: by class, groups kept together; last: Keras's last rows; none")
      ->capture_default_str()
      ->group("Training");
  app.add_option("--seed", options->plan.seed, "Seed that the clips will be divided with")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber)
      ->group("Training");
  app.add_option("--cache", options->cache, "Folder for what is known of clips: it goes on where it was interrupted");
  app.add_option("--fix", options->fix,
                 "New folder for lists without what is wrong, and links to their clips: a prepared folder");
  app.add_flag("--strict", options->strict, "Warnings too end with exit code 3");
}

}  // namespace rcar::tools

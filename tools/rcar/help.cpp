#include "help.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <vector>

#include "option_facts.hpp"

namespace rcar::tools {

namespace {

constexpr std::size_t first_column = 26, most_columns = 100, least_columns = 50;

/// `name` at the left, `text` beside it, or below where the name is long.
std::string row(const std::string& name, const std::string& text) {
  std::string line = "  " + name;
  if (text.empty()) return line + "\n";
  if (line.size() + 2 > first_column) {
    line += "\n";
    line.append(first_column, ' ');
  } else {
    line.resize(first_column, ' ');
  }
  return line + wrapped(text, help_columns(), first_column, first_column) + "\n";
}

std::string title_of(const OptionFacts& facts) {
  std::string title;
  for (auto name = facts.names.rbegin(); name != facts.names.rend(); ++name)  // "-w, --weights"
    title += (title.empty() ? "" : ", ") + *name;
  if (!facts.positional && !facts.value.empty()) title += " " + facts.value;
  return facts.several ? title + " ..." : title;
}

std::string text_of(const OptionFacts& facts) {
  std::string more;
  const auto add = [&](const std::string& text) { more += (more.empty() ? "" : "; ") + text; };
  if (facts.required && !facts.positional) add("required");
  const bool told = std::all_of(facts.choices.begin(), facts.choices.end(), [&](const std::string& choice) {
    return facts.description.find(choice) != std::string::npos;
  });
  if (!facts.choices.empty() && !told) {
    std::string list;
    for (const auto& choice : facts.choices) list += (list.empty() ? "" : ", ") + choice;
    add("one of " + list);
  }
  if (!facts.range.empty()) add(facts.range);
  if (!facts.otherwise.empty()) add("default: " + facts.otherwise);
  return more.empty() ? facts.description : facts.description + " (" + more + ")";
}

std::string usage_of(const CLI::App& app, const std::string& name) {
  std::string usage = "Usage: " + name;
  const auto facts = all_facts(app);
  if (!app.get_subcommands({}).empty()) usage += " COMMAND";
  if (std::any_of(facts.begin(), facts.end(), [](const auto& each) { return !each.positional; })) usage += " [OPTIONS]";
  for (const auto& each : facts) {
    if (!each.positional) continue;
    const std::string word = each.names.front() + (each.several ? " ..." : "");
    usage += each.required ? " " + word : " [" + word + "]";
  }
  return wrapped(usage, help_columns(), 4) + "\n";
}

}  // namespace

std::size_t help_columns() {
  winsize size{};
  if (::isatty(STDOUT_FILENO) != 1 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return most_columns;
  return std::clamp<std::size_t>(size.ws_col, least_columns, most_columns);
}

std::string wrapped(std::string_view text, std::size_t columns, std::size_t indent, std::size_t at) {
  std::string out;
  bool fresh = true;  // nothing stands on this line yet
  const auto new_line = [&] {
    out += '\n';
    out.append(indent, ' ');
    at = indent;
    fresh = true;
  };
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\n') {
      ++i;
      new_line();
      continue;
    }
    if (text[i] == ' ') {
      ++i;
      continue;
    }
    const std::size_t end = std::min(text.find_first_of(" \n", i), text.size());
    const std::string_view word = text.substr(i, end - i);
    if (!fresh && at + 1 + word.size() > columns) new_line();
    if (!fresh) out += ' ', ++at;
    out += word;
    at += word.size();
    fresh = false;
    i = end;
  }
  return out;
}

std::string wrapped_command(std::string_view line, std::size_t columns) {
  const std::size_t start = line.find_first_not_of(' ');
  if (line.size() <= columns || start == std::string_view::npos) return std::string(line);
  std::string out(line.substr(0, start));
  std::size_t at = start;
  for (std::size_t i = start; i < line.size();) {
    std::size_t end = line.find(" -", i + 1);  // an option with its value, or what stands before the first
    end = std::min(end, line.size());
    const std::string_view part = line.substr(i, end - i);
    if (i > start && at + part.size() + 2 > columns) {
      out += " \\\n";
      out.append(start + 4, ' ');
      out += part.substr(part.find_first_not_of(' '));
      at = start + 4 + part.size() - 1;
    } else {
      out += part;
      at += part.size();
    }
    i = end;
  }
  return out;
}

std::string HelpFormatter::make_help(const CLI::App* app, std::string name, CLI::AppFormatMode) const {
  std::string out = wrapped(app->get_description(), help_columns(), 0) + "\n\n" + usage_of(*app, name);
  const auto facts = all_facts(*app);
  std::vector<std::string> groups;
  for (const auto& each : facts)
    if (!each.positional && std::find(groups.begin(), groups.end(), each.group) == groups.end())
      groups.push_back(each.group);
  std::stable_partition(groups.begin(), groups.end(), [](const std::string& group) { return group != "Output"; });

  const auto section = [&](const std::string& title, auto wanted) {
    std::string rows;
    for (const auto& each : facts)
      if (wanted(each)) rows += row(title_of(each), text_of(each));
    if (!rows.empty()) out += "\n" + title + ":\n" + rows;
  };
  section("Arguments", [](const OptionFacts& each) { return each.positional; });
  std::string commands;
  for (const CLI::App* each : app->get_subcommands({})) commands += row(each->get_name(), each->get_description());
  if (!commands.empty()) out += "\nCommands:\n" + commands;
  for (const auto& group : groups)
    section(group, [&](const OptionFacts& each) { return !each.positional && each.group == group; });

  std::istringstream footer(app->get_footer());
  if (!app->get_footer().empty()) out += "\n";
  for (std::string line; std::getline(footer, line);)
    out += (line.starts_with("  ") ? wrapped_command(line, help_columns()) : wrapped(line, help_columns(), 0)) + "\n";
  return out;
}

}  // namespace rcar::tools

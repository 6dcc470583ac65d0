#pragma once
/// report.html: what people look at after a run, as one file that needs nothing else.

#include <filesystem>
#include <string>
#include <string_view>

#include "../core/file.hpp"
#include "../core/json.hpp"
#include "base64.hpp"
#include "page.hpp"
#include "report.hpp"
#include "report_json.hpp"

namespace rcar {

namespace report {

/// JSON that may stand inside a `script` element: no text of a class or a clip can end the element or open a comment.
inline std::string json_for_script(const json::Value& value) {
  std::string text;
  for (const char c : json::dump(value)) {
    if (c == '<')
      text += "\\u003c";
    else if (c == '>')
      text += "\\u003e";
    else if (c == '&')
      text += "\\u0026";
    else
      text += c;
  }
  return text;
}

/// The template with every `@name@` replaced once. Values are never searched for further names.
inline std::string fill_page(std::string_view page,
                             const std::vector<std::pair<std::string_view, std::string>>& values) {
  std::string out;
  while (!page.empty()) {
    std::size_t at = page.npos;
    const std::pair<std::string_view, std::string>* next = nullptr;
    for (const auto& value : values)
      if (const std::size_t found = page.find(value.first); found < at) at = found, next = &value;
    out += page.substr(0, at);
    if (!next) break;
    out += next->second;
    page.remove_prefix(at + next->first.size());
  }
  return out;
}

}  // namespace report

/// The whole page as text.
inline std::string html_report(const Report& report) {
  using namespace report;
  // Only this very style and script may act, whatever else got into the page, and nothing may be fetched.
  const std::string policy = "default-src 'none'; img-src data:; style-src '" + policy_hash(page::style) +
                             "'; script-src '" + policy_hash(page::script) + "'; base-uri 'none'; form-action 'none'";
  return fill_page(page::document, {{"@policy@", policy},
                                    {"@style@", std::string(page::style)},
                                    {"@data@", json_for_script(report_json(report))},
                                    {"@script@", std::string(page::script)}});
}

/// Writes report.html: curves, confusion matrix, metrics of the classes, calibration, the surest mistakes as playing
/// clips, facts on data, machine and versions. The file works offline, holds all it shows and appears whole or not at
/// all. It names the machine and times, so two equal runs differ in it (docs/file_formats.md).
///
/// Throws UsageError when the report's parts do not fit one another, FileError when the file cannot be written.
///
///     write_html_report(out / "report.html", report);
inline void write_html_report(const std::filesystem::path& path, const Report& report) {
  write_file(path, html_report(report));
}

}  // namespace rcar

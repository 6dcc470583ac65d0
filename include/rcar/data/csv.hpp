#pragma once
/// Comma-separated values (RFC 4180): a strict reader that names the line of what it refuses, and a writer.

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/file.hpp"
#include "name_list.hpp"

namespace rcar {

/// `'train.csv:3'`: where in a file of lines something stands.
inline std::string file_line(const std::string& file, std::size_t line) {
  return quoted(file + ":" + std::to_string(line));
}

/// One row of a table: its cells, and the line that it begins on.
struct CsvRow {
  std::size_t line = 0;  // where the row starts; the file's first line is 1
  std::vector<std::string> fields;
};

/// A table whose first row names the columns.
struct CsvTable {
  std::string file;  // for messages
  std::vector<std::string> columns;
  std::vector<CsvRow> rows;

  /// The index of a column. Throws DataError, naming the columns there are, when it is missing.
  std::size_t column(const std::string& name) const {
    const auto found = std::find(columns.begin(), columns.end(), name);
    if (found == columns.end())
      throw DataError(file_line(file, 1) + " has no column " + quoted(name) + " (its columns: " + name_list(columns) +
                      "); the first line must name the columns.");
    return static_cast<std::size_t>(found - columns.begin());
  }
};

namespace detail {

inline constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";  // which spreadsheets write first

class CsvReader {
 public:
  CsvReader(std::string_view text, std::string file) : text_(text), file_(std::move(file)) {
    if (text_.starts_with(byte_order_mark)) text_.remove_prefix(byte_order_mark.size());
  }

  CsvTable table() {
    CsvTable table;
    table.file = file_;
    CsvRow row;
    if (!next(row)) throw DataError(quoted(file_) + " is empty; its first line must name the columns.");
    table.columns = row.fields;
    std::vector<std::string_view> names(table.columns.begin(), table.columns.end());
    std::sort(names.begin(), names.end());
    if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end())
      fail(row.line, "names column " + quoted(std::string(*twice)) + " twice; name each column once.");
    while (next(row)) {
      if (row.fields.size() != table.columns.size())
        fail(row.line, "has " + counted(row.fields.size(), "field", "fields") + " where the first line names " +
                           counted(table.columns.size(), "column", "columns") + "; quote a field that holds a comma.");
      table.rows.push_back(row);
    }
    return table;
  }

 private:
  [[noreturn]] void fail(std::size_t line, const std::string& what) const {
    throw DataError(file_line(file_, line) + " " + what);
  }

  /// The next row that is not an empty line; false at the end.
  bool next(CsvRow& row) {
    while (at_ < text_.size() && end_of_line()) {
    }
    if (at_ >= text_.size()) return false;
    row.line = line_;
    row.fields.clear();
    do row.fields.push_back(at_ < text_.size() && text_[at_] == '"' ? quoted_field() : plain_field());
    while (take(','));
    if (at_ < text_.size() && !end_of_line())
      fail(line_, "goes on after a closing quote; double a quote inside a field.");
    return true;
  }

  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool end_of_line() {
    if (text_.substr(at_, 2) == "\r\n")
      at_ += 2;
    else if (text_.substr(at_, 1) == "\n")
      at_ += 1;
    else
      return false;
    ++line_;
    return true;
  }

  std::string plain_field() {
    const std::size_t end = std::min(text_.find_first_of(std::string_view(",\"\r\n\0", 5), at_), text_.size());
    std::string field(text_.substr(at_, end - at_));
    at_ = end;
    if (at_ == text_.size()) return field;
    if (text_[at_] == '"') fail(line_, "has a quote inside a field that is not quoted; quote the whole field.");
    if (text_[at_] == '\0') fail(line_, "holds a zero byte; give a text file of comma-separated values.");
    if (text_[at_] == '\r' && text_.substr(at_, 2) != "\r\n")
      fail(line_, "holds a carriage return without a line feed; save the file with Unix or Windows line ends.");
    return field;
  }

  std::string quoted_field() {
    const std::size_t opened = line_;
    std::string field;
    ++at_;
    for (;;) {
      if (at_ >= text_.size()) fail(opened, "opens a quote that nothing closes.");
      const char c = text_[at_++];
      if (c == '"' && !take('"')) return field;
      if (c == '\0') fail(line_, "holds a zero byte; give a text file of comma-separated values.");
      if (c == '\n') ++line_;
      field += c;
    }
  }

  std::string_view text_;
  std::string file_;
  std::size_t at_ = 0, line_ = 1;
};

}  // namespace detail

/// Reads a table from text; `file` names it in messages. Line ends may be LF or CRLF, empty lines are passed over.
/// Throws DataError with file and line for what is no CSV or has another number of fields than columns.
inline CsvTable parse_csv(std::string_view text, const std::string& file) {
  return detail::CsvReader(text, file).table();
}

/// Reads a table from a file. Throws FileError when it cannot be read, DataError as parse_csv.
inline CsvTable read_csv(const std::filesystem::path& path) {
  const MappedFile file(path);
  return parse_csv(file.text(), path.string());
}

/// One row as a line of CSV, quoted where needed, so that reading it back gives the same fields.
inline std::string csv_line(std::span<const std::string> fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string& field = fields[i];
    if (i) line += ',';
    const bool alone_and_empty = field.empty() && fields.size() == 1;
    const bool plain =
        field.find_first_of(",\"\r\n") == std::string::npos && !field.starts_with(detail::byte_order_mark);
    if (!alone_and_empty && plain) {
      line += field;
      continue;
    }
    line += '"';
    for (const char c : field) line.append(c == '"' ? 2 : 1, c);
    line += '"';
  }
  return line += '\n';
}

}  // namespace rcar

#pragma once
/// A small strict JSON reader and a deterministic writer, for file headers and reports. Light to compile: a JSON
/// library costs seconds in every file that includes it.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "error.hpp"

namespace rcar::json {

/// A text that is not JSON, or a value that is not what the reader needs.
class JsonError : public Error {
 public:
  using Error::Error;
};

class Value;
/// A template only so that Value may hold members of itself before it is complete.
template <class V>
struct NamedValue {
  std::string name;
  V value;
};
/// One name of an object, with its value.
using Member = NamedValue<Value>;
/// The values of an array, in order.
using Array = std::vector<Value>;
using Object = std::vector<Member>;  // in the order of the text

/// One JSON value. Integers that fit 64 bits stay exact.
///
///     const auto value = json::parse(R"({"shape": [3, 4]})");
///     for (const json::Value& extent : value.at("shape").array()) use(extent.integer());
class Value {
 public:
  Value() = default;
  Value(bool value) : data_(value) {}
  Value(std::integral auto value) : data_(static_cast<std::int64_t>(value)) {}
  Value(std::floating_point auto value) : data_(static_cast<double>(value)) {}
  Value(std::string value) : data_(std::move(value)) {}
  Value(std::string_view value) : data_(std::string(value)) {}
  Value(const char* value) : data_(std::string(value)) {}
  Value(Array value) : data_(std::move(value)) {}
  Value(Object value) : data_(std::move(value)) {}

  bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  bool is_number() const { return if_integer() || std::holds_alternative<double>(data_); }
  const bool* if_boolean() const { return std::get_if<bool>(&data_); }
  const std::int64_t* if_integer() const { return std::get_if<std::int64_t>(&data_); }
  const std::string* if_string() const { return std::get_if<std::string>(&data_); }
  const Array* if_array() const { return std::get_if<Array>(&data_); }
  const Object* if_object() const { return std::get_if<Object>(&data_); }

  /// The value as one kind; throws JsonError when it is of another.
  bool boolean() const { return need(if_boolean(), "true or false"); }
  std::int64_t integer() const { return need(if_integer(), "an integer"); }
  double number() const {
    if (const auto* whole = if_integer()) return static_cast<double>(*whole);
    return need(std::get_if<double>(&data_), "a number");
  }
  const std::string& string() const { return need(if_string(), "a string"); }
  const Array& array() const { return need(if_array(), "an array"); }
  const Object& object() const { return need(if_object(), "an object"); }

  /// An object's member, nullptr when absent or when this is no object.
  inline const Value* find(std::string_view name) const;
  /// An object's member; throws JsonError, naming it, when absent.
  const Value& at(std::string_view name) const {
    if (const Value* value = find(name)) return *value;
    throw JsonError("the JSON has no " + quoted(std::string(name)) + " where one is needed");
  }
  /// Adds a member, or replaces the one of that name; a null value becomes an object.
  inline void set(std::string name, Value value);

 private:
  template <class T>
  static const T& need(const T* value, const char* kind) {
    if (!value) throw JsonError(std::string("a JSON value is not ") + kind);
    return *value;
  }

  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> data_;
  friend inline void write(std::string& out, const Value& value, int indent, int depth);
};

inline const Value* Value::find(std::string_view name) const {
  if (const Object* members = if_object())
    for (const Member& member : *members)
      if (member.name == name) return &member.value;
  return nullptr;
}

inline void Value::set(std::string name, Value value) {
  if (is_null()) data_ = Object{};
  if (!if_object()) throw JsonError("a JSON value is not an object");
  auto& members = std::get<Object>(data_);
  for (Member& member : members)
    if (member.name == name) {
      member.value = std::move(value);
      return;
    }
  members.push_back({std::move(name), std::move(value)});
}

/// What a text may ask of the reader.
struct Limits {
  std::size_t bytes = std::size_t{16} << 20;
  int depth = 64;
};

namespace detail {

/// Length of the well-formed UTF-8 sequence at the start of `text` (Unicode 15, table 3-7), 0 when there is none.
inline std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0; };
  const auto tail = [&](std::size_t i, int low = 0x80, int high = 0xbf) { return byte(i) >= low && byte(i) <= high; };
  const int first = byte(0);
  if (first < 0x80) return text.empty() ? 0 : 1;
  if (first >= 0xc2 && first <= 0xdf) return tail(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef)
    return tail(1, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf) && tail(2) ? 3 : 0;
  if (first >= 0xf0 && first <= 0xf4)
    return tail(1, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf) && tail(2) && tail(3) ? 4 : 0;
  return 0;
}

class Parser {
 public:
  Parser(std::string_view text, const Limits& limits) : text_(text), limits_(limits) {
    if (text.size() > limits.bytes) fail("is longer than " + std::to_string(limits.bytes) + " bytes");
  }

  Value document() {
    Value value = parse_value(0);
    skip_space();
    if (at_ != text_.size()) fail("goes on after its end");
    return value;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw JsonError("the JSON " + what + " at byte " + std::to_string(at_));
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() {
    while (at_ < text_.size() && std::strchr(" \t\n\r", text_[at_]) && text_[at_]) ++at_;
  }
  bool take(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take_word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  Value parse_value(int depth) {
    skip_space();
    if (at_ == text_.size()) fail("ends too early");
    if (depth >= limits_.depth) fail("nests deeper than " + std::to_string(limits_.depth) + " levels");
    if (peek() == '{') return parse_object(depth);
    if (peek() == '[') return parse_array(depth);
    if (peek() == '"') return parse_string();
    if (take_word("true")) return true;
    if (take_word("false")) return false;
    if (take_word("null")) return {};
    return parse_number();
  }

  Value parse_array(int depth) {
    ++at_;
    Array values;
    if (take(']')) return values;
    do values.push_back(parse_value(depth + 1));
    while (take(','));
    if (!take(']')) fail("has no ',' or ']'");
    return values;
  }

  Value parse_object(int depth) {
    ++at_;
    Object members;
    if (take('}')) return members;
    do {
      skip_space();
      if (peek() != '"') fail("has no member name");
      std::string name = parse_string();
      if (!take(':')) fail("has no ':'");
      members.push_back({std::move(name), parse_value(depth + 1)});
    } while (take(','));
    if (!take('}')) fail("has no ',' or '}'");
    std::vector<std::string_view> names;
    for (const Member& member : members) names.push_back(member.name);
    std::sort(names.begin(), names.end());
    if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end())
      fail("has two members named " + quoted(std::string(*twice)));
    return members;
  }

  std::string parse_string() {
    ++at_;
    std::string out;
    for (;;) {
      const std::size_t length = utf8_length(text_.substr(at_));
      if (length == 0) fail(at_ == text_.size() ? "ends inside a string" : "holds bytes that are no UTF-8");
      const char c = text_[at_];
      if (static_cast<unsigned char>(c) < 0x20) fail("has a control character in a string");
      at_ += length;
      if (c == '"') return out;
      if (c == '\\')
        parse_escape(out);
      else
        out.append(text_, at_ - length, length);
    }
  }

  void parse_escape(std::string& out) {
    constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    const char c = peek();
    if (const auto i = letters.find(c); c && i != letters.npos) {
      ++at_;
      out += meanings[i];
      return;
    }
    if (!take_word("u")) fail("has an unknown escape");
    std::uint32_t code = parse_hex();
    if (code >= 0xdc00 && code <= 0xdfff) fail("has half a surrogate pair");
    if (code >= 0xd800 && code <= 0xdbff) {
      const std::uint32_t low = take_word("\\u") ? parse_hex() : 0;
      if (low < 0xdc00 || low > 0xdfff) fail("has half a surrogate pair");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    const int tails = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    constexpr std::uint32_t leads[] = {0, 0xc0, 0xe0, 0xf0};
    out += static_cast<char>(leads[tails] | (code >> (6 * tails)));
    for (int i = tails - 1; i >= 0; --i) out += static_cast<char>(0x80 | ((code >> (6 * i)) & 0x3f));
  }

  std::uint32_t parse_hex() {
    std::uint32_t code = 0;
    const std::string_view digits = text_.substr(at_, 4);
    const auto end = digits.data() + digits.size();
    if (digits.size() < 4 || std::from_chars(digits.data(), end, code, 16).ptr != end) fail("has a bad \\u escape");
    at_ += 4;
    return code;
  }

  Value parse_number() {
    const std::size_t start = at_;
    const auto digits = [&] {
      const std::size_t first = at_;
      while (peek() >= '0' && peek() <= '9') ++at_;
      if (at_ == first) fail("has an unexpected character");
      return at_ - first;
    };
    if (peek() == '-') ++at_;
    const bool zero = peek() == '0';
    if (digits() > 1 && zero) fail("has a number with a leading zero");
    bool whole = true;
    if (peek() == '.') ++at_, whole = false, digits();
    if (peek() == 'e' || peek() == 'E') {
      ++at_, whole = false;
      if (peek() == '+' || peek() == '-') ++at_;
      digits();
    }
    const char* first = text_.data() + start;
    const char* last = text_.data() + at_;
    std::int64_t integer = 0;
    const bool minus_zero = text_.substr(start, at_ - start) == "-0";  // which no integer is
    if (whole && !minus_zero && std::from_chars(first, last, integer).ec == std::errc()) return integer;
    double number = 0;
    if (std::from_chars(first, last, number).ec != std::errc() || !std::isfinite(number))
      fail("has a number out of range");
    return number;
  }

  std::string_view text_;
  Limits limits_;
  std::size_t at_ = 0;
};

inline void write_string(std::string& out, std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text.substr(i));
    if (length == 0) throw JsonError("a string that is no UTF-8 cannot be written as JSON");
    const char c = text[i];
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (static_cast<unsigned char>(c) < 0x20)
      ((out += "\\u00") += digits[c >> 4]) += digits[c & 15];
    else
      out.append(text, i, length);
    i += length;
  }
  out += '"';
}

}  // namespace detail

inline void write(std::string& out, const Value& value, int indent, int depth) {
  const auto line = [&](int level) {
    if (indent > 0) out.append(1, '\n').append(static_cast<std::size_t>(indent * level), ' ');
  };
  char buffer[32];
  if (value.is_null()) {
    out += "null";
  } else if (const bool* boolean = value.if_boolean()) {
    out += *boolean ? "true" : "false";
  } else if (const auto* integer = value.if_integer()) {
    out += std::to_string(*integer);
  } else if (const auto* number = std::get_if<double>(&value.data_)) {
    if (std::isfinite(*number))
      out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, *number).ptr);
    else
      out += "null";  // JSON has no NaN and no infinity
  } else if (const auto* text = value.if_string()) {
    detail::write_string(out, *text);
  } else if (const Array* array = value.if_array()) {
    out += '[';
    for (std::size_t i = 0; i < array->size(); ++i) {
      if (i) out += indent > 0 ? "," : ", ";
      line(depth + 1);
      write(out, (*array)[i], indent, depth + 1);
    }
    if (!array->empty()) line(depth);
    out += ']';
  } else {
    out += '{';
    const Object& members = value.object();
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i) out += indent > 0 ? "," : ", ";
      line(depth + 1);
      detail::write_string(out, members[i].name);
      out += ": ";
      write(out, members[i].value, indent, depth + 1);
    }
    if (!members.empty()) line(depth);
    out += '}';
  }
}

/// Reads one JSON text (RFC 8259): no comments, no trailing commas, no duplicate names, well-formed UTF-8.
/// Throws JsonError: a clause without a full stop, made to stand after "...: " in the caller's sentence.
inline Value parse(std::string_view text, const Limits& limits = {}) { return detail::Parser(text, limits).document(); }

/// Writes a value; the same value gives the same bytes. `indent` 0: one line. NaN and infinities become null.
inline std::string dump(const Value& value, int indent = 0) {
  std::string out;
  write(out, value, indent, 0);
  return out;
}

}  // namespace rcar::json

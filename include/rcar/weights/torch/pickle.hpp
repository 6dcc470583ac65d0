#pragma once
/// A pickle machine that executes nothing. Of Python's pickle language (pickletools.py, protocols 2 to 5) it knows the
/// instructions that state dicts are made of; it refuses every other one, and every class or function that is not on
/// the list it is given, by name.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../../core/error.hpp"
#include "pickle_objects.hpp"

namespace rcar::weights::torch {

/// Says whether a class or function may be named in a pickle.
using GlobalFilter = bool (*)(std::string_view name);

/// Runs one pickle. The state dicts of the largest published networks need some 100,000 objects.
class PickleMachine {
 public:
  static constexpr std::size_t max_objects = std::size_t{1} << 20;
  static constexpr std::size_t max_items = std::size_t{1} << 22;  // in all tuples, lists, dicts and calls
  static constexpr std::size_t max_instructions = std::size_t{1} << 24;

  PickleMachine(std::span<const std::byte> bytes, GlobalFilter may_name)
      : text_(reinterpret_cast<const char*>(bytes.data()), bytes.size()), may_name_(may_name) {}

  Pickle run() {
    for (std::size_t count = 0; count < max_instructions; ++count) {
      const auto code = static_cast<unsigned char>(take(1)[0]);
      if (code == '.') {
        pickle_.root = pop();
        pickle_.bytes = at_;
        return std::move(pickle_);
      }
      if (!scalar(code) && !text(code) && !container(code) && !memo(code) && !class_or_call(code)) refuse(code);
    }
    throw WeightsError("its pickle has more instructions than a state dict needs");
  }

 private:
  [[noreturn]] void refuse(unsigned char code) const {
    static constexpr std::pair<unsigned char, const char*> names[] = {{'i', "INST"},
                                                                      {'o', "OBJ"},
                                                                      {0x81, "NEWOBJ"},
                                                                      {0x92, "NEWOBJ_EX"},
                                                                      {0x82, "EXT1"},
                                                                      {0x83, "EXT2"},
                                                                      {0x84, "EXT4"},
                                                                      {'P', "PERSID"},
                                                                      {'0', "POP"},
                                                                      {'1', "POP_MARK"},
                                                                      {'2', "DUP"},
                                                                      {'I', "INT"},
                                                                      {'L', "LONG"},
                                                                      {'F', "FLOAT"},
                                                                      {'S', "STRING"},
                                                                      {'V', "UNICODE"},
                                                                      {'g', "GET"},
                                                                      {'p', "PUT"},
                                                                      {'l', "LIST"},
                                                                      {'d', "DICT"},
                                                                      {'B', "BINBYTES"},
                                                                      {0x8b, "LONG4"},
                                                                      {'C', "SHORT_BINBYTES"},
                                                                      {0x8f, "EMPTY_SET"},
                                                                      {0x90, "ADDITEMS"},
                                                                      {0x91, "FROZENSET"},
                                                                      {0x8d, "BINUNICODE8"},
                                                                      {0x8e, "BINBYTES8"},
                                                                      {0x96, "BYTEARRAY8"},
                                                                      {0x97, "NEXT_BUFFER"}};
    std::string name = "number " + std::to_string(code);
    for (const auto& [known, text] : names)
      if (known == code) name = text;
    throw WeightsError("its pickle has the instruction " + name + " at byte " + std::to_string(at_ - 1) +
                       ", which no state dict needs");
  }

  // Reading.

  std::string_view take(std::size_t bytes) {
    if (bytes > text_.size() - at_) throw WeightsError("it ends inside a pickle, at byte " + std::to_string(at_));
    return text_.substr(std::exchange(at_, at_ + bytes), bytes);
  }
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));  // pickles are little-endian, and so are we
    return value;
  }
  std::string_view line() {
    const std::size_t end = text_.find('\n', at_);
    if (end == std::string_view::npos) take(text_.size());  // ends too early
    const std::string_view content = take(end - at_);
    take(1);
    return content;
  }

  // The stack.

  void push(Object object) {
    if (pickle_.objects.size() == max_objects)
      throw WeightsError("its pickle has more objects than a state dict needs");
    stack_.push_back(static_cast<Ref>(pickle_.objects.size()));
    pickle_.objects.push_back(std::move(object));
  }
  [[noreturn]] void ill_formed(const std::string& what) const {
    throw WeightsError("its pickle " + what + " at byte " + std::to_string(at_ - 1));
  }
  Ref top() const {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) ill_formed("takes from an empty stack");
    return stack_.back();
  }
  Ref pop() {
    const Ref ref = top();
    stack_.pop_back();
    return ref;
  }
  std::vector<Ref> pop_to_mark() {
    if (marks_.empty()) ill_formed("has no mark where it needs one");
    const std::size_t mark = marks_.back();
    marks_.pop_back();
    count_items(stack_.size() - mark);
    std::vector<Ref> items(stack_.begin() + static_cast<std::ptrdiff_t>(mark), stack_.end());
    stack_.resize(mark);
    return items;
  }
  /// Counts what goes into a container: few bytes may ask for many copies of a long one.
  void count_items(std::size_t more) {
    if ((items_ += more) > max_items) throw WeightsError("its pickle has more items than a state dict needs");
  }
  template <class T>
  T& need(Ref ref, const char* what) {
    if (T* object = std::get_if<T>(&pickle_.objects[ref])) return *object;
    ill_formed(std::string("has no ") + what + " where it needs one");
  }

  // The instructions, by family; each returns false when the code is none of its own.

  bool scalar(unsigned char code) {
    switch (code) {
      case 0x80:  // PROTO
        if (const auto version = number<std::uint8_t>(); version < 2 || version > 5)
          throw WeightsError("its pickle has protocol " + std::to_string(version) + " where 2 to 5 are known");
        return true;
      case 0x95:
        return number<std::uint64_t>(), true;  // FRAME
      case 'N':
        return push(None{}), true;  // NONE
      case 0x88:
        return push(true), true;  // NEWTRUE
      case 0x89:
        return push(false), true;  // NEWFALSE
      case 'J':
        return push(std::int64_t{number<std::int32_t>()}), true;  // BININT
      case 'K':
        return push(std::int64_t{number<std::uint8_t>()}), true;  // BININT1
      case 'M':
        return push(std::int64_t{number<std::uint16_t>()}), true;  // BININT2
      case 'G':
        return push(binfloat()), true;  // BINFLOAT
      case 0x8a:
        return push(long1()), true;  // LONG1
      default:
        return false;
    }
  }

  double binfloat() {
    std::uint64_t bits = 0;
    for (const char byte : take(8)) bits = bits << 8 | static_cast<unsigned char>(byte);
    return std::bit_cast<double>(bits);
  }

  Object long1() {
    const std::string_view bytes = take(number<std::uint8_t>());
    if (bytes.size() > 8) return LongInteger{std::string(bytes)};
    std::uint64_t value = !bytes.empty() && (bytes.back() & 0x80) ? ~std::uint64_t{0} : 0;
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return static_cast<std::int64_t>(value);
  }

  bool text(unsigned char code) {
    switch (code) {
      case 'X':  // BINUNICODE
      case 'T':
        return push(std::string(take(number<std::uint32_t>()))), true;  // BINSTRING (Python 2)
      case 0x8c:                                                        // SHORT_BINUNICODE
      case 'U':
        return push(std::string(take(number<std::uint8_t>()))), true;  // SHORT_BINSTRING (Python 2)
      default:
        return false;
    }
  }

  bool container(unsigned char code) {
    switch (code) {
      case '(':
        return marks_.push_back(stack_.size()), true;  // MARK
      case ')':
        return push(Tuple{}), true;  // EMPTY_TUPLE
      case ']':
        return push(List{}), true;  // EMPTY_LIST
      case '}':
        return push(Dict{}), true;  // EMPTY_DICT
      case 't':
        return push(Tuple{pop_to_mark()}), true;  // TUPLE
      case 0x85:
      case 0x86:
      case 0x87:
        return push_tuple(code - 0x84u), true;  // TUPLE1 to TUPLE3
      case 'a':
        return append({pop()}), true;  // APPEND
      case 'e':
        return append(pop_to_mark()), true;  // APPENDS
      case 's':
        return set_item(), true;  // SETITEM
      case 'u':
        return set_items(pop_to_mark()), true;  // SETITEMS
      default:
        return false;
    }
  }

  void push_tuple(unsigned size) {
    std::vector<Ref> items(size);
    for (unsigned i = size; i-- > 0;) items[i] = pop();
    push(Tuple{std::move(items)});
  }
  void append(const std::vector<Ref>& items) {
    auto& list = need<List>(top(), "list").items;
    list.insert(list.end(), items.begin(), items.end());
  }
  void set_item() {
    const Ref value = pop(), key = pop();
    set_items({key, value});
  }
  void set_items(const std::vector<Ref>& items) {
    auto& dict = need<Dict>(top(), "dict").items;
    if (items.size() % 2 != 0) ill_formed("has a key without a value");
    for (std::size_t i = 0; i < items.size(); i += 2) dict.emplace_back(items[i], items[i + 1]);
  }

  bool memo(unsigned char code) {
    switch (code) {
      case 'q':
        return memo_[number<std::uint8_t>()] = top(), true;  // BINPUT
      case 'r':
        return memo_[number<std::uint32_t>()] = top(), true;  // LONG_BINPUT
      case 0x94:
        return memo_[static_cast<std::uint32_t>(memo_.size())] = top(), true;  // MEMOIZE
      case 'h':
        return stack_.push_back(recall(number<std::uint8_t>())), true;  // BINGET
      case 'j':
        return stack_.push_back(recall(number<std::uint32_t>())), true;  // LONG_BINGET
      default:
        return false;
    }
  }
  Ref recall(std::uint32_t key) const {
    const auto place = memo_.find(key);
    if (place == memo_.end()) ill_formed("recalls an object that it never stored");
    return place->second;
  }

  bool class_or_call(unsigned char code) {
    switch (code) {
      case 'c': {  // GLOBAL
        const std::string module(line());
        return push_global(module + "." + std::string(line())), true;
      }
      case 0x93: {  // STACK_GLOBAL
        const Ref name = pop(), module = pop();
        return push_global(need<std::string>(module, "module's name") + "." + need<std::string>(name, "name")), true;
      }
      case 'R':
        return reduce(), true;  // REDUCE
      case 'b':
        return pop(), need<Dict>(top(), "dict"), true;  // BUILD: attributes (a state dict's _metadata) are dropped
      case 'Q':
        return push(Persistent{pop()}), true;  // BINPERSID
      default:
        return false;
    }
  }

  void push_global(std::string name) {
    if (!may_name_(name)) {
      if (name.size() > 120) name = name.substr(0, 120) + "...";
      throw WeightsError("its pickle names " + quoted(name) + ", which no state dict needs (nothing of it was run)");
    }
    push(Global{std::move(name)});
  }

  void reduce() {
    const Ref arguments = pop(), function = pop();
    const std::string name = need<Global>(function, "function").name;
    count_items(need<Tuple>(arguments, "argument tuple").items.size());
    std::vector<Ref> items = need<Tuple>(arguments, "argument tuple").items;
    if (name == "collections.OrderedDict")
      push(ordered_dict(items));
    else
      push(Call{name, std::move(items)});
  }

  /// OrderedDict() or, from Python 2, OrderedDict([[key, value], ...]).
  Dict ordered_dict(const std::vector<Ref>& arguments) {
    Dict dict;
    if (arguments.empty()) return dict;
    if (arguments.size() > 1) ill_formed("gives an OrderedDict more than one argument");
    count_items(need<List>(arguments[0], "list").items.size());
    for (const Ref pair : need<List>(arguments[0], "list").items) {
      const auto& items = need<List>(pair, "pair").items;
      if (items.size() != 2) ill_formed("has a key without a value");
      dict.items.emplace_back(items[0], items[1]);
    }
    return dict;
  }

  std::string_view text_;
  GlobalFilter may_name_;
  std::size_t at_ = 0, items_ = 0;
  Pickle pickle_;
  std::vector<Ref> stack_;
  std::vector<std::size_t> marks_;  // sizes that the stack had
  std::unordered_map<std::uint32_t, Ref> memo_;
};

/// Reads the pickle at the start of `bytes`; more may follow it (Pickle::bytes says where).
/// Throws WeightsError: a clause without a full stop, made to stand after "...: " in the caller's sentence.
inline Pickle read_pickle(std::span<const std::byte> bytes, GlobalFilter may_name) {
  return PickleMachine(bytes, may_name).run();
}

}  // namespace rcar::weights::torch

#include <catch2/catch.hpp>
#include <cstring>
#include <rcar/weights/torch/pickle.hpp>
#include <span>
#include <string>

namespace {

using namespace rcar::weights::torch;
using Catch::Matchers::Contains;

/// A literal with its zero bytes.
template <std::size_t N>
std::string bytes(const char (&text)[N]) {
  return std::string(text, N - 1);
}

bool only_dicts(std::string_view name) { return name == "collections.OrderedDict" || name == "torch.FloatStorage"; }

Pickle read(const std::string& text) { return read_pickle(std::as_bytes(std::span(text)), only_dicts); }

std::string refusal(const std::string& text) {
  try {
    read(text);
  } catch (const rcar::WeightsError& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("a pickle's scalars come out as Python wrote them") {
  const auto integer = [](const std::string& text) {
    const Pickle pickle = read(text);
    REQUIRE(pickle.get<std::int64_t>(pickle.root));
    return *pickle.get<std::int64_t>(pickle.root);
  };
  CHECK(integer(bytes("\x80\x02K\xff.")) == 255);
  CHECK(integer(bytes("\x80\x02M\x00\x01.")) == 256);
  CHECK(integer(bytes("\x80\x02J\xfe\xff\xff\xff.")) == -2);
  CHECK(integer(bytes("\x80\x02\x8a\x00.")) == 0);
  CHECK(integer(bytes("\x80\x02\x8a\x01\x80.")) == -128);
  CHECK(integer(bytes("\x80\x02\x8a\x05\x00\x00\x00\x00\x01.")) == (std::int64_t{1} << 32));

  const Pickle real = read(bytes("\x80\x02G\x3f\xb9\x99\x99\x99\x99\x99\x9a."));
  CHECK(*real.get<double>(real.root) == 0.1);
  const Pickle text = read(bytes("\x80\x02X\x03\x00\x00\x00h\xc3\xa9."));
  CHECK(*text.get<std::string>(text.root) == "h\xc3\xa9");
  const Pickle python2 =
      read(bytes("\x80\x02U\x03"
                 "abc."));
  CHECK(*python2.get<std::string>(python2.root) == "abc");
  const Pickle wide =
      read(bytes("\x80\x02\x8a\x0a"
                 "0123456789."));
  CHECK(wide.get<LongInteger>(wide.root)->bytes == "0123456789");
}

TEST_CASE("a pickle says where it ends") { CHECK(read(bytes("\x80\x02N.rest")).bytes == 4); }

TEST_CASE("an OrderedDict keeps its items however Python wrote them") {
  const auto python3 =
      read(bytes("\x80\x02"
                 "ccollections\nOrderedDict\n)R(K\x01K\x02K\x03K\x04u."));
  const auto python2 =
      read(bytes("\x80\x02"
                 "ccollections\nOrderedDict\n](](K\x01K\x02"
                 "e](K\x03K\x04"
                 "ee\x85R."));
  for (const Pickle* pickle : {&python3, &python2}) {
    const Dict* dict = pickle->get<Dict>(pickle->root);
    REQUIRE(dict);
    REQUIRE(dict->items.size() == 2);
    CHECK(*pickle->get<std::int64_t>(dict->items[1].first) == 3);
    CHECK(*pickle->get<std::int64_t>(dict->items[1].second) == 4);
  }
}

TEST_CASE("a memoised object is one object") {
  const Pickle pickle = read(bytes("\x80\x02]q\x00h\x00\x86."));
  const Tuple* pair = pickle.get<Tuple>(pickle.root);
  REQUIRE(pair);
  CHECK(pair->items[0] == pair->items[1]);
}

TEST_CASE("a pickle that names a function is refused by that name and runs nothing") {
  CHECK_THAT(refusal(bytes("\x80\x02"
                           "cposix\nsystem\nX\x0b\x00\x00\x00touch owned\x85R.")),
             Contains("'posix.system'"));
  CHECK_THAT(refusal(bytes("\x80\x02"
                           "cos\nsystem\nU\x02id\x85R.")),
             Contains("'os.system'"));
  CHECK_THAT(refusal(bytes("\x80\x04\x8c\x08"
                           "builtins\x8c\x04"
                           "eval\x93.")),
             Contains("'builtins.eval'"));
  CHECK_THAT(refusal(bytes("\x80\x02"
                           "c__builtin__\ngetattr\n.")),
             Contains("'__builtin__.getattr'"));
  CHECK_THAT(refusal(bytes("\x80\x02"
                           "ccollections\nOrderedDict.__init__\n.")),
             Contains("'collections.OrderedDict.__init__'"));
  CHECK_THAT(refusal(bytes("\x80\x02"
                           "c\x1b[31m\n\x07\n.")),
             Contains("'\\x1b[31m.\\x07'"));
}

TEST_CASE("an instruction that makes or calls something else is refused by its name") {
  CHECK_THAT(refusal(bytes("\x80\x02(ios\nsystem\n.")), Contains("INST"));
  CHECK_THAT(refusal(bytes("\x80\x02(cos\nsystem\no.")), Contains("'os.system'"));
  CHECK_THAT(refusal(bytes("\x80\x02(o.")), Contains("OBJ"));
  CHECK_THAT(refusal(bytes("\x80\x02"
                           "ctorch\nFloatStorage\n)\x81.")),
             Contains("NEWOBJ"));
  CHECK_THAT(refusal(bytes("\x80\x02\x82\x01.")), Contains("EXT1"));
  CHECK_THAT(refusal(bytes("\x80\x02"
                           "ctorch\nFloatStorage\n}b.")),
             Contains("no dict"));
  CHECK_THAT(refusal(bytes("\x80\x02\xff.")), Contains("number 255"));
}

TEST_CASE("a pickle that takes what is not there is refused") {
  CHECK_THAT(refusal(""), Contains("ends inside a pickle"));
  CHECK_THAT(refusal(bytes("\x80\x02.")), Contains("empty stack"));
  CHECK_THAT(refusal(bytes("\x80\x02N(a.")), Contains("empty stack"));  // not across a mark
  CHECK_THAT(refusal(bytes("\x80\x02t.")), Contains("no mark"));
  CHECK_THAT(refusal(bytes("\x80\x02h\x00.")), Contains("never stored"));
  CHECK_THAT(refusal(bytes("\x80\x02}(Nu.")), Contains("without a value"));
  CHECK_THAT(refusal(bytes("\x80\x02)Na.")), Contains("no list"));
  CHECK_THAT(refusal(bytes("\x80\x02NNR.")), Contains("no function"));
  CHECK_THAT(refusal(bytes("\x80\x02X\xff\xff\xff\xff"
                           "ab.")),
             Contains("ends inside a pickle"));
  CHECK_THAT(refusal(bytes("\x80\x02\x8a\xff"
                           "ab.")),
             Contains("ends inside a pickle"));
  CHECK_THAT(refusal(bytes("\x80\x02"
                           "cposix")),
             Contains("ends inside a pickle"));
  CHECK_THAT(refusal(bytes("\x80\x01N.")), Contains("protocol 1"));
}

TEST_CASE("deep, cyclic and endless pickles cost little") {
  std::string deep = bytes("\x80\x02)");
  for (int i = 0; i < 200'000; ++i) deep += '\x85';
  deep += '.';
  CHECK(refusal(deep).empty());

  const Pickle cyclic =
      read(bytes("\x80\x02]q\x00h\x00"
                 "a."));
  CHECK(cyclic.get<List>(cyclic.root)->items.at(0) == cyclic.root);

  std::string many = bytes("\x80\x02");
  many.append(PickleMachine::max_objects + 1, 'N');
  CHECK_THAT(refusal(many), Contains("more objects"));
  std::string marks = bytes("\x80\x02");
  marks.append(PickleMachine::max_instructions, '(');
  CHECK_THAT(refusal(marks), Contains("more instructions"));
}

}  // namespace

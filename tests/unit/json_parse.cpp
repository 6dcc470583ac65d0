#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <rcar/core/json.hpp>
#include <string>

namespace json = rcar::json;
using Catch::Matchers::Contains;

namespace {

std::string again(const std::string& text) { return json::dump(json::parse(text)); }

}  // namespace

TEST_CASE("every kind of JSON value is read") {
  const auto value = json::parse(R"( {"a": [1, -2, 3.5, 1e3], "b": {"c": null, "d": true}, "e": "x", "f": false} )");
  CHECK(value.at("a").array()[0].integer() == 1);
  CHECK(value.at("a").array()[1].integer() == -2);
  CHECK(value.at("a").array()[2].number() == 3.5);
  CHECK(value.at("a").array()[3].number() == 1000);
  CHECK(value.at("b").at("c").is_null());
  CHECK(value.at("b").at("d").boolean());
  CHECK_FALSE(value.at("f").boolean());
  CHECK(value.at("e").string() == "x");
  CHECK(value.find("g") == nullptr);
}

TEST_CASE("integers of 64 bits stay exact") {
  CHECK(json::parse("9007199254740993").integer() == 9007199254740993);
  CHECK(json::parse("-9223372036854775808").integer() == std::numeric_limits<std::int64_t>::min());
  CHECK(json::parse("9223372036854775808").number() == 9223372036854775808.0);
  CHECK(json::parse("9223372036854775808").if_integer() == nullptr);
}

TEST_CASE("escapes become UTF-8, also beyond the basic plane") {
  CHECK(json::parse(R"("\u0041\n\t\/\\\"")").string() == "A\n\t/\\\"");
  CHECK(json::parse(R"("\u00e9\u20ac\ud83c\udfc0")").string() == "\u00e9\u20ac\U0001f3c0");
  CHECK(json::parse("\"\u00e9\U0001f3c0\"").string() == "\u00e9\U0001f3c0");
}

TEST_CASE("a text that is not JSON is refused with the place") {
  for (const char* text : {"",
                           " ",
                           "{",
                           "[1,]",
                           "[1 2]",
                           "{\"a\":1,}",
                           "{a:1}",
                           "{\"a\" 1}",
                           "01",
                           "-",
                           "1.",
                           ".5",
                           "1e",
                           "+1",
                           "NaN",
                           "Infinity",
                           "1e999",
                           "tru",
                           "nul",
                           "\"a",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "[1] []",
                           "'a'",
                           "1 // x",
                           "\"\n\"",
                           "\"\\ud83c\"",
                           "\"\\udfc0\"",
                           "\"\\ud83c\\u0041\"",
                           "{\"a\":1",
                           "[",
                           "0x10"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(json::parse(text), json::JsonError);
    CHECK_THROWS_WITH(json::parse(text), Contains("at byte"));
  }
}

TEST_CASE("bytes that are no UTF-8 are refused") {
  for (const char* text : {"\"\xff\"", "\"\xc0\x80\"", "\"\xe0\x80\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"",
                           "\"\xc3\"", "\"\xf0\x9f\x8f\""}) {
    CAPTURE(text);
    CHECK_THROWS_WITH(json::parse(text), Contains("UTF-8"));
  }
  CHECK_THROWS_WITH(json::dump("\xff"), Contains("UTF-8"));
}

TEST_CASE("a name that stands twice in an object is refused") {
  CHECK_THROWS_WITH(json::parse(R"({"a": 1, "b": 2, "a": 3})"), Contains("two members named 'a'"));
  CHECK_NOTHROW(json::parse(R"([{"a": 1}, {"a": 2}])"));
}

TEST_CASE("depth and length have limits, so that a hostile text cannot exhaust the stack") {
  CHECK_THROWS_WITH(json::parse(std::string(1'000'000, '[')), Contains("nests deeper"));
  CHECK_NOTHROW(json::parse(std::string(64, '[') + std::string(64, ']')));
  CHECK_THROWS_WITH(json::parse("[[[1]]]", {.bytes = 100, .depth = 3}), Contains("nests deeper than 3"));
  CHECK_THROWS_WITH(json::parse("[1, 2, 3, 4]", {.bytes = 5, .depth = 3}), Contains("longer than 5 bytes"));
}

TEST_CASE("what is written reads back as the same value") {
  for (const std::string text : {R"({"b": [1, 2.5, "x\n\u0001\""], "a": {}, "c": [], "d": null, "e": true})", "-0.1",
                                 "1e+300", "9007199254740993", R"("é")"}) {
    CAPTURE(text);
    CHECK(again(text) == again(again(text)));
  }
  CHECK(again(R"({ "b":1,"a" : [ ] })") == R"({"b": 1, "a": []})");
  CHECK(json::parse(json::dump(0.1)).number() == 0.1);
  CHECK(json::dump(std::nan("")) == "null");
}

TEST_CASE("indented JSON has one member a line") {
  json::Value value;
  value.set("a", 1);
  value.set("b", json::Array{"x", 2});
  value.set("a", 3);
  CHECK(json::dump(value, 2) == "{\n  \"a\": 3,\n  \"b\": [\n    \"x\",\n    2\n  ]\n}");
}

TEST_CASE("a value of another kind than the reader needs is refused by name") {
  const auto value = json::parse(R"({"a": "x"})");
  CHECK_THROWS_WITH(value.at("a").integer(), Contains("not an integer"));
  CHECK_THROWS_WITH(value.at("z"), Contains("no 'z'"));
  CHECK_THROWS_WITH(value.array(), Contains("not an array"));
}

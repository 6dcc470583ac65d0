#include <array>
#include <catch2/catch.hpp>
#include <rcar/data/csv.hpp>
#include <string>
#include <vector>

using Catch::Matchers::Contains;
using rcar::parse_csv;

namespace {

using Fields = std::vector<std::string>;

void refuses(const std::string& text, const std::string& where, const std::string& what) {
  CAPTURE(text);
  CHECK_THROWS_MATCHES(parse_csv(text, "list.csv"), rcar::DataError,
                       Catch::Matchers::Predicate<rcar::DataError>([&](const rcar::DataError& error) {
                         const std::string message = error.what();
                         INFO(message);
                         return message.find(where) == 0 && message.find(what) != std::string::npos &&
                                message.find('\n') == std::string::npos;
                       }));
}

}  // namespace

TEST_CASE("a table is read by columns and rows that know their line") {
  const auto table = parse_csv("video_name,tag\na.avi,Punch\n\nb.avi,Dive\n", "list.csv");
  CHECK(table.columns == Fields{"video_name", "tag"});
  REQUIRE(table.rows.size() == 2);
  CHECK(table.rows[0].line == 2);
  CHECK(table.rows[1].line == 4);
  CHECK(table.rows[1].fields == Fields{"b.avi", "Dive"});
  CHECK(table.column("tag") == 1);
  CHECK_THROWS_WITH(table.column("label"),
                    Contains("'list.csv:1'") && Contains("'label'") && Contains("video_name, tag"));
}

TEST_CASE("Windows line ends, a byte order mark and a last line without an end change nothing") {
  const auto table = parse_csv("\xef\xbb\xbfvideo_name,tag\r\na.avi,Punch\r\nb.avi,Dive", "list.csv");
  CHECK(table.columns == Fields{"video_name", "tag"});
  REQUIRE(table.rows.size() == 2);
  CHECK(table.rows[0].fields == Fields{"a.avi", "Punch"});
  CHECK(table.rows[1].fields == Fields{"b.avi", "Dive"});
}

TEST_CASE("a quoted field holds commas, quotes and line ends, and later lines keep their number") {
  const auto table = parse_csv("a,b\n\"x, \"\"y\"\"\nz\",\"\"\nlast,row\n", "list.csv");
  REQUIRE(table.rows.size() == 2);
  CHECK(table.rows[0].fields == Fields{"x, \"y\"\nz", ""});
  CHECK(table.rows[1].line == 4);
}

TEST_CASE("empty fields at the start, in the middle and at the end are fields") {
  const auto table = parse_csv("a,b,c\n,,\n1,,\n,,3", "list.csv");
  REQUIRE(table.rows.size() == 3);
  CHECK(table.rows[0].fields == Fields{"", "", ""});
  CHECK(table.rows[1].fields == Fields{"1", "", ""});
  CHECK(table.rows[2].fields == Fields{"", "", "3"});
}

TEST_CASE("what is no CSV is refused with file and line") {
  refuses("", "'list.csv'", "is empty");
  refuses("\n\n", "'list.csv'", "is empty");
  refuses("a,b\n1,2\n1,2,3\n", "'list.csv:3'", "3 fields");
  refuses("a,b\n1\n", "'list.csv:2'", "1 field ");
  refuses("a,a\n", "'list.csv:1'", "'a' twice");
  refuses("a,b\n1,\"2\n3\n", "'list.csv:2'", "nothing closes");
  refuses("a,b\n1,2\"3\"\n", "'list.csv:2'", "not quoted");
  refuses("a,b\n\"1\"x,2\n", "'list.csv:2'", "closing quote");
  refuses("a,b\n1,2\rx,y\n", "'list.csv:2'", "carriage return");
  refuses(std::string("a,b\n1,\0\n", 8), "'list.csv:2'", "zero byte");
  refuses(std::string("a,b\n1,\"\0\"\n", 10), "'list.csv:2'", "zero byte");
}

TEST_CASE("what csv_line writes reads back as the same fields") {
  const std::vector<std::array<std::string, 2>> rows{
      {"plain", "with, comma"}, {"a \"quote\"", "two\nlines"}, {"", ""}, {"\r\n", "\""}, {" blanks ", "\xc3\xa9"}};
  std::string text = "first,second\n";
  for (const auto& row : rows) text += rcar::csv_line(row);
  const auto table = parse_csv(text, "list.csv");
  REQUIRE(table.rows.size() == rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) CHECK(table.rows[i].fields == Fields(rows[i].begin(), rows[i].end()));
  CHECK(rcar::csv_line(std::array<std::string, 1>{""}) == "\"\"\n");  // an empty line would be passed over
}

TEST_CASE("a CSV file that is not there is a file error") {
  CHECK_THROWS_AS(rcar::read_csv("/nowhere/list.csv"), rcar::FileError);
}

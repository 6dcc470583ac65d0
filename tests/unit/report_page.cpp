#include <catch2/catch.hpp>
#include <rcar/core/json.hpp>
#include <rcar/report/html_report.hpp>
#include <string>
#include <vector>

#include "tests/support/clips.hpp"

using namespace rcar;

namespace {

const std::string hostile = "</script><script>alert(1)</script><!-- \"quotes\" & 'more' \xe8\xb7\xb3";

Report small_report() {
  Report report;
  report.classes = {"Punch", hostile};
  report.clips = {"a.avi", "b.avi", "broken \xff\xfe\n.avi"};
  report.labels = {0, 1, 1};
  report.probabilities = Probabilities{{0.8f, 0.2f}, {0.9f, 0.1f}, {0.25f, 0.75f}};
  report.test_loss = 0.9;
  report.title = "<b>title</b> @script@";
  report.mistakes = {{"b.avi", 1, 0, 0.9}};
  return report;
}

/// The JSON inside a page, as a browser's parser cuts it out.
std::string data_of(const std::string& page) {
  const std::string open = "<script type=\"application/json\" id=\"data\">";
  const std::size_t start = page.find(open) + open.size();
  return page.substr(start, page.find("</script>", start) - start);
}

}  // namespace

TEST_CASE("no name of a class or a clip can end the script element that holds it") {
  const std::string page = html_report(small_report());
  const std::string data = data_of(page);
  CHECK(data.find('<') == std::string::npos);
  CHECK(data.find('&') == std::string::npos);
  const json::Value report = json::parse(data);
  CHECK(report.at("classes").array()[1].string() == hostile);
  CHECK(report.at("title").string() == "<b>title</b> @script@");
}

TEST_CASE("the page's numbers are those of the probabilities") {
  const json::Value report = json::parse(data_of(html_report(small_report())));
  CHECK(report.at("test").at("accuracy").number() == Approx(2.0 / 3));
  CHECK(report.at("test").at("correct").integer() == 2);
  const auto& counts = report.at("confusion").array();
  CHECK(counts[0].integer() == 1);
  CHECK(counts[2].integer() == 1);  // true class 1 taken for 0
  CHECK(counts[3].integer() == 1);
  CHECK(report.at("metrics").at("classes").array()[1].at("precision").number() == 1);
  CHECK(report.at("metrics").at("classes").array()[1].at("recall").number() == 0.5);
  CHECK(report.at("mistakes").array()[0].at("confidence").number() == 0.9);
}

TEST_CASE("the policy forbids the network and names the very style and script of the page") {
  const std::string page = html_report(small_report());
  const auto between = [&](const std::string& open, const std::string& close) {
    const std::size_t start = page.rfind(open) + open.size();
    return page.substr(start, page.find(close, start) - start);
  };
  const std::string policy = between("Content-Security-Policy\" content=\"", "\"");
  CHECK(policy.starts_with("default-src 'none'; img-src data:;"));
  CHECK(policy.find("unsafe") == std::string::npos);
  CHECK(policy.find("style-src '" + report::policy_hash(between("<style>", "</style>")) + "'") != std::string::npos);
  CHECK(policy.find("script-src '" + report::policy_hash(between("<script>", "</script>")) + "'") != std::string::npos);
  CHECK(page.find("http") == page.find("http-equiv"));  // and but for that and SVG's name space
  std::size_t addresses = 0;
  for (std::size_t at = page.find("://"); at != page.npos; at = page.find("://", at + 1)) ++addresses;
  CHECK(addresses == 1);
  CHECK(page.find("http://www.w3.org/2000/svg") != page.npos);
}

TEST_CASE("text that is no UTF-8, or holds control characters, becomes text that pages can show") {
  CHECK(report::page_text("plain \xc3\xa4") == "plain \xc3\xa4");
  CHECK(report::page_text("a\xff"
                          "b") ==
        "a\xef\xbf\xbd"
        "b");
  CHECK(report::page_text("a\nb") ==
        "a\xe2\x90\x8a"
        "b");
  CHECK(report::page_text("\xe8\xb7") == "\xef\xbf\xbd\xef\xbf\xbd");  // cut
}

TEST_CASE("a template is filled once, whatever its values hold") {
  CHECK(report::fill_page("a @x@ b @y@ c", {{"@x@", "@y@"}, {"@y@", "1"}}) == "a @y@ b 1 c");
  CHECK(report::fill_page("nothing", {{"@x@", "1"}}) == "nothing");
}

TEST_CASE("base64 and the policy's hash have the published values") {
  const auto encoded = [](std::string_view text) {
    return report::base64(std::span(reinterpret_cast<const unsigned char*>(text.data()), text.size()));
  };
  CHECK(encoded("") == "");
  CHECK(encoded("f") == "Zg==");
  CHECK(encoded("foobar") == "Zm9vYmFy");  // RFC 4648
  // The example of the Content Security Policy specification, level 3.
  CHECK(report::policy_hash("alert('Hello, world.');") == "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=");
}

TEST_CASE("a report whose parts do not fit one another is refused, and leaves no file") {
  const test::TempFolder folder;
  Report report = small_report();
  report.labels.pop_back();
  CHECK_THROWS_AS(write_html_report(folder / "report.html", report), UsageError);
  report = small_report();
  report.classes.push_back("third");
  CHECK_THROWS_AS(write_html_report(folder / "report.html", report), UsageError);
  report = small_report();
  report.parts.push_back({"train", {1}});
  CHECK_THROWS_AS(write_html_report(folder / "report.html", report), UsageError);
  CHECK_THROWS_AS(write_html_report(folder / "missing" / "report.html", small_report()), FileError);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("a command line is quoted so that a shell would read it back") {
  const std::vector<std::string> words{"rcar", "train", "--data", "my clips", "it's", "", "a=b", "$HOME"};
  CHECK(command_line(words) == "rcar train --data 'my clips' 'it'\\''s' '' a=b '$HOME'");
  CHECK(this_command_line().find("unit") != std::string::npos);  // this very program's
}

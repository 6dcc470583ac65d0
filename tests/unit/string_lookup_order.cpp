#include <catch2/catch.hpp>
#include <rcar/data/string_lookup.hpp>
#include <string>
#include <vector>

using Catch::Matchers::Contains;
using rcar::StringLookup;
using Names = std::vector<std::string>;

TEST_CASE("classes from tags stand in numpy.unique's order") {
  // np.unique(["b", "a", "B", "_", "é", "z", "Z", "a b", "a", "日"]) in NumPy 2
  const auto lookup =
      StringLookup::from_tags(Names{"b", "a", "B", "_", "\xc3\xa9", "z", "Z", "a b", "a", "\xe6\x97\xa5"});
  CHECK(lookup.vocabulary() == Names{"B", "Z", "_", "a", "a b", "b", "z", "\xc3\xa9", "\xe6\x97\xa5"});
  CHECK(lookup("a") == 3);
  CHECK(lookup.size() == 9);
}

TEST_CASE("a list of classes that a user gives keeps its order") {
  const StringLookup lookup(Names{"Punch", "Dive", "Archery"});
  CHECK(lookup("Punch") == 0);
  CHECK(lookup("Archery") == 2);
  CHECK(lookup.vocabulary()[1] == "Dive");
}

TEST_CASE("an empty list of classes, a blank and a double name are refused") {
  CHECK_THROWS_WITH(StringLookup(Names{}), Contains("empty"));
  CHECK_THROWS_WITH(StringLookup(Names{"Punch", " "}), Contains("Class 2") && Contains("blank"));
  CHECK_THROWS_WITH(StringLookup(Names{"Punch", "Dive", "Punch"}), Contains("'Punch'") && Contains("1 and 3"));
}

TEST_CASE("an unseen tag is refused with the tag, the clip and the known classes") {
  const StringLookup lookup(Names{"Punch", "Dive"});
  CHECK_FALSE(lookup.find("punch"));
  CHECK_THROWS_AS(lookup("punch"), rcar::DataError);
  CHECK_THROWS_WITH(lookup("punch", "a.avi"),
                    Contains("'punch'") && Contains("'a.avi'") && Contains("Punch, Dive") && !Contains("\n"));
  CHECK_THROWS_WITH(lookup("punch"), !Contains("clip"));
}

TEST_CASE("a message lists a hundred classes by the first ten") {
  Names names;
  for (int i = 0; i < 101; ++i) names.push_back("class" + std::to_string(i));
  CHECK_THROWS_WITH(StringLookup(names)("x"), Contains("class9 and 91 more") && !Contains("class10"));
}

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <rcar/data/split.hpp>
#include <set>
#include <string>
#include <vector>

using Catch::Matchers::Contains;
using rcar::Validation;

namespace {

struct Rows {
  std::vector<int> labels;
  std::vector<std::string> clips, classes;

  void add(const std::string& name, int group, int count) {
    if (std::find(classes.begin(), classes.end(), name) == classes.end()) classes.push_back(name);
    for (int i = 1; i <= count; ++i) {
      char clip[80];
      std::snprintf(clip, sizeof clip, "v_%s_g%02d_c%02d.avi", name.c_str(), group, i);
      labels.push_back(static_cast<int>(classes.size()) - 1);
      clips.push_back(clip);
    }
  }
  rcar::Split split(Validation validation, double fraction = 0.3, std::uint64_t seed = 1) const {
    return rcar::split_validation(labels, clips, classes, validation, fraction, seed);
  }
  std::string class_of(std::size_t row) const { return classes[static_cast<std::size_t>(labels[row])]; }
};

/// 18 groups a class (08 to 25) of 4 to 7 clips, as UCF101's first split has.
Rows ucf_like() {
  Rows rows;
  for (const char* name : {"CricketShot", "PlayingCello", "Punch", "ShavingBeard", "TennisSwing"})
    for (int group = 8; group <= 25; ++group) rows.add(name, group, 4 + (group * 7 + name[0]) % 4);
  return rows;
}

std::string all(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

}  // namespace

TEST_CASE("a UCF101 file name tells its group, another does not") {
  CHECK(rcar::ucf_group("v_Punch_g03_c02.avi") == "g03");
  CHECK(rcar::ucf_group("Punch/v_Punch_g25_c10.avi") == "g25");
  CHECK(rcar::ucf_group("a_g1/v_Punch_g03_c02.mp4") == "g03");
  for (const char* name : {"", "punch.avi", "v_Punch_g03.avi", "v_Punch_gx_c02.avi", "v_Punch_g03_c.avi", "g03_c02.avi",
                           "a_g01_c02/clip.avi", "_c02", "v_Punch_c02_g03.avi"}) {
    CAPTURE(name);
    CHECK(rcar::ucf_group(name).empty());
  }
}

TEST_CASE("a stratified split uses every row once and keeps both sides in order") {
  const auto rows = ucf_like();
  const auto split = rows.split(Validation::stratified);
  CHECK(std::is_sorted(split.train.begin(), split.train.end()));
  CHECK(std::is_sorted(split.validation.begin(), split.validation.end()));
  std::set<std::size_t> seen(split.train.begin(), split.train.end());
  seen.insert(split.validation.begin(), split.validation.end());
  CHECK(seen.size() == rows.labels.size());
  CHECK(split.train.size() + split.validation.size() == rows.labels.size());
  CHECK(split.warnings.empty());
}

TEST_CASE("a stratified split takes the fraction of every class to within one clip") {
  const auto rows = ucf_like();
  for (const double fraction : {0.1, 0.3, 0.5, 0.77}) {
    std::map<std::string, int> all_rows, validation;
    for (std::size_t row = 0; row < rows.labels.size(); ++row) ++all_rows[rows.class_of(row)];
    for (const auto row : rows.split(Validation::stratified, fraction).validation) ++validation[rows.class_of(row)];
    for (const auto& [name, count] : all_rows) CHECK(std::abs(validation[name] - fraction * count) <= 1);
  }
}

TEST_CASE("a stratified split keeps every group on one side") {
  const auto rows = ucf_like();
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    std::set<std::string> train, validation;
    const auto split = rows.split(Validation::stratified, 0.3, seed);
    for (const auto row : split.train) train.insert(rows.class_of(row) + rcar::ucf_group(rows.clips[row]));
    for (const auto row : split.validation)
      CHECK(train.count(rows.class_of(row) + rcar::ucf_group(rows.clips[row])) == 0);
  }
}

TEST_CASE("the seed decides which groups validate, the order of the list does not") {
  const auto rows = ucf_like();
  const auto first = rows.split(Validation::stratified, 0.3, 1);
  CHECK(first.validation == rows.split(Validation::stratified, 0.3, 1).validation);
  CHECK(first.validation != rows.split(Validation::stratified, 0.3, 2).validation);

  Rows turned = rows;
  std::reverse(turned.labels.begin(), turned.labels.end());
  std::reverse(turned.clips.begin(), turned.clips.end());
  const auto other = turned.split(Validation::stratified, 0.3, 1);
  std::set<std::string> here, there;
  for (const auto row : first.validation) here.insert(rows.clips[row]);
  for (const auto row : other.validation) there.insert(turned.clips[row]);
  CHECK(here == there);
}

TEST_CASE("every group gets its turn in validation as seeds vary") {
  const auto rows = ucf_like();
  std::set<std::string> validated;
  for (std::uint64_t seed = 0; seed < 60; ++seed)
    for (const auto row : rows.split(Validation::stratified, 0.3, seed).validation)
      validated.insert(rows.class_of(row) + rcar::ucf_group(rows.clips[row]));
  CHECK(validated.size() == 5 * 18);
}

TEST_CASE("the chosen groups come as near to the fraction as any choice of groups") {
  Rows rows;
  for (const int count : {7, 5, 9, 2}) rows.add("Punch", 1 + static_cast<int>(rows.labels.size()), count);
  // Sums of some but not all of 7, 5, 9, 2 around 0.3 x 23 = 6.9: 7 is nearest.
  CHECK(rows.split(Validation::stratified).validation.size() == 7);
  CHECK(rows.split(Validation::stratified, 0.01).validation.size() == 2);   // never nothing
  CHECK(rows.split(Validation::stratified, 0.99).validation.size() == 21);  // never everything
}

TEST_CASE("clips without a group stand alone") {
  Rows rows;
  rows.classes = {"a"};
  for (int i = 0; i < 10; ++i) rows.labels.push_back(0), rows.clips.push_back("clip" + std::to_string(i) + ".mp4");
  CHECK(rows.split(Validation::stratified).validation.size() == 3);
  CHECK(rows.split(Validation::stratified).warnings.empty());
}

TEST_CASE("a class of thousands of single clips is split in moderate time and to the clip") {
  Rows rows;
  rows.classes = {"a"};
  for (int i = 0; i < 20000; ++i) rows.labels.push_back(0), rows.clips.push_back("clip" + std::to_string(i));
  CHECK(rows.split(Validation::stratified).validation.size() == 6000);
}

TEST_CASE("a class of one group is split by clip, a class of one clip is trained on, and both are named") {
  Rows rows;
  rows.add("OneGroup", 1, 10);
  rows.add("OneClip", 1, 1);
  rows.add("Good", 1, 5);
  rows.add("Good", 2, 2);
  const auto split = rows.split(Validation::stratified);
  std::map<std::string, int> validation;
  for (const auto row : split.validation) ++validation[rows.class_of(row)];
  CHECK(validation == std::map<std::string, int>{{"OneGroup", 3}, {"Good", 2}});
  REQUIRE(split.warnings.size() == 2);
  CHECK_THAT(split.warnings[0], Contains("OneGroup") && !Contains("Good"));
  CHECK_THAT(split.warnings[1], Contains("OneClip") && !Contains("Good"));
}

TEST_CASE("last takes the rows that Keras's validation_split takes") {
  // floor(n * (1.0 - fraction)) in Python
  for (const auto& [n, fraction, train] :
       {std::tuple(594, 0.3, 415u), std::tuple(195, 0.3, 136u), std::tuple(10, 0.3, 7u), std::tuple(7, 0.1, 6u),
        std::tuple(20, 0.35, 13u), std::tuple(30, 0.9, 2u)}) {
    Rows rows;
    rows.add("a", 1, n);
    const auto split = rows.split(Validation::last, fraction);
    CHECK(split.train.size() == train);
    CHECK(split.train.back() == train - 1);
    CHECK(split.validation.front() == train);
    CHECK(split.validation.size() == static_cast<std::size_t>(n) - train);
  }
}

TEST_CASE("last names the classes that training never sees and the groups on both sides") {
  Rows rows;  // the original's 594 clips, sorted by class
  for (const auto& [name, count] :
       {std::pair("CricketShot", 118), std::pair("PlayingCello", 120), std::pair("Punch", 121),
        std::pair("ShavingBeard", 118), std::pair("TennisSwing", 117)})
    for (int i = 0; i < count; ++i) rows.add(name, 8 + i / 5, 1);
  const auto split = rows.split(Validation::last);
  CHECK(split.validation.size() == 179);
  REQUIRE(split.warnings.size() == 2);
  CHECK_THAT(split.warnings[0], Contains("TennisSwing") && !Contains("ShavingBeard"));
  CHECK_THAT(split.warnings[1], Contains("1 group has") && Contains("ShavingBeard g19"));
}

TEST_CASE("last refuses what Keras refuses: a side without rows") {
  Rows rows;
  rows.add("a", 1, 1);
  CHECK_THROWS_WITH(rows.split(Validation::last), Contains("1 clip is too few"));
}

TEST_CASE("no validation trains on all rows") {
  const auto rows = ucf_like();
  const auto split = rows.split(Validation::none, 0);
  CHECK(split.train.size() == rows.labels.size());
  CHECK(split.validation.empty());
}

TEST_CASE("a fraction outside 0 to 1 is refused") {
  const auto rows = ucf_like();
  for (const double fraction : {0.0, 1.0, -0.1, 1.5, std::nan("")})
    CHECK_THROWS_AS(rows.split(Validation::stratified, fraction), rcar::UsageError);
}

TEST_CASE("the names of validation splits are read back") {
  for (const auto each : {Validation::stratified, Validation::last, Validation::none})
    CHECK(rcar::parse_validation(std::string(to_string(each))) == each);
  CHECK_THROWS_WITH(rcar::parse_validation("random"), Contains("'random'") && Contains("stratified, last or none"));
}

TEST_CASE("a feature set splits by its labels and clips, and select gives the rows") {
  const auto rows = ucf_like();
  const std::size_t n = rows.labels.size();
  rcar::FeatureSet set{rcar::Features(rcar::Features::shape_type{n, 2, 3}), rcar::Mask(rcar::Mask::shape_type{n, 2}),
                       rows.labels, rows.clips};
  for (std::size_t i = 0; i < n * 6; ++i) set.features.data()[i] = static_cast<float>(i);
  for (std::size_t i = 0; i < n * 2; ++i) set.mask.data()[i] = i % 3 != 0;
  const auto split = rcar::split_validation(set, rcar::StringLookup(rows.classes), Validation::stratified, 0.3, 1);
  CHECK(split.validation == rows.split(Validation::stratified).validation);

  const auto part = set.select(split.validation);
  REQUIRE(part.size() == split.validation.size());
  CHECK(part.features.shape(0) == part.size());
  for (std::size_t i = 0; i < part.size(); ++i) {
    const std::size_t row = split.validation[i];
    CHECK(part.labels[i] == set.labels[row]);
    CHECK(part.clips[i] == set.clips[row]);
    CHECK(part.features(i, 1, 2) == set.features(row, 1, 2));
    CHECK(part.mask(i, 0) == set.mask(row, 0));
    CHECK(part.mask(i, 1) == set.mask(row, 1));
  }
  CHECK_THROWS_WITH(set.select(std::vector<std::size_t>{n}), Contains(std::to_string(n)));
  CHECK(set.select({}).size() == 0);
}

TEST_CASE("a list divides into training and test clips by group, and the order stays") {
  const auto rows = ucf_like();
  rcar::Dataset data{"clips", {}};
  for (std::size_t row = 0; row < rows.labels.size(); ++row)
    data.entries.push_back({rows.class_of(row) + "/" + rows.clips[row], rows.class_of(row)});
  const auto parts = rcar::split_train_test(data, 0.25, 7);
  CHECK(parts.train.size() + parts.test.size() == data.size());
  CHECK(static_cast<double>(parts.test.size()) == Approx(0.25 * static_cast<double>(data.size())).margin(5));
  CHECK(parts.test.directory == "clips");
  CHECK(rcar::group_overlap(parts.train, parts.test).empty());
  CHECK(parts.warnings.empty());
  const auto by_name = [](const auto& a, const auto& b) { return a.video_name < b.video_name; };
  CHECK(std::is_sorted(parts.test.entries.begin(), parts.test.entries.end(), by_name));
}

TEST_CASE("groups in both lists are reported once, by class") {
  const rcar::Dataset train{"",
                            {{"v_Punch_g03_c01.avi", "Punch"},
                             {"v_Punch_g03_c02.avi", "Punch"},
                             {"v_Dive_g04_c01.avi", "Dive"},
                             {"v_Dive_g05_c01.avi", "Dive"},
                             {"1.avi", "Dive"}}};
  const rcar::Dataset test{"",
                           {{"Dive/v_Dive_g05_c02.avi", "Dive"},
                            {"v_Dive_g03_c01.avi", "Dive"},
                            {"v_Punch_g03_c03.avi", "Punch"},
                            {"v_Punch_g03_c04.avi", "Punch"},
                            {"1.avi", "Dive"}}};
  const auto both = rcar::group_overlap(train, test);
  CHECK(both == std::vector<std::string>{"Dive g05", "Punch g03"});
  CHECK_THAT(rcar::overlap_warning(both), Contains("2 groups have") && Contains("Dive g05, Punch g03"));
  CHECK(rcar::overlap_warning({}).empty());
  CHECK(all(rcar::group_overlap(train, {})).empty());
}

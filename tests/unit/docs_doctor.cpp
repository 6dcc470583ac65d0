/// The C++ of docs/doctor.md (tests/architecture/check_snippets.py compares the two).

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <rcar/data/any_folder.hpp>
#include <rcar/doctor/fixed_list.hpp>
#include <string>

#include "tests/support/clips.hpp"
#include "tools/synthetic_clips.hpp"

using namespace rcar;

TEST_CASE("the example of the doctor's page", "[docs]") {
  const test::TempFolder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  for (const std::size_t kind : {0, 4}) {
    const auto& name = synthetic::classes[kind];
    const auto place = std::filesystem::path("videos") / name.name;
    std::filesystem::create_directories(place);
    for (int i = 0; i < 9; ++i)
      synthetic::write_clip(synthetic::draw_clip(kind, i, {.width = 64, .height = 48, .frames = 8}), 10,
                            place / synthetic::clip_name(name, i));
  }
  const doctor::CaseFile file =
      doctor::examine(read_data({.folder = "videos"}), {.validation = Validation::stratified});
  for (const doctor::Finding& finding : doctor::findings(file))
    if (finding.severity == doctor::Severity::error) std::puts(finding.what.c_str());
  doctor::write_fixed_folder(doctor::fixed_list(file), "videos_fixed");
  CHECK(read_prepared_folder("videos_fixed").train.size() == file.data.train.size());
  std::filesystem::current_path(before);
}

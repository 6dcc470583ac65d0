/// Draws labelled clips whose classes differ, in pairs, only in the order of events: something to learn from without
/// any data set. See synthetic_clips.hpp for what is drawn.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <rcar/core/error.hpp>
#include <rcar/core/progress.hpp>
#include <rcar/core/threads.hpp>
#include <set>
#include <string>
#include <vector>

#include "run_program.hpp"
#include "synthetic_clips.hpp"

namespace {

namespace fs = std::filesystem;
namespace synthetic = rcar::synthetic;

/// Whether the generator wrote a file of this name for some number of clips ("v_Growing_g02_c01.avi").
bool is_own_clip(const std::string& name, std::string_view class_name) {
  const std::string prefix = "v_" + std::string(class_name) + "_g";
  std::string rest = name.starts_with(".partial_") ? name.substr(9) : name;
  if (!rest.starts_with(prefix)) return false;
  rest = rest.substr(prefix.size());
  const auto digits = rest.find_first_not_of("0123456789");
  return digits != 0 && digits != std::string::npos && rest.size() == digits + 8 && rest.substr(digits, 2) == "_c" &&
         std::isdigit(static_cast<unsigned char>(rest[digits + 2])) &&
         std::isdigit(static_cast<unsigned char>(rest[digits + 3])) && rest.substr(digits + 4) == ".avi";
}

/// The folder may hold an earlier run's clips, nothing else: returns those, throws DataError at the first foreign
/// file.
std::vector<fs::path> earlier_clips(const fs::path& out) {
  const auto refuse = [](const fs::path& path) {
    throw rcar::DataError(rcar::quoted(path.string()) +
                          " is not a clip of this generator; give --out an empty or a new folder.");
  };
  std::vector<fs::path> earlier;
  if (!fs::exists(out)) return earlier;
  if (!fs::is_directory(out))
    throw rcar::DataError(rcar::quoted(out.string()) + " is no folder; give --out an empty or a new folder.");
  for (const auto& folder : fs::directory_iterator(out)) {
    const auto known = std::find_if(synthetic::classes.begin(), synthetic::classes.end(), [&](const auto& kind) {
      return folder.path().filename() == kind.name && folder.is_directory();
    });
    if (known == synthetic::classes.end()) refuse(folder.path());
    for (const auto& file : fs::directory_iterator(folder)) {
      if (!file.is_regular_file() || !is_own_clip(file.path().filename(), known->name)) refuse(file.path());
      earlier.push_back(file.path());
    }
  }
  return earlier;
}

void generate(const fs::path& out, int clips_per_class, const synthetic::ClipOptions& options) {
  std::set<fs::path> stale;
  for (auto& path : earlier_clips(out)) stale.insert(std::move(path));
  const auto clips = static_cast<std::size_t>(clips_per_class);
  const std::size_t total = synthetic::classes.size() * clips;
  for (const auto& kind : synthetic::classes) {
    std::error_code failure;
    fs::create_directories(out / kind.name, failure);
    if (failure)
      throw rcar::FileError("Cannot create the folder " + rcar::quoted((out / kind.name).string()) + ": " +
                            failure.message() + "; give --out a folder that can be written.");
    for (int index = 0; index < clips_per_class; ++index)
      stale.erase(out / kind.name / synthetic::clip_name(kind, index));
  }
  for (const auto& path : stale) fs::remove(path);
  rcar::Progress progress("Drawing clips", total, "clips");
  rcar::parallel_for(total, [&](std::size_t item, std::size_t) {
    const std::size_t kind = item / clips;
    const int index = static_cast<int>(item % clips);
    synthetic::write_clip(synthetic::draw_clip(kind, index, options), options.frames_per_second,
                          out / synthetic::classes[kind].name / synthetic::clip_name(synthetic::classes[kind], index));
    progress.advance(1);
  });
}

}  // namespace

int main(int argc, char** argv) {
  fs::path out;
  int clips_per_class = 30;
  std::string size = "160x120";
  synthetic::ClipOptions options;

  CLI::App app{
      "Draws labelled clips: Motion JPEG AVI files, one folder a class. Only the order of events tells the two\n"
      "classes of a pair apart: Growing and Shrinking, CircleThenSquare and SquareThenCircle, StripesThenDots\n"
      "and DotsThenStripes. Three clips each share a background and a group number (gNN). Equal options give\n"
      "equal bytes."};
  app.footer(
      "Examples:\n"
      "  generate_clips --out clips\n"
      "  generate_clips --out clips --clips-per-class 60 --frames 40 --size 320x240 --seed 7\n"
      "\n"
      "A folder of an earlier run is drawn anew; a folder that holds anything else is refused.");
  app.option_defaults()->always_capture_default();
  app.add_option("--out", out, "folder for the clips: OUT/<Class>/v_<Class>_gNN_cMM.avi")->required();
  app.add_option("--clips-per-class", clips_per_class, "clips of each class")->check(CLI::Range(1, 99'999));
  app.add_option("--frames", options.frames, "frames of each clip; a recognizer of as many steps sees all of it")
      ->check(CLI::Range(2, 100'000));
  app.add_option("--size", size, "width and height in pixels, 32x32 to 4096x4096")
      ->check(CLI::Validator(
          [&options](std::string& text) {
            int used = 0;
            const bool read = std::sscanf(text.c_str(), "%dx%d%n", &options.width, &options.height, &used) == 2 &&
                              static_cast<std::size_t>(used) == text.size();
            const auto fits = [](int extent) { return extent >= 32 && extent <= 4096; };
            return read && fits(options.width) && fits(options.height)
                       ? std::string()
                       : "give width and height as 160x120, from 32x32 to 4096x4096, not " + rcar::quoted(text);
          },
          "WxH"));
  app.add_option("--fps", options.frames_per_second, "frames per second")->check(CLI::Range(1.0, 1000.0));
  app.add_option("--seed", options.seed, "what all chance is drawn from")->check(CLI::NonNegativeNumber);
  return rcar::tools::run_program(app, argc, argv, [&] {
    generate(out, clips_per_class, options);
    std::printf("%zu classes of %d clips are in %s\n", synthetic::classes.size(), clips_per_class, out.c_str());
    return 0;
  });
}

#pragma once
/// Names for files that are written about a clip: taken from the clip's name, which is data and no path to trust.

#include <filesystem>
#include <set>
#include <string>
#include <string_view>

namespace rcar::live {

/// Gives each clip a file of its own in one folder.
///
///     OutputNames names("out");
///     names("a/jump.avi", ".mp4");   // out/jump.mp4
///     names("b/jump.avi", ".mp4");   // out/jump-2.mp4
class OutputNames {
 public:
  explicit OutputNames(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// The clip's name without its folders and its ending; control characters, slashes and a leading dot become '_', and
  /// whatever is longer than file systems take is cut. So the result lies in the folder, whatever the clip is called.
  std::filesystem::path operator()(const std::filesystem::path& clip, std::string_view ending) {
    std::string stem = safe(clip.filename().stem().string());
    std::string name = stem + std::string(ending);
    for (int number = 2; !given_.insert(name).second; ++number)
      name = stem + "-" + std::to_string(number) + std::string(ending);
    return folder_ / name;
  }

 private:
  static std::string safe(std::string stem) {
    for (char& c : stem)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '/' || c == '\\') c = '_';
    if (stem.empty()) stem = "clip";
    if (stem[0] == '.' || stem[0] == '-') stem[0] = '_';
    constexpr std::size_t longest = 200;  // of 255 bytes that a name may have
    if (stem.size() > longest) {
      stem.resize(longest);
      while (!stem.empty() && (static_cast<unsigned char>(stem.back()) & 0xC0) == 0x80) stem.pop_back();
      if (!stem.empty() && static_cast<unsigned char>(stem.back()) >= 0xC0) stem.pop_back();
    }
    return stem;
  }

  std::filesystem::path folder_;
  std::set<std::string> given_;
};

}  // namespace rcar::live

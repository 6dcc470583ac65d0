#pragma once
/// What a person means by CLIP, FOLDER, CAMERA, RTSP or -: the kind of a source of frames, told from its text.

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "../core/error.hpp"

namespace rcar::live {

/// What a name on the command line means.
enum class SourceKind { clip, folder, camera, url, pipe };

/// One thing to predict, as it was named.
struct Source {
  SourceKind kind = SourceKind::clip;
  std::string name;  // a path, an address, or "-"

  /// Whether its frames come when they come and cannot be asked for again.
  bool is_stream() const { return kind != SourceKind::clip && kind != SourceKind::folder; }
};

/// Addresses that are read as streams. "file://" is none: a clip is named by its path.
inline constexpr std::array<std::string_view, 12> url_schemes{"rtsp", "rtsps", "rtmp", "rtmps", "http", "https",
                                                              "hls",  "udp",   "tcp",  "rtp",   "srt",  "tls"};

/// "-" is standard input; RTSP, HTTP, UDP and such addresses are streams; /dev/video0, any other character device, or a
/// bare number N that is no file (/dev/videoN) is a camera; a named pipe is read like standard input; a folder is all
/// its videos; everything else is a clip, which need not exist yet to be called one.
/// Throws UsageError for an empty text and for an address of a scheme that is not read.
inline Source parse_source(const std::string& text) {
  if (text.empty()) throw UsageError("A source is empty; give a clip, a folder, a camera, an address or '-'.");
  if (text == "-") return {SourceKind::pipe, text};
  if (const auto colon = text.find("://"); colon != std::string::npos) {
    std::string scheme = text.substr(0, colon);
    std::transform(scheme.begin(), scheme.end(), scheme.begin(), [](unsigned char c) { return std::tolower(c); });
    if (std::find(url_schemes.begin(), url_schemes.end(), scheme) != url_schemes.end()) return {SourceKind::url, text};
    const bool word = !scheme.empty() && std::all_of(scheme.begin(), scheme.end(), [](unsigned char c) {
      return std::isalnum(c) || c == '+' || c == '-' || c == '.';
    });
    if (word)
      throw UsageError("Addresses of the scheme " + quoted(scheme) +
                       " are not read; give rtsp, rtmp, http, https, udp, tcp, rtp or srt, or the path of a clip.");
  }
  std::error_code failure;
  const auto status = std::filesystem::status(text, failure);
  const bool number =
      text.size() <= 3 && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c); });
  if (number && !std::filesystem::exists(status)) return {SourceKind::camera, "/dev/video" + text};
  if (std::filesystem::is_directory(status)) return {SourceKind::folder, text};
  if (std::filesystem::is_fifo(status)) return {SourceKind::pipe, text};
  if (std::filesystem::is_character_file(status) || text.starts_with("/dev/video")) return {SourceKind::camera, text};
  return {SourceKind::clip, text};
}

/// An address as messages and files may show it: without the user name and password that it may hold.
inline std::string without_password(const std::string& address) {
  const auto begin = address.find("://");
  if (begin == std::string::npos) return address;
  const auto end = std::min(address.find_first_of("/?#", begin + 3), address.size());
  const auto at = address.rfind('@', end == 0 ? 0 : end - 1);
  if (at == std::string::npos || at < begin + 3) return address;
  return address.substr(0, begin + 3) + address.substr(at + 1);
}

/// The endings by which a folder's videos are known.
inline bool has_video_ending(const std::filesystem::path& path) {
  static constexpr std::array<std::string_view, 18> endings{".avi", ".mp4",  ".mkv", ".mov", ".webm",  ".m4v",
                                                            ".mpg", ".mpeg", ".wmv", ".flv", ".3gp",   ".ts",
                                                            ".mts", ".m2ts", ".ogv", ".y4m", ".mjpeg", ".mjpg"};
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::find(endings.begin(), endings.end(), ending) != endings.end();
}

/// The videos below a folder, however deep, in the order of their names' bytes; hidden files and folders are passed
/// over, and folders that are links, which may lead in circles.
/// Throws DataError when there is none, FileError when a folder cannot be read.
inline std::vector<std::filesystem::path> videos_below(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  std::vector<fs::path> videos;
  std::error_code failure;
  fs::recursive_directory_iterator at(folder, failure), end;
  for (; !failure && at != end; at.increment(failure)) {
    const bool hidden = at->path().filename().string().starts_with('.');
    std::error_code unknown;
    if (at->is_directory(unknown)) {
      if (hidden || at->is_symlink(unknown)) at.disable_recursion_pending();
    } else if (!hidden && has_video_ending(at->path())) {
      videos.push_back(at->path());
    }
  }
  if (failure)
    throw FileError("Cannot read the folder " + quoted(folder.string()) + ": " + failure.message() +
                    "; check the path and its permissions.");
  if (videos.empty())
    throw DataError("There is no video in the folder " + quoted(folder.string()) +
                    "; give one that holds .avi, .mp4, .mkv, .mov, .webm or the like.");
  std::sort(videos.begin(), videos.end(), [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
  return videos;
}

}  // namespace rcar::live

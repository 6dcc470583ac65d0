#pragma once
// What the two ways of `rcar predict` share: one label a clip, and the time line of a clip or a stream.

#include <cstddef>
#include <filesystem>
#include <optional>
#include <rcar/live/reader.hpp>
#include <rcar/live/source.hpp>
#include <rcar/live/timeline.hpp>
#include <string>
#include <vector>

#include "network_options.hpp"
#include "program.hpp"

namespace rcar::tools {

struct PredictOptions {
  ModelOptions model;
  std::vector<std::string> sources;
  // what is written
  std::filesystem::path csv, json_lines, video, gif;
  std::size_t top = 1;
  // the time line
  bool timeline = false;
  std::optional<double> threshold, window_s;
  std::size_t stride = 0;
  std::string smoothing = "exponential", nothing = "nothing";
  live::TimelineOptions line;
  // streams
  bool live = false, once = false;
  live::ReopenOptions reopen;
  std::string rtsp_transport = "tcp", camera_size, camera_rate;
};

/// A clip that could not be read, and why.
struct FailedClip {
  std::string clip, reason;
};

/// A line of results for people; a progress line that a terminal shows gives way to it.
void say_result(const Console& console, const std::string& line);

/// A warning or a note, likewise.
void clear_progress_line(const Console& console);

/// "93.1%"
std::string percent(double probability);

/// Where a file about each clip is written: for one clip `path` itself, for several a file of the clip's name in the
/// folder `path`, which is made.
std::vector<std::filesystem::path> paths_of_clips(const std::filesystem::path& path, const std::string& ending,
                                                  const std::vector<std::string>& clips);

/// One label a clip, all cores at work, results in the order of the list.
int predict_clips(const PredictOptions& options, const std::vector<std::string>& clips, AnyRecognizer& recognizer,
                  const Console& console);

/// The time lines of clips, one after the other, each on all cores.
int predict_timelines(const PredictOptions& options, const std::vector<std::string>& clips, AnyRecognizer& recognizer,
                      const Console& console);

/// The time line of a camera, an address or a pipe, until it ends or somebody ends it.
int predict_stream(const PredictOptions& options, const live::Source& source, AnyRecognizer& recognizer,
                   const Console& console);

}  // namespace rcar::tools

// rcar predict: what happens in clips, folders of clips, cameras and streams.
#include "predict.hpp"

#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <rcar/live/output_names.hpp>
#include <set>

#include "commands.hpp"

namespace rcar::tools {

namespace {

namespace fs = std::filesystem;

/// Folders give way to their clips. A stream stands alone: it may never end.
std::vector<std::string> clips_of(const std::vector<live::Source>& sources) {
  std::vector<std::string> clips;
  for (const live::Source& source : sources) {
    if (source.kind == live::SourceKind::folder)
      for (const fs::path& path : live::videos_below(source.name)) clips.push_back(path.string());
    else
      clips.push_back(source.name);
  }
  return clips;
}

void require_sense(const PredictOptions& options, const std::vector<live::Source>& sources, bool stream) {
  for (const live::Source& source : sources)
    if (source.is_stream() && sources.size() > 1)
      throw UsageError(quoted(live::without_password(source.name)) +
                       " is a stream and has to stand alone; give other sources to another run.");
  if (stream && !options.gif.empty())
    throw UsageError("--gif is for clips; write the stream's frames with --video FILE.mp4.");
  if (options.timeline && !options.gif.empty())
    throw UsageError("--gif shows the frames of a whole clip's prediction; a time line is drawn with --video.");
  if (options.stride > 0 && options.window_s)
    throw UsageError("--stride and --window say the same in two ways; give one of them.");
  const bool numbers = std::isnan(options.threshold.value_or(0)) || std::isnan(options.window_s.value_or(0)) ||
                       std::isnan(options.line.smooth_s) || std::isnan(options.line.hysteresis) ||
                       std::isnan(options.line.min_duration_s) || std::isnan(options.reopen.timeout_s) ||
                       std::isnan(options.reopen.give_up_after_s.value_or(0));
  if (numbers)
    throw UsageError("An option's value is no number; --help tells what each takes.");  // CLI11 lets nan pass
}

int predict(const PredictOptions& given, const Console& console) {
  PredictOptions options = given;
  std::vector<live::Source> sources;
  for (const std::string& text : options.sources) sources.push_back(live::parse_source(text));
  const bool stream = sources.front().is_stream();
  require_sense(options, sources, stream);
  options.line.smoothing = live::parse_smoothing(options.smoothing);
  const std::vector<std::string> clips = stream ? std::vector<std::string>() : clips_of(sources);
  const auto recognizer = options.model.load(console);
  if (stream) return predict_stream(options, sources.front(), *recognizer, console);
  if (options.timeline || !options.video.empty()) return predict_timelines(options, clips, *recognizer, console);
  return predict_clips(options, clips, *recognizer, console);
}

void add_stream_options(CLI::App& app, PredictOptions& options) {
  const auto option = [&](const std::string& name, auto& value, const std::string& what) {
    return app.add_option(name, value, what)->group("Streams");
  };
  option("--timeout", options.reopen.timeout_s, "Seconds without a frame after which a stream has dropped out")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 3600.0));
  option("--give-up-after", options.reopen.give_up_after_s,
         "Seconds without a frame after which to end with an error; also has the first opening tried so long "
         "(default: the first opening must succeed, later ones are tried for ever)")
      ->check(CLI::Range(0.0, 1e9));
  app.add_flag("--once", options.once, "Take the end of a stream for the end, do not open it again")->group("Streams");
  app.add_flag("--live", options.live, "Treat standard input as a camera: frames that come too fast are left out")
      ->group("Streams");
  option("--rtsp-transport", options.rtsp_transport, "tcp: no loss; udp: less delay")
      ->capture_default_str()
      ->check(CLI::IsMember({"tcp", "udp"}));
  option("--camera-size", options.camera_size, "WIDTHxHEIGHT that the camera is asked for");
  option("--camera-fps", options.camera_rate, "Frames a second that the camera is asked for");
}

void add_timeline_options(CLI::App& app, PredictOptions& options) {
  const auto option = [&](const std::string& name, auto& value, const std::string& what) {
    return app.add_option(name, value, what)->group("Time line");
  };
  app.add_flag("--timeline", options.timeline, "Say of clips too what happens when, not one label for all of each")
      ->group("Time line");
  option("--stride", options.stride, "The window takes every so many frames (default: every frame)")
      ->check(CLI::Range(1, 1000000));
  option("--window", options.window_s,
         "The window's frames span so many seconds (default for a model of sampler uniform: 5)")
      ->check(CLI::Range(0.01, 86400.0));
  option("--every", options.line.every, "The head runs once in so many frames of the window")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  option("--smoothing", options.smoothing, "exponential, or mean of the last seconds")->capture_default_str();
  option("--smooth", options.line.smooth_s, "Time constant, or length of the mean, in seconds; 0: none")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 3600.0));
  option("--threshold", options.threshold,
         "Probability below which nothing is happening (default: 0.5 for time lines, 0 for one label a clip)")
      ->check(CLI::Range(0.0, 1.0));
  option("--hysteresis", options.line.hysteresis,
         "A label is kept until it is so much below the threshold or another label")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  option("--min-duration", options.line.min_duration_s, "Shorter segments count for their neighbour, seconds")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 86400.0));
  option("--nothing", options.nothing, "What to call it when nothing is happening")->capture_default_str();
}

}  // namespace

void clear_progress_line(const Console& console) {
  if (console.progress() == ProgressDisplay::automatic && ::isatty(STDERR_FILENO) == 1) std::fputs("\r\x1b[2K", stderr);
}

void say_result(const Console& console, const std::string& line) {
  clear_progress_line(console);
  std::string shown;  // a name may hold control characters, which a terminal would obey
  for (const char c : line) shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  console.say(shown);
}

std::string percent(double probability) {
  char text[16];
  std::snprintf(text, sizeof text, "%.1f%%", 100 * probability);
  return text;
}

std::vector<fs::path> paths_of_clips(const fs::path& path, const std::string& ending,
                                     const std::vector<std::string>& clips) {
  if (path.empty()) return std::vector<fs::path>(clips.size());
  std::vector<fs::path> paths;
  if (clips.size() == 1 && !fs::is_directory(path)) {
    paths.push_back(path);
  } else {
    std::error_code failure;
    fs::create_directories(path, failure);
    if (failure || !fs::is_directory(path))
      throw FileError("Cannot make the folder " + quoted(path.string()) + " for a file a clip" +
                      (failure ? ": " + failure.message() : std::string()) + "; give the path of a folder.");
    live::OutputNames names(path);
    for (const std::string& clip : clips) paths.push_back(names(clip, ending));
  }
  std::error_code ignored;
  std::set<fs::path> sources;
  for (const std::string& clip : clips) sources.insert(fs::weakly_canonical(clip, ignored));
  for (const fs::path& each : paths)
    if (sources.contains(fs::weakly_canonical(each, ignored)))
      throw UsageError(quoted(each.string()) +
                       " is one of the clips and would be overwritten; write to another place.");
  return paths;
}

void add_predict(Program& program) {
  const auto options = std::make_shared<PredictOptions>();
  CLI::App& app = program.add(
      "predict", "Says what happens in clips, or in a camera's or another stream's frames as they come",
      "  rcar predict out/model.rcar clip.mp4 --weights weights/efficientnetb0.safetensors\n"
      "  rcar predict out/model.rcar videos/ --weights W --csv labels.csv             # one label a clip\n"
      "  rcar predict out/model.rcar long.mp4 --weights W --timeline --csv line.csv --video drawn.mp4\n"
      "  rcar predict out/model.rcar 0 --weights W                                    # /dev/video0\n"
      "  rcar predict out/model.rcar rtsp://camera/stream --weights W --jsonl events.jsonl --threshold 0.7\n"
      "  ffmpeg -i clip.mp4 -f matroska - | rcar predict out/model.rcar - --weights W\n"
      "A camera that drops out is opened again. Ctrl-C ends a stream; what is written is then whole.",
      [=](Console& console) { return predict(*options, console); });
  options->model.add(app);
  app.add_option(
         "SOURCE", options->sources,
         "Clips and folders of clips; or one stream: a camera (/dev/video0, or 0), an address (rtsp, http, udp, "
         "...), a named pipe, or - for standard input")
      ->required();
  app.add_option("--csv", options->csv, "Write labels (a row a clip) or segments (a row each) as CSV");
  app.add_option("--jsonl", options->json_lines, "The same as JSON, a line each; of a stream as they come");
  app.add_option("--video", options->video,
                 "Draw the label into every frame and write FILE.mp4; for several clips a folder. Has clips predicted "
                 "as with --timeline");
  app.add_option("--gif", options->gif, "Write the frames looked at, one label a clip; for several clips a folder");
  app.add_option("--top", options->top, "Classes to show of each clip")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  add_timeline_options(app, *options);
  add_stream_options(app, *options);
}

}  // namespace rcar::tools

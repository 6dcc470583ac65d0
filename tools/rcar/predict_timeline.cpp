// rcar predict, the time line of clips or of a stream.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <exception>
#include <memory>
#include <rcar/data/csv.hpp>
#include <rcar/live/frame_queue.hpp>
#include <rcar/live/meter.hpp>
#include <rcar/live/overlay.hpp>
#include <rcar/report/canvas.hpp>
#include <rcar/video/camera.hpp>
#include <rcar/video/video_writer.hpp>

#include "ending.hpp"
#include "predict.hpp"
#include "segment_files.hpp"

namespace rcar::tools {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

constexpr std::size_t queue_bytes = std::size_t{64} << 20;
constexpr double uniform_window_s = 5;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::string fixed(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

std::string line_of(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

/// Where segments go: lines for people, CSV, JSON lines.
class SegmentOutputs {
 public:
  SegmentOutputs(const PredictOptions& options, Growing growing)
      : csv_(options.csv, growing), json_lines_(options.json_lines, growing) {
    csv_.write("clip,start_s,end_s,label,mean_probability,frames\n");
  }

  void write(const std::string& source, const std::string& label, const live::Segment& segment, const Json& json) {
    csv_.write(csv_line(std::array{source, fixed(segment.start_s, 3), fixed(segment.end_s, 3), label,
                                   fixed(segment.mean_probability, 6), std::to_string(segment.frames)}));
    json_lines_.write(line_of(json));
  }
  void finish() {
    csv_.finish();
    json_lines_.finish();
  }

 private:
  LineFile csv_, json_lines_;
};

/// How a source's frames are read and what is known of them afterwards.
struct Feed {
  std::string shown;  // of the source, without a password
  bool stream = false;
  live::Overflow overflow = live::Overflow::wait;
  std::function<std::unique_ptr<live::FrameReader>(const live::ReaderOptions&, live::FrameQueue&)> read;
};

/// One source from its first frame to its last.
class TimelineRun {
 public:
  TimelineRun(const PredictOptions& options, AnyRecognizer& recognizer, const Console& console, const Feed& feed,
              const fs::path& video, SegmentOutputs& outputs)
      : options_(options),
        recognizer_(recognizer),
        console_(console),
        feed_(feed),
        video_path_(video),
        outputs_(outputs),
        timeline_(model(), line_options(), [this](const live::Segment& segment) { close(segment); }) {
    if (!video.empty()) VideoWriter probe(video, 25);
  }

  /// Returns once the source has ended or the user wants to end; rethrows what ended the source otherwise, once the
  /// time line and the drawn video are finished.
  Json run() {
    const FeatureExtractor extractor = recognizer_.extractor();
    const bool late = feed_.overflow == live::Overflow::drop_oldest;
    const std::size_t batch = late ? 4 : 32;
    live::FrameQueue queue(late ? batch : 2 * batch, queue_bytes, feed_.overflow);
    std::exception_ptr failure;
    {
      const auto reader = feed_.read(reader_options(extractor), queue);
      try {
        while (!queue.over() && !EndingOnSignal::wanted()) {
          const auto frames = queue.take(late ? 1 : batch, batch, std::chrono::milliseconds(100));
          predict(frames, *reader);
          if (!queue.over()) show_progress(*reader, queue);
        }
      } catch (const VideoError&) {
        failure = std::current_exception();
      }
      reader->stop();
      frames_read_ = reader->frames();
      reopened_ = reader->reopened();
      damaged_ = reader->damaged_packets();
      dropped_ = queue.dropped();
      frame_s_ = 1 / reader->frames_per_second();
    }
    if (progress_) progress_->finish();
    clear_progress_line(console_);
    end_line();
    if (video_ && (feed_.stream || !EndingOnSignal::wanted())) video_->finish();
    if (failure) std::rethrow_exception(failure);
    return summary();
  }

 private:
  live::WindowModel model() {
    return {recognizer_.extractor(),
            [this](const Features& features, const Mask& mask) { return recognizer_.predict(features, mask); }};
  }

  live::TimelineOptions line_options() const {
    live::TimelineOptions line = options_.line;
    line.threshold = options_.threshold.value_or(0.5);
    line.align = feed_.stream ? live::Align::end : live::Align::center;
    return line;
  }

  /// A model of sampler `first` saw frames one after the other in training, one of `uniform` frames over a whole clip.
  live::ReaderOptions reader_options(const FeatureExtractor& extractor) const {
    live::ReaderOptions reader;
    reader.image_dim = extractor.image_dim;
    reader.pictures = !video_path_.empty();
    reader.stride = options_.stride;
    const int gaps = std::max(1, extractor.sequence_length - 1);
    if (options_.window_s || (options_.stride == 0 && extractor.sampler == Sampler::uniform)) {
      reader.stride = 0;
      reader.spacing_s = options_.window_s.value_or(uniform_window_s) / gaps;
    } else if (options_.stride == 0) {
      reader.stride = 1;
    }
    return reader;
  }

  void predict(const std::vector<live::QueuedFrame>& frames, const live::FrameReader& reader) {
    std::vector<std::uint8_t> squares;
    std::vector<double> times;
    std::size_t done = 0;
    const auto flush = [&](std::size_t end) {
      const auto readings = timeline_.add(squares, times);
      const auto now = Clock::now();
      std::size_t reading = 0;
      for (; done < end; ++done) {
        const live::QueuedFrame& frame = frames[done];
        if (!frame.square.empty()) {
          if (const auto& each = readings[reading++]) decide(each->decision);
          latency_.add(std::chrono::duration<double>(now - frame.arrived).count());
          rate_.add(now);
        }
        last_s_ = frame.time_s;
        if (!frame.picture.empty()) draw(frame, reader);
      }
      squares.clear();
      times.clear();
    };
    for (std::size_t i = 0; i < frames.size(); ++i) {
      if (frames[i].gap) {
        flush(i);
        done = i + 1;
        frame_s_ = 1 / reader.frames_per_second();
        end_line();
        continue;
      }
      if (frames[i].square.empty()) continue;
      squares.insert(squares.end(), frames[i].square.begin(), frames[i].square.end());
      times.push_back(frames[i].time_s);
    }
    flush(frames.size());
  }

  void decide(const live::Decision& decision) {
    caption_ = {label(decision.label), decision.probability,
                decision.label ? live::Overlay::Tone::label : live::Overlay::Tone::quiet};
  }

  /// Ends the time line here: at the source's end, or where it dropped out.
  void end_line() {
    if (!last_s_) return;
    if (const auto reading = timeline_.finish(*last_s_ + frame_s_)) decide(reading->decision);
    caption_ = waiting();
  }

  void draw(const live::QueuedFrame& frame, const live::FrameReader& reader) {
    if (!video_)
      video_.emplace(video_path_, reader.frames_per_second(), feed_.stream ? VideoForm::endless : VideoForm::whole);
    cv::Mat picture = frame.picture;
    overlay_.draw(picture, caption_);
    video_->add(picture, frame.time_s);
  }

  std::string label(const std::optional<std::size_t>& of) const {
    return of ? recognizer_.labels().vocabulary()[*of] : options_.nothing;
  }

  void close(const live::Segment& segment) {
    const std::string name = label(segment.label);
    Json json = {{"clip", feed_.shown},         {"start_s", segment.start_s},
                 {"end_s", segment.end_s},      {"label", name},
                 {"abstained", !segment.label}, {"mean_probability", segment.mean_probability},
                 {"frames", segment.frames}};
    outputs_.write(feed_.shown, name, segment, json);
    char times[64];
    std::snprintf(times, sizeof times, "%10.2f s - %10.2f s  ", segment.start_s, segment.end_s);
    say_result(console_, times + name + " " + percent(segment.mean_probability));
    if (!console_.wants_json()) return;
    json.erase("clip");
    if (feed_.stream) {
      json = {{"segment", std::move(json)}};
      std::fputs(line_of(json).c_str(), stdout);
      std::fflush(stdout);
    } else {
      segments_.push_back(std::move(json));
    }
  }

  void show_progress(const live::FrameReader& reader, const live::FrameQueue& queue) {
    if (console_.progress() == ProgressDisplay::off) return;
    if (!feed_.stream) {
      if (!progress_ && reader.claimed_frames() > 0) progress_.emplace("Predicting", reader.claimed_frames(), "frames");
      const std::size_t seen = std::min(reader.frames(), reader.claimed_frames());
      if (progress_ && seen > progressed_) progress_->advance(seen - std::exchange(progressed_, seen));
      return;
    }
    const bool terminal = ::isatty(STDERR_FILENO) == 1;
    if (seconds_since(shown_at_) < (terminal ? 0.2 : 10.0)) return;
    shown_at_ = Clock::now();
    std::string text = fixed(last_s_.value_or(0), 1) + " s, " + fixed(rate_.per_second(Clock::now()), 1) +
                       " frames/s, " + std::to_string(queue.dropped()) + " left out, latency " +
                       fixed(1000 * latency_.quantile_s(0.5), 0) +
                       " ms (95 %: " + fixed(1000 * latency_.quantile_s(0.95), 0) + " ms), " + caption_.text;
    if (caption_.probability >= 0) text += " " + percent(caption_.probability);
    if (!terminal) return console_.note(text + ".");
    std::fprintf(stderr, "\r\x1b[2K%s", text.c_str());
    std::fflush(stderr);
  }

  Json summary() {
    const double took_s = seconds_since(start_);
    Json json = {{"clip", feed_.shown},
                 {"frames", frames_read_},
                 {"predicted_frames", timeline_.frames()},
                 {"seconds", took_s},
                 {"frames_per_second", took_s > 0 ? static_cast<double>(timeline_.frames()) / took_s : 0}};
    if (feed_.stream) {
      json["left_out_frames"] = dropped_;
      json["damaged_packets"] = damaged_;
      json["reopened"] = reopened_;
      json["started"] = started_;
      json["latency_ms"] = {{"median", 1000 * latency_.quantile_s(0.5)},
                            {"percentile_95", 1000 * latency_.quantile_s(0.95)},
                            {"longest", 1000 * latency_.longest_s()}};
      console_.say(std::to_string(frames_read_) + " frames read, " + std::to_string(timeline_.frames()) +
                   " predicted, " + std::to_string(dropped_) + " left out" +
                   (reopened_ ? ", opened again " + counted(reopened_, "time", "times") : std::string()) + "; " +
                   fixed(json["frames_per_second"].get<double>(), 1) +
                   " frames/s; from a frame's arrival to its label " + fixed(1000 * latency_.quantile_s(0.5), 1) +
                   " ms (median), " + fixed(1000 * latency_.quantile_s(0.95), 1) + " ms (95 %).");
    } else {
      json["segments"] = std::move(segments_);
      console_.say(std::to_string(timeline_.frames()) + " of " + std::to_string(frames_read_) + " frames predicted, " +
                   fixed(json["frames_per_second"].get<double>(), 1) + " frames/s.");
    }
    return json;
  }

  static live::Overlay::Caption waiting() { return {"...", -1, live::Overlay::Tone::quiet}; }
  static std::string now_text() {
    const std::time_t now = std::time(nullptr);
    char text[32];
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text;
  }

  const PredictOptions& options_;
  AnyRecognizer& recognizer_;
  const Console& console_;
  const Feed& feed_;
  fs::path video_path_;
  SegmentOutputs& outputs_;
  live::TimelinePredictor timeline_;
  live::Overlay overlay_;
  live::Overlay::Caption caption_ = waiting();
  std::optional<VideoWriter> video_;
  std::optional<Progress> progress_;
  live::LatencyHistogram latency_;
  live::RecentRate rate_;
  Json segments_ = Json::array();
  std::optional<double> last_s_;
  double frame_s_ = 0.04;
  std::size_t frames_read_ = 0, reopened_ = 0, damaged_ = 0, dropped_ = 0, progressed_ = 0;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point shown_at_ = start_;
  const std::string started_ = now_text();
};

/// Standard input, or a named pipe, opened for as long as this lives.
class OpenPipe {
 public:
  explicit OpenPipe(const std::string& name) : file_(name == "-" ? STDIN_FILENO : ::open(name.c_str(), O_RDONLY)) {
    if (file_ < 0) throw FileError("Cannot open the pipe " + quoted(name) + "; check its permissions.");
    if (name == "-" && ::isatty(STDIN_FILENO) == 1)
      throw UsageError(
          "Standard input is a terminal; send a video, as in `ffmpeg -i clip.mp4 -f matroska - | rcar "
          "predict MODEL - ...`.");
  }
  OpenPipe(const OpenPipe&) = delete;
  OpenPipe& operator=(const OpenPipe&) = delete;
  ~OpenPipe() {
    if (file_ > STDIN_FILENO) ::close(file_);
  }
  int file() const { return file_; }

 private:
  int file_;
};

}  // namespace

int predict_timelines(const PredictOptions& options, const std::vector<std::string>& clips, AnyRecognizer& recognizer,
                      const Console& console) {
  EndingOnSignal ending;
  const auto videos = paths_of_clips(options.video, ".mp4", clips);
  std::optional<SegmentOutputs> outputs(std::in_place, options, Growing::at_the_end);
  auto done = Json::array(), failed = Json::array();
  std::size_t predicted = 0;
  for (std::size_t i = 0; i < clips.size() && !EndingOnSignal::wanted(); ++i) {
    Feed feed;
    feed.shown = clips[i];
    feed.read = [&](const live::ReaderOptions& reader, live::FrameQueue& queue) {
      return std::make_unique<live::FrameReader>(fs::path(clips[i]), reader, queue);
    };
    say_result(console, clips[i]);
    try {
      Json result = TimelineRun(options, recognizer, console, feed, videos[i], *outputs).run();
      ++predicted;
      if (console.wants_json()) done.push_back(std::move(result));
    } catch (const VideoError& error) {
      console.fault(error.what());
      failed.push_back({{"clip", clips[i]}, {"reason", error.what()}});
    }
  }
  if (EndingOnSignal::wanted()) {
    outputs.reset();  // what is not whole is not left behind
    ending.die();
  }
  if (predicted > 0) outputs->finish();
  const bool faults = !failed.empty();
  console.json({{"clips", std::move(done)}, {"failed", std::move(failed)}});
  return predicted == 0 ? exit_code::error : faults ? exit_code::findings : exit_code::done;
}

int predict_stream(const PredictOptions& options, const live::Source& source, AnyRecognizer& recognizer,
                   const Console& console) {
  EndingOnSignal ending;
  const bool pipe = source.kind == live::SourceKind::pipe;
  Feed feed;
  feed.stream = true;
  feed.shown = pipe && source.name == "-" ? "standard input" : live::without_password(source.name);
  const bool late = !pipe || options.live;
  feed.overflow = late ? live::Overflow::drop_oldest : live::Overflow::wait;
  live::ReopenOptions reopen = options.reopen;
  reopen.reopen = !pipe && !options.once;
  reopen.note = [&](const std::string& text) {
    clear_progress_line(console);
    console.warn(text);
  };
  std::optional<OpenPipe> opened;
  if (pipe) opened.emplace(source.name);
  const auto input = [&]() -> StreamInput {
    if (pipe) return pipe_input(opened->file(), feed.shown);
    if (source.kind == live::SourceKind::camera)
      return camera_input(source.name, options.camera_size, options.camera_rate);
    return url_input(source.name, feed.shown, options.rtsp_transport);
  };
  feed.read = [&](const live::ReaderOptions& reader, live::FrameQueue& queue) {
    const auto times = late ? live::FrameReader::Times::arrival : live::FrameReader::Times::stated;
    return std::make_unique<live::FrameReader>(input, times, reopen, reader, queue);
  };
  SegmentOutputs outputs(options, Growing::as_it_comes);
  TimelineRun run(options, recognizer, console, feed, options.video, outputs);
  const Json summary = run.run();
  outputs.finish();
  if (console.wants_json()) {
    std::fputs(line_of({{"summary", summary}}).c_str(), stdout);
    std::fflush(stdout);
  }
  return exit_code::done;
}

}  // namespace rcar::tools

// rcar gif: the frames that a recognizer would look at, as a picture that moves.
#include <cmath>
#include <cstdio>
#include <rcar/video/gif.hpp>
#include <rcar/video/process_video.hpp>

#include "commands.hpp"
#include "option_facts.hpp"
#include "program.hpp"

namespace rcar::tools {

namespace {

namespace fs = std::filesystem;

struct Options {
  fs::path clip, out;
  std::string sampler = "uniform";
  std::size_t frames = 20;
  int size = 224;
  double frames_per_second = 0;  // 0: the clip's own speed
  bool whole = false, dither = false;
};

/// Every frame, at the clip's own speed.
SampledClip whole_clip(const fs::path& path, int size) {
  SampledClip clip{process_video(path, 0, size), 25};
  clip.frames_per_second = Decoder(path).frames_per_second();
  return clip;
}

int make_gif(const Options& options, const Console& console) {
  if (!std::isfinite(options.frames_per_second)) throw UsageError("--fps is no number; give one from 0.1 to 1000.");
  std::error_code absent;
  if (fs::equivalent(options.clip, options.out, absent))
    throw UsageError("CLIP and OUT are the same file; give OUT another name.");
  AtomicFile probe(options.out);  // never committed: what cannot be written shows before a clip is decoded
  const SampledClip clip =
      options.whole ? whole_clip(options.clip, options.size)
                    : sample_clip(options.clip, parse_sampler(options.sampler), options.frames, options.size);
  const double speed = options.frames_per_second > 0 ? options.frames_per_second : clip.frames_per_second;
  frames_to_gif(clip.frames, options.out, speed, options.dither ? Dithering::floyd_steinberg : Dithering::none);
  const auto bytes = fs::file_size(options.out);
  const std::size_t frames = clip.frames.shape(0);
  char text[160];
  std::snprintf(text, sizeof text, ": %zu frames of %d x %d at %.3g frames/s, %.2f MB", frames, options.size,
                options.size, speed, static_cast<double>(bytes) / 1e6);
  console.say(options.out.string() + text);
  console.json({{"out", options.out.string()},
                {"frames", frames},
                {"size", options.size},
                {"frames_per_second", speed},
                {"bytes", bytes}});
  return exit_code::done;
}

}  // namespace

void add_gif(Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App& app = program.add("gif", "Shows what a recognizer sees of a clip, as an animated GIF",
                              "  rcar gif clip.avi clip.gif\n"
                              "  rcar gif clip.avi first.gif --sampler first --frames 20 --size 224\n"
                              "  rcar gif clip.avi whole.gif --whole --size 320 --fps 12 --dither",
                              [=](Console& console) { return make_gif(*options, console); });
  app.add_option("CLIP", options->clip, "Any video that FFmpeg decodes")->required();
  app.add_option("OUT", options->out, "The GIF to write")->required();
  app.add_option("--sampler", options->sampler, "first: the first frames; uniform: frames over the whole clip")
      ->capture_default_str()
      ->check(one_of({"first", "uniform"}));
  app.add_option("--frames", options->frames, "Frames to take")->capture_default_str()->check(CLI::Range(1, 10000));
  app.add_flag("--whole", options->whole, "Take every frame; the clip is held in memory")->excludes("--frames");
  app.add_option("--size", options->size, "Pixels a side: the centre square is resized to it")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  app.add_option("--fps", options->frames_per_second, "Frames a second (else the clip's own speed)")
      ->check(CLI::Range(0.1, 1000.0));
  app.add_flag("--dither", options->dither, "Dither, for soft gradients; 1.4 to 2 times the bytes");
}

}  // namespace rcar::tools

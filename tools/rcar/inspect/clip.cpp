// A clip: what its container says and what can be decoded of it.
#include <rcar/video/decoder.hpp>

#include "inspection.hpp"

namespace rcar::tools {

Inspection inspect_clip(const std::filesystem::path& path, const Console& console) {
  Inspection found;
  found.kind = "clip";
  try {
    Decoder clip(path);
    const std::size_t claimed = clip.claimed_frame_count();
    found.facts["codec"] = clip.codec();
    std::size_t decoded = 0;
    cv::Mat frame;
    {
      Progress progress("Decoding", claimed, "frames", console.progress());
      for (; clip.grab(); ++decoded) {
        if (decoded == 0 && !clip.retrieve(frame)) break;
        progress.advance(1);
      }
    }
    if (decoded == 0) clip.fail_without_frames();
    found.facts["width"] = frame.cols;
    found.facts["height"] = frame.rows;
    found.facts["frames per second"] = clip.frames_per_second();
    found.facts["frames decoded"] = decoded;
    if (claimed)
      found.facts["frames claimed"] = claimed;
    else
      found.notes.emplace_back("Its container claims no number of frames.");
    found.facts["seconds"] = static_cast<double>(decoded) / clip.frames_per_second();
    if (claimed && claimed != decoded)
      found.notes.emplace_back(
          "Its container claims another number of frames than can be decoded; rcar counts itself.");
  } catch (const VideoError& error) {
    found.damage = error.what();
  }
  return found;
}

}  // namespace rcar::tools

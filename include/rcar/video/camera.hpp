#pragma once
/// Cameras of this machine, by FFmpeg's libavdevice (link rcar::avdevice). Only this header knows it.

extern "C" {
#include <libavdevice/avdevice.h>
}

#include <string>
#include <utility>

#include "../core/error.hpp"
#include "stream.hpp"

namespace rcar {

/// A device as FFmpeg's input `format` knows it. Throws VideoError where FFmpeg was built without that.
inline StreamInput device_input(const std::string& format, const std::string& device,
                                std::vector<std::pair<std::string, std::string>> options = {}) {
  static const bool registered = (avdevice_register_all(), true);
  static_cast<void>(registered);
  StreamInput input{device, device};
  input.format = av_find_input_format(format.c_str());
  if (!input.format)
    throw VideoError("FFmpeg's libavdevice was built without " + format + ", so " + quoted(device) +
                     " cannot be read; send the camera's video through a pipe.");
  input.options = std::move(options);
  input.waits_for_none = true;
  return input;
}

/// A camera by Video4Linux: "/dev/video0". `size` ("640x480") and `rate` ("30") are what it is asked for; empty: what
/// it is set to.
inline StreamInput camera_input(const std::string& device, const std::string& size = {}, const std::string& rate = {}) {
  std::vector<std::pair<std::string, std::string>> options;
  if (!size.empty()) options.emplace_back("video_size", size);
  if (!rate.empty()) options.emplace_back("framerate", rate);
  return device_input("v4l2", device, std::move(options));
}

}  // namespace rcar

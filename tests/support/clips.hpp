#pragma once
/// Real AVI files and scratch folders for tests.

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <stdexcept>
#include <string>

namespace rcar::test {

/// A new empty folder, removed with all it holds at the end of the test.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "rcar-test-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("cannot make " + name);
    path_ = name;
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// Writes a text file, making its folder.
inline std::filesystem::path write_text(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Writes a Motion JPEG clip of a square that moves over a ground; each seed looks different.
inline void write_clip(const std::filesystem::path& path, int frames, int seed = 0, cv::Size size = {64, 48}) {
  std::filesystem::create_directories(path.parent_path());
  cv::VideoWriter writer(path.string(), cv::CAP_OPENCV_MJPEG, cv::VideoWriter::fourcc('M', 'J', 'P', 'G'), 25, size);
  if (!writer.isOpened()) throw std::runtime_error("OpenCV cannot write " + path.string());
  for (int i = 0; i < frames; ++i) {
    cv::Mat frame(size, CV_8UC3, cv::Scalar(seed * 37 % 256, seed * 91 % 256, seed * 53 % 256));
    cv::rectangle(frame, cv::Rect((i * 5 + seed) % (size.width - 8), (i * 3) % (size.height - 8), 8, 8),
                  cv::Scalar(255 - i * 7 % 256, 40, i * 11 % 256), cv::FILLED);
    writer.write(frame);
  }
}

}  // namespace rcar::test

#pragma once
/// A folder of features for other programs: `features.npy`, `mask.npy` and `clips.csv`. Rows go to the disk as they
/// come, so that the memory does not grow with the list (docs/file_formats.md).

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/file.hpp"
#include "../core/npy.hpp"
#include "../core/output_folder.hpp"
#include "csv.hpp"
#include "dataset.hpp"
#include "extraction.hpp"
#include "feature_extractor.hpp"

namespace rcar {

/// So many clips, one after another in the list, that belong together: {"train", 195}.
struct ClipPart {
  std::string name;
  std::size_t clips;
};

/// Writes the features of a list's clips. Nothing is in the folder under its name before commit(), and `clips.csv`
/// comes last: where it is, the other two belong to it.
class FeatureStore {
 public:
  /// Makes the folder, holds it alone and reserves the features' room on the disk. `parts` divide the list and become a
  /// column of clips.csv; empty: no such column. `data` must outlive this. Throws FileError when the folder cannot be
  /// made, written or lacks the room, and when another process writes to it.
  FeatureStore(const std::filesystem::path& folder, const Dataset& data, const FeatureExtractor& extractor,
               std::vector<ClipPart> parts = {})
      : folder_(folder, {features_name, mask_name, list_name}),
        data_(data),
        parts_(std::move(parts)),
        steps_(static_cast<std::size_t>(extractor.sequence_length)),
        feature_dim_(static_cast<std::size_t>(extractor.feature_dim)),
        frames_(data.size(), 0) {
    std::size_t divided = 0;
    for (const ClipPart& part : parts_) divided += part.clips;
    if (!parts_.empty() && divided != data.size())
      throw UsageError("The parts have " + std::to_string(divided) + " clips and the list has " +
                       std::to_string(data.size()) + "; every clip is to be in one part.");
    features_.emplace(folder_ / features_name);
    features_->reserve(header_bytes + data.size() * row_bytes());
    features_->resize(header_bytes + data.size() * row_bytes());
  }

  /// What extract_features gives its features to.
  FeatureSink sink() {
    return [this](std::size_t row, const std::vector<float>& features) { write(row, features); };
  }

  /// Writes one clip's features (n, F) into its row.
  void write(std::size_t row, std::span<const float> features) {
    features_->write_at(header_bytes + row * row_bytes(), std::as_bytes(features));
    frames_[row] = static_cast<std::uint32_t>(features.size() / feature_dim_);
  }

  /// False where the file system knows no locks: then two runs into one folder are not noticed.
  bool locked() const { return folder_.locked(); }

  /// Closes the gaps of clips without features and names the files. Nothing may be written afterwards.
  void commit() {
    const std::size_t clips = close_gaps();
    const std::string header = npy_header("<f4", std::array{clips, steps_, feature_dim_});
    features_->write_at(0, std::as_bytes(std::span(header)));
    features_->resize(header_bytes + clips * row_bytes());
    AtomicFile mask(folder_ / mask_name), list(folder_ / list_name);
    write_mask(mask, clips);
    write_list(list);
    std::error_code none;
    std::filesystem::remove(folder_ / list_name, none);  // an earlier run's does not describe these features
    features_->commit();
    mask.commit();
    list.commit();
  }

 private:
  static constexpr std::string_view features_name = "features.npy", mask_name = "mask.npy", list_name = "clips.csv";
  static constexpr std::size_t header_bytes = 128;

  std::size_t row_bytes() const { return steps_ * feature_dim_ * sizeof(float); }

  /// Moves the rows together; returns how many there are.
  std::size_t close_gaps() {
    std::vector<std::byte> buffer(row_bytes());
    std::size_t next = 0;
    for (std::size_t row = 0; row < frames_.size(); ++row) {
      if (frames_[row] == 0) continue;
      if (row != next) {
        features_->read_at(header_bytes + row * row_bytes(), buffer);
        features_->write_at(header_bytes + next * row_bytes(), buffer);
      }
      ++next;
    }
    return next;
  }

  void write_mask(AtomicFile& file, std::size_t clips) const {
    file.write(npy_header("|b1", std::array{clips, steps_}));
    std::string rows;
    for (const std::uint32_t frames : frames_) {
      if (frames == 0) continue;
      rows.append(frames, '\1').append(steps_ - frames, '\0');
      flush(file, rows);
    }
    file.write(rows);
  }

  void write_list(AtomicFile& file) const {
    std::string rows = parts_.empty() ? "video_name,tag,frames\n" : "video_name,tag,frames,part\n";
    auto part = parts_.begin();
    for (std::size_t row = 0, end = parts_.empty() ? 0 : part->clips; row < data_.size(); ++row) {
      for (; !parts_.empty() && row == end; end += part->clips) ++part;
      if (frames_[row] == 0) continue;
      std::vector<std::string> fields{data_.entries[row].video_name, data_.entries[row].tag,
                                      std::to_string(frames_[row])};
      if (!parts_.empty()) fields.push_back(part->name);
      rows += csv_line(fields);
      flush(file, rows);
    }
    file.write(rows);
  }

  static void flush(AtomicFile& file, std::string& rows) {
    if (rows.size() < (std::size_t{1} << 16)) return;
    file.write(rows);
    rows.clear();
  }

  OutputFolder folder_;
  const Dataset& data_;
  std::vector<ClipPart> parts_;
  const std::size_t steps_, feature_dim_;
  std::vector<std::uint32_t> frames_;   // of each clip; 0: it has no features
  std::optional<AtomicFile> features_;  // aside, until commit
};

}  // namespace rcar

#pragma once
/// Reading zip archives by libzip. The sizes that an archive claims are checked against the bytes it has.

#include <zip.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../../core/error.hpp"

namespace rcar::weights::torch {

/// A zip archive in memory; the bytes must outlive it.
/// All members throw WeightsError: a clause without a full stop, made to stand after "...: " in the caller's sentence.
class ZipArchive {
 public:
  /// Whether the bytes start as an archive's first entry does.
  static bool starts(std::span<const std::byte> bytes) {
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()).starts_with("PK\x03\x04");
  }

  explicit ZipArchive(std::span<const std::byte> bytes) : ZipArchive(bytes, most_inflated(bytes.size())) {}
  /// An archive that lay in another one; both may grow together by what the outer one may.
  ZipArchive(std::span<const std::byte> bytes, const ZipArchive& outer) : ZipArchive(bytes, outer.left_) {}

  /// The entries' names, in the archive's order.
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    const zip_int64_t count = zip_get_num_entries(archive_.get(), 0);
    for (zip_int64_t i = 0; i < count; ++i) {
      const char* name = zip_get_name(archive_.get(), static_cast<zip_uint64_t>(i), 0);
      if (!name) throw WeightsError("its zip directory has an entry without a name");
      out.emplace_back(name);
    }
    return out;
  }

  /// An entry's content, with its checksum verified. Entries that together claim more than 16 MiB and a hundred times
  /// the archive's bytes are refused.
  std::vector<std::byte> read(const std::string& name) const {
    zip_stat_t info;
    zip_stat_init(&info);
    constexpr zip_uint64_t known = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
    if (zip_stat(archive_.get(), name.c_str(), 0, &info) != 0 || (info.valid & known) != known)
      throw WeightsError("it has no entry " + quoted(name));
    if (info.comp_size > size_ || info.size > left_)
      throw WeightsError("its entry " + quoted(name) + " claims " + std::to_string(info.size) +
                         " bytes, more than the " + std::to_string(size_) + " bytes of the file can hold");
    left_ -= info.size;
    const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(zip_fopen_index(archive_.get(), info.index, 0),
                                                                 &zip_fclose);
    std::vector<std::byte> content(file ? info.size : 0);
    std::size_t at = 0;
    while (file && at < content.size()) {
      const zip_int64_t got = zip_fread(file.get(), content.data() + at, content.size() - at);
      if (got <= 0) break;
      at += static_cast<std::size_t>(got);
    }
    std::byte beyond;  // the read at the end is what makes libzip compare the checksum
    if (!file || at < content.size() || zip_fread(file.get(), &beyond, 1) != 0)
      throw WeightsError("its entry " + quoted(name) + " is damaged");
    return content;
  }

 private:
  static std::uint64_t most_inflated(std::size_t bytes) {
    return (std::uint64_t{16} << 20) + std::uint64_t{100} * bytes;
  }

  ZipArchive(std::span<const std::byte> bytes, std::uint64_t left) : size_(bytes.size()), left_(left) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
    zip_t* archive = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : nullptr;
    const std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    if (!archive) {
      if (source) zip_source_free(source);
      throw WeightsError("its zip directory cannot be read (" + reason + ")");
    }
    archive_.reset(archive);
  }

  std::size_t size_;
  mutable std::uint64_t left_;  // bytes that may still be read
  std::unique_ptr<zip_t, void (*)(zip_t*)> archive_{nullptr, &zip_discard};
};

}  // namespace rcar::weights::torch

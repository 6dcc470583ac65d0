#pragma once
/// Writing small HDF5 files. The file is built in memory and written aside, so nothing half-written is left; it holds
/// no times, so the same content gives the same bytes.

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "../../core/file.hpp"
#include "hdf5_file.hpp"

namespace rcar::weights::keras {

/// An HDF5 file under construction. Paths are relative to the root. All members throw WeightsError when HDF5 fails,
/// which it does for want of memory only.
class Hdf5Writer {
 public:
  Hdf5Writer() {
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    const Hdf5Id access(H5Pcreate(H5P_FILE_ACCESS));
    check(H5Pset_fapl_core(access, std::size_t{1} << 20, false));
    file_ = Hdf5Id(check(H5Fcreate("in memory", H5F_ACC_TRUNC, H5P_DEFAULT, access)));
    check(H5Pset_create_intermediate_group(links_, 1));
    check(H5Pset_obj_track_times(sets_, false));
  }

  /// Makes a group, and those above it that are missing.
  void group(const std::string& path) {
    Hdf5Id made(check(H5Gcreate2(file_, path.c_str(), links_, H5P_DEFAULT, H5P_DEFAULT)));
  }

  /// A string attribute, as h5py writes one: variable length, UTF-8.
  void attribute(const std::string& path, const std::string& name, const std::string& value) {
    const Hdf5Id object(check(H5Oopen(file_, path.c_str(), H5P_DEFAULT)));
    const Hdf5Id space(check(H5Screate(H5S_SCALAR))), type(check(H5Tcopy(H5T_C_S1)));
    check(H5Tset_size(type, H5T_VARIABLE));
    check(H5Tset_cset(type, H5T_CSET_UTF8));
    const Hdf5Id attribute(check(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT)));
    const char* text = value.c_str();
    check(H5Awrite(attribute, type, &text));
  }

  /// A float32 data set.
  void write(const std::string& path, const Tensor& tensor) {
    const std::vector<hsize_t> extents(tensor.shape.begin(), tensor.shape.end());
    const Hdf5Id space(check(H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr)));
    const Hdf5Id set(check(H5Dcreate2(file_, path.c_str(), H5T_IEEE_F32LE, space, links_, sets_, H5P_DEFAULT)));
    check(H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor.values.data()));
  }

  /// Writes all of it to `path`, aside and renamed. Throws FileError when that fails.
  void save(const std::filesystem::path& path) {
    check(H5Fflush(file_, H5F_SCOPE_GLOBAL));
    std::vector<std::byte> image(static_cast<std::size_t>(check(H5Fget_file_image(file_, nullptr, 0))));
    check(H5Fget_file_image(file_, image.data(), image.size()));
    AtomicFile file(path);
    file.write(std::span<const std::byte>(image));
    file.commit();
  }

 private:
  template <class Result>
  static Result check(Result result) {
    if (result < 0) throw WeightsError("HDF5 could not build a file in memory; free some memory.");
    return result;
  }

  Hdf5Id file_{H5I_INVALID_HID};
  Hdf5Id links_{H5Pcreate(H5P_LINK_CREATE)}, sets_{H5Pcreate(H5P_DATASET_CREATE)};
};

}  // namespace rcar::weights::keras

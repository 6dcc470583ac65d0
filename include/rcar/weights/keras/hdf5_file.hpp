#pragma once
/// Reading HDF5 by its C library: the only header that includes <hdf5.h>. What a hostile file may claim is checked
/// before memory is taken, and nothing outside the file is followed (external storage, external links, filter plugins).

#include <hdf5.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../store.hpp"

namespace rcar::weights::keras {

/// Owns one HDF5 identifier.
class Hdf5Id {
 public:
  explicit Hdf5Id(hid_t id) : id_(id) {}
  Hdf5Id(Hdf5Id&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)) {}
  Hdf5Id& operator=(Hdf5Id&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  ~Hdf5Id() {
    if (id_ >= 0) H5Idec_ref(id_);
  }
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
};

/// A data set's values as float32, in memory that the reader was given.
struct Hdf5Values {
  Shape shape;
  std::span<float> values;
};

/// Gives memory for so many values.
using FloatMemory = std::function<std::span<float>(std::size_t count)>;

/// An HDF5 file opened for reading. Paths inside it are relative to its root; "" is the root.
/// All members throw WeightsError: a clause without a full stop, made to stand after "...: " in the caller's sentence.
class Hdf5File {
 public:
  static constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";

  /// Opens a file by its path.
  explicit Hdf5File(const std::filesystem::path& path) : Hdf5File(path.string(), access({})) {}
  /// Opens a file that lies in memory; takes a copy.
  explicit Hdf5File(std::span<const std::byte> image) : Hdf5File("in memory", access(image)) {}

  /// Names of a group's members, in the byte order of the names.
  std::vector<std::string> members(const std::string& path) const {
    const Hdf5Id group = open(path);
    H5G_info_t info;
    if (H5Iget_type(group) != H5I_GROUP || H5Gget_info(group, &info) < 0) throw damaged(path);
    if (info.nlinks > most_members) throw WeightsError("its group " + quoted(path) + " has too many members");
    std::vector<std::string> names;
    for (hsize_t i = 0; i < info.nlinks; ++i) {
      const auto length = H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, nullptr, 0, H5P_DEFAULT);
      if (length < 0 || length > 4096) throw damaged(path);
      std::string name(static_cast<std::size_t>(length), '\0');
      if (H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, name.data(), name.size() + 1, H5P_DEFAULT) < 0)
        throw damaged(path);
      names.push_back(std::move(name));
    }
    return names;
  }

  /// Whether a member of that path exists, reached by hard links only.
  bool has(const std::string& path) const {
    for (std::size_t end = 0; end != path.npos;) {
      end = path.find('/', end + 1);
      const std::string part = path.substr(0, end);
      H5L_info_t info;
      if (part.empty() || H5Lexists(file_, part.c_str(), H5P_DEFAULT) <= 0) return false;
      if (H5Lget_info(file_, part.c_str(), &info, H5P_DEFAULT) < 0 || info.type != H5L_TYPE_HARD) return false;
    }
    return true;
  }

  bool is_group(const std::string& path) const { return has(path) && H5Iget_type(open(path)) == H5I_GROUP; }

  bool has_attribute(const std::string& path, const std::string& name) const {
    return H5Aexists(open(path), name.c_str()) > 0;
  }

  /// A string attribute, or a list of them; an empty array of any type gives an empty list.
  std::vector<std::string> strings(const std::string& path, const std::string& name) const {
    const Hdf5Id object = open(path);
    const Hdf5Id attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT));
    if (attribute < 0) throw WeightsError("it has no attribute " + quoted(name) + " at " + quoted("/" + path));
    const Hdf5Id space(H5Aget_space(attribute)), type(H5Aget_type(attribute));
    const hssize_t count = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
    if (count == 0) return {};
    if (count < 0 || type < 0 || static_cast<std::uint64_t>(count) > most_members || H5Tget_class(type) != H5T_STRING)
      throw WeightsError("its attribute " + quoted(name) + " at " + quoted("/" + path) + " is no list of strings");
    return H5Tis_variable_str(type) > 0 ? variable_strings(attribute, space, type, count)
                                        : fixed_strings(attribute, type, static_cast<std::size_t>(count));
  }

  /// A data set of numbers, converted to float32.
  Hdf5Values read(const std::string& path, const FloatMemory& memory) const {
    const Hdf5Id set = open(path);
    const Hdf5Id space(H5Iget_type(set) == H5I_DATASET ? H5Dget_space(set) : H5I_INVALID_HID);
    if (space < 0) throw WeightsError(quoted("/" + path) + " is no data set in it");
    const Hdf5Id type(H5Dget_type(set)), creation(H5Dget_create_plist(set));
    const H5T_class_t kind = H5Tget_class(type);
    if ((kind != H5T_FLOAT && kind != H5T_INTEGER) || H5Tget_size(type) > 8)
      throw WeightsError("its data set " + quoted("/" + path) + " does not hold numbers");
    const int rank = H5Sget_simple_extent_ndims(space);
    hsize_t extents[H5S_MAX_RANK];
    if (rank < 0 || rank > 8 || H5Sget_simple_extent_dims(space, extents, nullptr) < 0) throw damaged(path);

    Hdf5Values out;
    out.shape.assign(extents, extents + rank);
    const std::size_t count = element_count(out.shape);
    require_stored(path, set, creation, count * H5Tget_size(type));
    out.values = memory(count);
    if (count > 0 && H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, out.values.data()) < 0)
      throw damaged(path);
    return out;
  }

 private:
  static constexpr std::uint64_t most_members = 1 << 16;

  Hdf5File(const std::string& name, Hdf5Id access) : file_(H5Fopen(name.c_str(), H5F_ACC_RDONLY, access)) {
    if (file_ < 0) throw WeightsError("it starts as an HDF5 file but is truncated or damaged");
  }

  static Hdf5Id access(std::span<const std::byte> image) {
    // For this process (this thread where HDF5 is built so): no error stack on stderr, one sentence is thrown instead;
    // no plugins, a file must not choose code to load.
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    H5PLset_loading_state(0);
    Hdf5Id list(H5Pcreate(H5P_FILE_ACCESS));
    if (!image.empty() && (H5Pset_fapl_core(list, std::size_t{1} << 20, false) < 0 ||
                           H5Pset_file_image(list, const_cast<std::byte*>(image.data()), image.size()) < 0))
      throw WeightsError("there is not enough memory to read it");
    return list;
  }

  static WeightsError damaged(const std::string& path) {
    return WeightsError("it is truncated or damaged at " + quoted("/" + path));
  }

  Hdf5Id open(const std::string& path) const {
    if (!path.empty() && !has(path)) throw WeightsError("it has no " + quoted("/" + path));
    Hdf5Id object(H5Oopen(file_, path.empty() ? "/" : path.c_str(), H5P_DEFAULT));
    if (object < 0) throw damaged(path);
    return object;
  }

  /// Refuses a data set that claims more than its stored bytes can hold; deflate shrinks at most 1032-fold.
  static void require_stored(const std::string& path, hid_t set, hid_t creation, std::size_t bytes) {
    const H5D_layout_t layout = H5Pget_layout(creation);
    if (H5Pget_external_count(creation) != 0 || layout == H5D_VIRTUAL || layout == H5D_LAYOUT_ERROR)
      throw WeightsError("its data set " + quoted("/" + path) + " lies outside the file");
    const std::uint64_t stored = H5Dget_storage_size(set);
    const std::uint64_t most = H5Pget_nfilters(creation) > 0 ? stored * 1040 : stored;
    if (bytes > most)
      throw WeightsError("its data set " + quoted("/" + path) + " claims " + std::to_string(bytes) +
                         " bytes and stores " + std::to_string(stored));
  }

  static std::vector<std::string> variable_strings(hid_t attribute, hid_t space, hid_t type, hssize_t count) {
    std::vector<char*> pointers(static_cast<std::size_t>(count), nullptr);
    if (H5Aread(attribute, type, pointers.data()) < 0) throw WeightsError("a list of strings in it is damaged");
    std::vector<std::string> out;
    out.reserve(pointers.size());
    for (const char* text : pointers) out.emplace_back(text ? text : "");
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, pointers.data());
    return out;
  }

  static std::vector<std::string> fixed_strings(hid_t attribute, hid_t type, std::size_t count) {
    const std::size_t length = H5Tget_size(type);
    if (length == 0 || length > (std::size_t{64} << 20) / count)
      throw WeightsError("a list of strings in it has an unlikely size");
    std::string buffer(length * count, '\0');
    if (H5Aread(attribute, type, buffer.data()) < 0) throw WeightsError("a list of strings in it is damaged");
    std::vector<std::string> out;
    for (std::size_t i = 0; i < count; ++i) {
      const char* text = buffer.data() + i * length;
      out.emplace_back(text, ::strnlen(text, length));
    }
    return out;
  }

  Hdf5Id file_;
};

}  // namespace rcar::weights::keras

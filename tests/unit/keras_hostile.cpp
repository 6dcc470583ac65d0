#include <hdf5.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <rcar/core/random.hpp>
#include <rcar/weights/keras/hdf5_writer.hpp>
#include <rcar/weights/keras/read_file.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/sanitized.hpp"
#include "tests/support/skip.hpp"

namespace fs = std::filesystem;
namespace keras = rcar::weights::keras;
using Catch::Matchers::Contains;

namespace {

const fs::path data = RCAR_TEST_DATA;

/// A folder of its own that goes away with the test.
struct Folder {
  fs::path path = [] {
    std::string name = (fs::temp_directory_path() / "rcar-hostile-XXXXXX").string();
    return fs::path(::mkdtemp(name.data()));
  }();
  ~Folder() { fs::remove_all(path); }
};

std::string get(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The one-line message with which these bytes are refused.
std::string refusal(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
  try {
    keras::read_keras_file(path);
  } catch (const rcar::WeightsError& error) {
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
    return error.what();
  }
  return "accepted";
}

/// A file with one layer whose `vars/0` is what `make` puts there.
template <class Make>
std::string refusal_of(const fs::path& path, Make&& make) {
  {
    const keras::Hdf5Id file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    const keras::Hdf5Id links(H5Pcreate(H5P_LINK_CREATE));
    H5Pset_create_intermediate_group(links, 1);
    const keras::Hdf5Id group(H5Gcreate2(file, "layers/dense/vars", links, H5P_DEFAULT, H5P_DEFAULT));
    make(static_cast<hid_t>(group));
  }
  return refusal(path.string() + ".copy", get(path));
}

}  // namespace

TEST_CASE("a file that is not Keras's is refused in one line") {
  const Folder folder;
  CHECK_THAT(refusal(folder.path / "a.h5", ""),
             Contains("'" + (folder.path / "a.h5").string() + "'") && Contains("is empty"));
  CHECK_THAT(refusal(folder.path / "b.h5", "hello"), Contains("neither an HDF5 file nor a .keras archive"));
  CHECK_THAT(refusal(folder.path / "c.h5", std::string(keras::Hdf5File::signature)), Contains("truncated or damaged"));
  CHECK_THAT(refusal(folder.path / "d.keras", "PK\x03\x04 and nothing more"), Contains("zip directory"));
  CHECK_THROWS_AS(keras::read_keras_file(folder.path / "absent.h5"), rcar::FileError);
  CHECK_THROWS_AS(keras::read_keras_file(folder.path), rcar::FileError);
}

TEST_CASE("an HDF5 file that is no weight file is refused") {
  const Folder folder;
  keras::Hdf5Writer file;
  file.group("images/train");
  file.save(folder.path / "a.h5");
  CHECK_THROWS_WITH(keras::read_keras_file(folder.path / "a.h5"), Contains("neither 'layer_names' nor 'layers'"));
}

TEST_CASE("a Keras file cut at any place is refused") {
  const Folder folder;
  for (const std::string name :
       {"keras_head_gru.weights.h5", "keras_head_gru.keras", "keras_head_gru.h5", "keras_small_keras2_gzip.h5"}) {
    const std::string whole = get(data / name);
    for (std::size_t cut = 0; cut < whole.size(); cut += 997) {
      CAPTURE(name, cut);
      CHECK(refusal(folder.path / "cut", whole.substr(0, cut)) != "accepted");
    }
    CHECK(refusal(folder.path / "cut", whole.substr(0, whole.size() - 1)) != "accepted");
  }
}

TEST_CASE("a .keras archive with a flipped bit is read or refused: its checksums guard what HDF5 would trust") {
  const Folder folder;
  rcar::Random random(5);
  const std::string whole = get(data / "keras_head_gru.keras");
  int refused = 0;
  constexpr int rounds = 200;
  for (int round = 0; round < rounds; ++round) {
    std::string bytes = whole;
    bytes[random.below(bytes.size())] ^= static_cast<char>(1 << random.below(8));
    refused += refusal(folder.path / "flipped", bytes) != "accepted";
  }
  CHECK(refused > rounds * 9 / 10);  // the rest hit names, times and metadata.json, which nobody reads
}

TEST_CASE("a data set that claims more than it stores is refused before memory is taken") {
  const Folder folder;
  const auto message = refusal_of(folder.path / "a.h5", [](hid_t group) {
    const hsize_t extents[] = {hsize_t{1} << 20, hsize_t{1} << 20}, chunk[] = {64, 64};
    const keras::Hdf5Id space(H5Screate_simple(2, extents, nullptr)), creation(H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_chunk(creation, 2, chunk);
    H5Pset_deflate(creation, 9);
    const keras::Hdf5Id set(H5Dcreate2(group, "0", H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT));
  });
  CHECK_THAT(message, Contains("claims 4398046511104 bytes") && Contains("stores 0"));
}

TEST_CASE("nothing outside the file is followed") {
  const Folder folder;
  const fs::path secret = folder.path / "secret";
  std::ofstream(secret) << "0123456789abcdef";
  CHECK_THAT(refusal_of(folder.path / "storage.h5",
                        [&](hid_t group) {
                          const hsize_t extents[] = {4};
                          const keras::Hdf5Id space(H5Screate_simple(1, extents, nullptr));
                          const keras::Hdf5Id creation(H5Pcreate(H5P_DATASET_CREATE));
                          H5Pset_external(creation, secret.c_str(), 0, 16);
                          const keras::Hdf5Id set(
                              H5Dcreate2(group, "0", H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT));
                        }),
             Contains("lies outside the file"));
  const std::string other = (data / "keras_head_gru.weights.h5").string();
  CHECK_THAT(refusal_of(folder.path / "link.h5",
                        [&](hid_t group) {
                          H5Lcreate_external(other.c_str(), "/layers/dense/vars/0", group, "0", H5P_DEFAULT,
                                             H5P_DEFAULT);
                        }),
             Contains("has no '/layers/dense/vars/0'"));
}

TEST_CASE("a data set of other than numbers, and indices with a gap, are refused by their place") {
  const Folder folder;
  CHECK_THAT(
      refusal_of(folder.path / "text.h5",
                 [](hid_t group) {
                   const keras::Hdf5Id space(H5Screate(H5S_SCALAR)), type(H5Tcopy(H5T_C_S1));
                   const keras::Hdf5Id set(H5Dcreate2(group, "0", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
                 }),
      Contains("'/layers/dense/vars/0' does not hold numbers"));
  CHECK_THAT(refusal_of(folder.path / "gap.h5",
                        [](hid_t group) {
                          const keras::Hdf5Id space(H5Screate(H5S_SCALAR));
                          const keras::Hdf5Id set(
                              H5Dcreate2(group, "1", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
                        }),
             Contains("has no '/layers/dense/vars/0'"));
  keras::Hdf5Writer writer;
  writer.group("layers/dense/vars");
  writer.group("layers/dense_2/vars");
  writer.save(folder.path / "counter.h5");
  CHECK_THROWS_WITH(keras::read_keras_file(folder.path / "counter.h5"), Contains("dense_2"));
}

// Whether HDF5 crashes depends on what lies in its memory; that a crash is one line is child_process.cpp's to prove.
TEST_CASE("a file that can crash HDF5 1.10 is read or refused in one line, and the program goes on") {
  const Folder folder;
  int files = 0;
  for (const auto& file : fs::directory_iterator(fs::path(RCAR_SOURCE_DIR) / "tests/fuzz/found/keras")) {
    CAPTURE(file.path());
    CHECK_THAT(refusal(folder.path / "crash.h5", get(file.path())),
               Catch::Matchers::Equals("accepted") || Contains("Cannot read the Keras file"));
    ++files;
  }
  CHECK(files > 0);
  CHECK_NOTHROW(keras::read_keras_file(data / "keras_head_gru.h5"));
}

TEST_CASE("threads read Keras files side by side") {
  if (rcar::test::sanitized)
    return rcar::test::skip("a sanitizer's allocator cannot be used after a fork beside threads");
  std::vector<std::thread> threads;
  std::atomic<int> whole{0};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 3; ++round)
        whole += keras::read_keras_file(data / "keras_head_gru.h5").models[0].layers.size() == 4;
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(whole == 12);
}

TEST_CASE("what a child sends back is refused where it is cut, and where it points outside the memory of values") {
  std::vector<float> values(6, 1);
  keras::KerasFile file;
  file.models.push_back({"layers", {{"dense", "d", {{"layers/dense/vars/0", "", {2, 3}, values}}}}, 0, true});
  const std::string whole = keras::encode(file, "{}", std::as_bytes(std::span(values)));
  const auto decode = [&](const std::string& text) {
    return keras::decode(std::as_bytes(std::span(text)), std::as_writable_bytes(std::span(values)));
  };
  CHECK(decode(whole).models.at(0).layers.at(0).tensors.at(0).values.data() == values.data());
  for (std::size_t cut = 0; cut < whole.size(); ++cut)
    CHECK_THROWS_AS(decode(whole.substr(0, cut)), rcar::WeightsError);
  for (const char place : {'\4', '\3', '\x80'}) {  // the last number says where the values lie
    std::string changed = whole;
    changed[changed.size() - 8] = place;
    CHECK_THROWS_AS(decode(changed), rcar::WeightsError);
  }
}

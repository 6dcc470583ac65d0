#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <limits>
#include <optional>
#include <rcar/backend/native.hpp>
#include <rcar/backend/reference.hpp>
#include <rcar/graph/backbone.hpp>
#include <rcar/graph/builder.hpp>
#include <rcar/network/network.hpp>
#include <rcar/network/packed_cache.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/clips.hpp"
#include "tests/support/formula_weights.hpp"

namespace fs = std::filesystem;
using namespace rcar;
using Catch::Matchers::Contains;

namespace {

/// A pointwise, a depthwise and two other convolutions, one of which Winograd's kernels compute.
template <int Dim>
struct Sized {
  static constexpr int image_dim = Dim;
  static constexpr int minimum_dim = 1;
  static constexpr std::string_view name = "small";

  static consteval auto graph() { return graph::freeze<describe>(); }

 private:
  static constexpr graph::Builder describe() {
    graph::Builder net("small");
    graph::Node x = net.input({image_dim, image_dim, 3});
    x = net.preprocessing(x, {1 / 127.5f, 1 / 127.5f, 1 / 127.5f}, {-1, -1, -1});
    for (const int size : {3, 1, 3}) {
      x = net.conv2d(x, 32, size, {.padding = graph::Padding::same, .use_bias = false});
      x = net.batch_normalization(x);
      x = net.activation(x, Activation::relu);
    }
    x = net.depthwise_conv2d(x, 3, {.padding = graph::Padding::same, .use_bias = false});
    net.global_average_pooling2d(x);
    return net;
  }
};

using Small = Sized<24>;
using Native = backend::Native<>;

/// Whether this instruction set has faster kernels than exact ones.
bool has_fast() {
  const auto& abilities = backend::native::kernels().abilities;
  return abilities.bf16_tiles || backend::native::has_winograd(abilities.lanes);
}

/// RCAR_PACKED_CACHE while a test runs.
class Asked {
 public:
  explicit Asked(const std::string& value) { ::setenv("RCAR_PACKED_CACHE", value.c_str(), 1); }
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;
  ~Asked() { ::unsetenv("RCAR_PACKED_CACHE"); }
};

/// A folder with a weights file, and what loading from it gives.
struct Place {
  test::TempFolder folder;
  fs::path weights = folder / "small.safetensors";
  fs::path packed = weights.string() + "." + dashed(Native::engine()) + "-24.packed";
  std::vector<std::string> warnings;

  Place() { put(formula()); }

  static std::string dashed(std::string text) {
    std::replace(text.begin(), text.end(), ' ', '-');
    return text;
  }

  static weights::Store formula() { return test::formula_weights(graph::graph_of<Small>.view()); }

  void put(weights::Store store) const {
    weights::set_origin(store, {"small", graph::fingerprint<Small>(), "small.h5", "", "none"});
    weights::write_safetensors(weights, store);
  }

  weights::Store read() const { return weights::read_safetensors(weights); }
  /// As if the file had not been written for long, or were written in an hour.
  weights::Store read_settled() const { return read_changed(1); }
  weights::Store read_unsettled() const {
    const auto hence = std::chrono::system_clock::now() + std::chrono::hours(1);
    return read_changed(std::chrono::nanoseconds(hence.time_since_epoch()).count());
  }
  weights::Store read_changed(std::int64_t when_ns) const {
    weights::Store store = read();
    auto source = *store.source();
    source.stamp.changed_ns = source.stamp.modified_ns = when_ns;
    store.set_source(source);
    return store;
  }

  template <class B = Native>
  LoadedBackbone<B> load(const weights::Store& store) {
    return load_backbone<B>(graph::plan_view<Small>(), store, [this](const auto& text) { warnings.push_back(text); });
  }

  template <class B = Native>
  static std::vector<float> features(LoadedBackbone<B> loaded) {
    const Network<B> network(graph::plan_view<Small>(), std::move(loaded.packed));
    const auto frames = test::formula_images(2, Small::image_dim);
    std::vector<float> result(2 * network.features());
    network.forward(frames.data(), 2, result.data());
    return result;
  }
  template <class B = Native>
  std::vector<float> features(const weights::Store& store) {
    return features<B>(load<B>(store));
  }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& file : fs::directory_iterator(folder.path())) names.push_back(file.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }
  bool is_kept() const { return files() == std::vector<std::string>{weights.filename(), packed.filename()}; }
};

/// What the network gives without any file.
std::vector<float> expected(const weights::Store& store = Place::formula()) {
  const Network<Native> network(graph::plan_view<Small>(), store);
  const auto frames = test::formula_images(2, Small::image_dim);
  std::vector<float> result(2 * network.features());
  network.forward(frames.data(), 2, result.data());
  return result;
}

/// The same store with values that no test must see.
weights::Store without_values(const weights::Store& store) {
  weights::Store result;
  for (const auto& tensor : store.tensors())
    result.add(tensor.name, tensor.shape,
               std::vector<float>(tensor.values.size(), std::numeric_limits<float>::quiet_NaN()));
  result.metadata = store.metadata;
  result.set_source(*store.source());
  return result;
}

void flip(const fs::path& path, std::size_t at, char bits = 1) {
  std::string bytes = test::read_text(path);
  bytes[at] = static_cast<char>(bytes[at] ^ bits);
  test::write_text(path, bytes);
}

}  // namespace

TEST_CASE("the first load keeps packed weights beside the file, the next one maps them and has the same bits") {
  Place place;
  auto first = place.load(place.read_settled());
  CHECK(place.is_kept());
  CHECK_FALSE(first.packed.memory);
  const std::string written = test::read_text(place.packed);
  auto second = place.load(place.read_settled());
  CHECK(second.packed.memory);
  CHECK(second.weights_sha256 == first.weights_sha256);
  CHECK(second.weights_sha256 == weights::weights_hash(place.read_settled()));
  CHECK(test::read_text(place.packed) == written);
  bool fast = false;
  for (std::size_t i = 0; i < first.packed.entries.size(); ++i) {
    const auto one = first.packed.entries[i]->values(), other = second.packed.entries[i]->values();
    CHECK(std::equal(one.begin(), one.end(), other.begin(), other.end()));
    fast = fast || second.packed.entries[i]->view().algorithm != backend::native::Algorithm{};
  }
  CHECK(fast == has_fast());
  CHECK(place.features(std::move(first)) == expected());
  CHECK(place.features(std::move(second)) == expected());
  CHECK(place.warnings.empty());
}

TEST_CASE("weights that are proven and not written since are not read again") {
  Place place;
  place.load(place.read_settled());
  CHECK(place.features(without_values(place.read_settled())) == expected());
}

TEST_CASE("weights that may have been written since are proven again, and kept packed once they are") {
  Place place;
  place.load(place.read_unsettled());  // another write might not show in the file's times
  CHECK_THROWS_WITH(place.load(without_values(place.read_unsettled())), Contains("damaged") && Contains("SHA-256"));
  CHECK_THROWS_WITH(place.load(without_values(place.read_settled())), Contains("damaged"));
  CHECK(place.load(place.read_settled()).packed.memory);
  CHECK(place.features(without_values(place.read_settled())) == expected());
}

TEST_CASE("a packed file that is cut is said to be, and made again") {
  Place place;
  place.load(place.read_settled());
  const std::string whole = test::read_text(place.packed);
  std::uint64_t header = 0;
  std::memcpy(&header, whole.data(), 8);
  CHECK((8 + header) % 64 == 0);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{7}, std::size_t{8}, std::size_t{100}, std::size_t{8} + header,
        std::size_t{9} + header, whole.size() / 2, whole.size() - 64, whole.size() - 1}) {
    place.warnings.clear();
    test::write_text(place.packed, whole.substr(0, size));
    CHECK(place.features(place.read_settled()) == expected());
    REQUIRE(place.warnings.size() == 1);
    CHECK_THAT(place.warnings[0], Contains(place.packed.filename().string()) && Contains("are packed again."));
    CHECK(test::read_text(place.packed) == whole);
  }
  test::write_text(place.packed, whole + "more");
  place.load(place.read_settled());
  CHECK(test::read_text(place.packed) == whole);
}

TEST_CASE("a packed file with a flipped bit anywhere is said to be damaged, and made again") {
  Place place;
  place.load(place.read_settled());
  const std::string whole = test::read_text(place.packed);
  std::uint64_t header = 0;
  std::memcpy(&header, whole.data(), 8);
  std::vector<std::size_t> places;
  for (std::size_t at = 0; at < 8 + header; at += 23) places.push_back(at);
  for (std::size_t at = 8 + header; at < whole.size(); at += whole.size() / 11) places.push_back(at);
  for (const std::size_t at : places) {
    CAPTURE(at);
    place.warnings.clear();
    flip(place.packed, at);
    CHECK(place.features(place.read_settled()) == expected());
    CHECK(place.warnings.size() == 1);
    CHECK(test::read_text(place.packed) == whole);
  }
}

TEST_CASE("a packed file of another key is made again without a word") {
  Place place;
  place.load(place.read());
  const auto key = detail::packed_key<Native>(graph::plan_view<Small>(), place.read());
  weights::Store zeros;
  const weights::Store packed = weights::read_safetensors(place.packed);
  for (const auto& tensor : packed.tensors())
    zeros.add(tensor.name, tensor.shape, std::vector<float>(tensor.values.size()));
  const std::string stamp = detail::stamp_text(place.read_settled().source()->stamp);
  REQUIRE(weights::write_packed(place.packed, key, {zeros, stamp}));
  CHECK(place.features(place.read_settled()) != expected());  // so the next checks say something
  for (const auto& [fact, value] : key) {
    CAPTURE(fact);
    auto other = key;
    other[fact] += '1';
    REQUIRE(weights::write_packed(place.packed, other, {zeros, stamp}));
    CHECK(place.features(place.read_settled()) == expected());
    CHECK(place.features(place.read_settled()) == expected());
  }
  weights::Store few;
  few.add("conv2d", {16}, std::vector<float>(16));
  REQUIRE(weights::write_packed(place.packed, key, {few, stamp}));
  CHECK(place.features(place.read_settled()) == expected());
  CHECK(place.warnings.empty());
}

TEST_CASE("what decides the packed values is part of the key: back end, algorithm, image dimension") {
  const auto shape = step_shape(graph::plan_view<Small>(), graph::plan_view<Small>().steps[3]);
  CHECK((Native::algorithm(shape) != backend::native::Algorithm{}) == has_fast());
  CHECK((Native::packing(shape) != backend::Native<backend::numerics::exact>::packing(shape)) == has_fast());
  const auto lanes = backend::native::kernels().abilities.lanes;
  CHECK(backend::native::packing(shape.kernel, {4, 4}, lanes) != backend::native::packing(shape.kernel, {6, 6}, lanes));
  CHECK(backend::native::packing(shape.kernel, backend::native::by_tiles, lanes) !=
        backend::native::packing(shape.kernel, {}, lanes));
  CHECK(backend::native::packing(shape.kernel, {}, 8) != backend::native::packing(shape.kernel, {}, 16));
  auto plan = graph::plan_view<Small>();
  const auto key = detail::packed_key<Native>(plan, Place().read());
  plan.input.height = 48;
  CHECK(detail::packed_key<Native>(plan, Place().read()) != key);
}

TEST_CASE("other weights under the same name are never served from the old packed file") {
  Place place;
  place.load(place.read());
  const auto written = fs::last_write_time(place.weights);
  weights::Store others;
  const weights::Store formula = Place::formula();
  for (const auto& tensor : formula.tensors()) {
    std::vector<float> values(tensor.values.begin(), tensor.values.end());
    for (float& value : values) value *= 0.5f;
    others.add(tensor.name, tensor.shape, std::move(values));
  }
  place.put(others);
  fs::last_write_time(place.weights, written);
  CHECK(place.features(place.read()) == expected(others));
  CHECK(place.features(place.read()) == expected(others));
  CHECK(expected(others) != expected());
  CHECK(place.is_kept());

  // Damaged in place, with the old size and time.
  flip(place.weights, fs::file_size(place.weights) - 100, 4);
  fs::last_write_time(place.weights, written);
  CHECK_THROWS_WITH(place.load(place.read()), Contains("damaged"));
  CHECK(place.warnings.empty());
}

TEST_CASE("weights that are not finite are refused and leave no packed file") {
  Place place;
  weights::Store store;
  const weights::Store formula = Place::formula();
  for (const auto& tensor : formula.tensors()) {
    std::vector<float> values(tensor.values.begin(), tensor.values.end());
    if (store.size() == 0) values[5] = std::numeric_limits<float>::infinity();
    store.add(tensor.name, tensor.shape, std::move(values));
  }
  place.put(store);
  CHECK_THROWS_WITH(place.load(place.read()), Contains("not finite"));
  CHECK(place.files().size() == 1);
}

TEST_CASE("packed weights go where RCAR_PACKED_CACHE says, and nowhere when it says off") {
  Place place;
  {
    const Asked off("off");
    CHECK(place.features(place.read()) == expected());
    CHECK(place.files().size() == 1);
  }
  const fs::path there = place.folder / "new/folder";
  const Asked folder(there.string());
  CHECK(place.features(place.read()) == expected());
  CHECK(place.features(place.read()) == expected());
  CHECK_FALSE(fs::exists(place.packed));
  const auto name = place.weights.filename().string() + "." + weights::weights_hash(place.read()).substr(0, 12) + "." +
                    Place::dashed(Native::engine()) + "-24.packed";
  CHECK(fs::exists(there / name));
}

TEST_CASE("where nothing can be written, weights are packed in memory without a word") {
  Place place;
  {
    const Asked a_file(place.weights.string());
    CHECK(place.features(place.read()) == expected());
  }
  fs::create_directories(place.packed);  // nor can a folder be replaced
  CHECK(place.features(place.read()) == expected());
  CHECK(place.warnings.empty());
  CHECK(fs::is_directory(place.packed));
}

TEST_CASE("only weights of a file that states their hash are kept packed, and only by back ends that pack") {
  Place place;
  weights::Store store = place.read();
  const auto features = place.features<backend::Reference>(store);
  store.metadata.erase("weights_sha256");
  CHECK(place.features(store) == expected());
  store.metadata["weights_sha256"] = "../../x";
  CHECK_THROWS_AS(place.load(store), WeightsError);
  store = place.read();
  store.add("more", {1}, {1});
  CHECK_FALSE(store.source());
  store.metadata.erase("weights_sha256");
  CHECK(place.features(store) == expected());
  CHECK(place.files().size() == 1);
}

TEST_CASE("a normalization of the weights' own holds with packed weights, too") {
  Place place;
  weights::Store store = Place::formula();
  store.add("preprocessing/scale", {3}, {0.001f, 0.002f, 0.003f});
  store.add("preprocessing/offset", {3}, {0.1f, 0.2f, 0.3f});
  place.put(store);
  CHECK(place.features(place.read()) == expected(store));
  CHECK(place.load(place.read()).packed.memory);
  CHECK(place.features(place.read()) == expected(store));
  CHECK(expected(store) != expected());
}

TEST_CASE("loads side by side leave one whole packed file") {
  Place place;
  const auto want = expected();
  std::vector<std::vector<float>> results(4);
  std::vector<std::thread> threads;
  for (auto& result : results)
    threads.emplace_back([&] {
      for (int i = 0; i < 8; ++i) {
        Place::features(load_backbone<Native>(graph::plan_view<Small>(), place.read(), [](const std::string& text) {
          throw std::runtime_error(text);  // ends the test
        })).swap(result);
        std::error_code ignored;
        fs::remove(place.packed, ignored);
      }
    });
  for (auto& thread : threads) thread.join();
  for (const auto& result : results) CHECK(result == want);
  place.load(place.read());
  CHECK(place.is_kept());
}

TEST_CASE("what a killed program left aside goes after a day") {
  Place place;
  const fs::path old = place.packed.string() + ".aB3dE6", fresh = place.packed.string() + ".aB3dE7";
  test::write_text(old, "half");
  test::write_text(fresh, "half");
  fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(25));
  place.load(place.read());
  CHECK_FALSE(fs::exists(old));
  CHECK(fs::exists(fresh));
}

TEST_CASE("the packing is that of its version") {
  // Whoever changes these sums raises native::packing_version: files of packed weights are known by it.
  using namespace backend::native;
  std::vector<float> kernel(3 * 3 * 8 * 8), bias(8);
  for (std::size_t i = 0; i < kernel.size(); ++i) kernel[i] = static_cast<float>(i % 97);
  for (std::size_t i = 0; i < bias.size(); ++i) bias[i] = static_cast<float>(i);
  const auto sum = [&](Algorithm algorithm, bool depthwise) {
    const backend::KernelShape shape{3, 3, 8, 8, depthwise};
    const std::vector<float> used(kernel.begin(), kernel.begin() + (depthwise ? 72 : 576));
    const auto packed = pack(shape, algorithm, 8, used, bias);
    double result = 0;
    for (std::size_t i = 0; i < packed.values().size(); ++i)
      result += static_cast<double>(i % 1009) * static_cast<double>(packed.values()[i]);
    return result;
  };
  CHECK(packing_version == 1);
  CHECK(sum({}, false) == 12462595);
  CHECK(sum({}, true) == 124216);
  CHECK(sum({5, 5}, false) == Approx(-1975280.4445173517));
  CHECK(sum({6, 6}, false) == Approx(-12234044.7002831995));
}

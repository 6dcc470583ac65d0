#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <rcar/weights/backbone_file.hpp>
#include <rcar/weights/safetensors.hpp>
#include <string>
#include <vector>

namespace fs = std::filesystem;
namespace weights = rcar::weights;
using Catch::Matchers::Contains;

namespace {

/// A folder of its own that goes away with the test.
struct Folder {
  fs::path path = [] {
    std::string name = (fs::temp_directory_path() / "rcar-weights-XXXXXX").string();
    return fs::path(::mkdtemp(name.data()));
  }();
  ~Folder() { fs::remove_all(path); }
};

weights::Store small_store() {
  weights::Store store;
  store.metadata = {{"format", "rcar-weights"}, {"source", "a \"quoted\" name"}};
  store.add("stem/kernel", {2, 3}, {1, 2, 3, 4, 5, 6});
  store.add("scalar", {}, {7});
  store.add("empty", {0, 4}, {});
  store.add("a/bias", {3}, {-1, 0.5f, 1e-30f});
  return store;
}

std::string file_of(const std::string& header, std::size_t data_bytes) {
  const std::uint64_t length = header.size();
  std::string out(8, '\0');
  std::memcpy(out.data(), &length, 8);
  return out + header + std::string(data_bytes, '\0');
}

void put(const fs::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

std::string get(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The message with which a file of these bytes is refused; it must be one line.
std::string refusal(const fs::path& path, const std::string& bytes) {
  put(path, bytes);
  try {
    weights::read_safetensors(path);
  } catch (const rcar::WeightsError& error) {
    const std::string message = error.what();
    CHECK(message.find('\n') == message.npos);
    CHECK_THAT(message, Contains(path.filename().string()));
    return message;
  }
  return "accepted";
}

}  // namespace

TEST_CASE("a store keeps its tensors' order and finds them by name") {
  const auto store = small_store();
  REQUIRE(store.size() == 4);
  CHECK(store.tensors()[0].name == "stem/kernel");
  CHECK(store.find("a/bias")->values[1] == 0.5f);
  CHECK(store.find("b/bias") == nullptr);
  CHECK(store.parameters() == 10);
}

TEST_CASE("a copy of a store keeps its values when the first goes") {
  weights::Store copy;
  {
    const auto store = small_store();
    copy = store;
  }
  CHECK(copy.find("stem/kernel")->values[5] == 6);
}

TEST_CASE("a store refuses two tensors of one name and a shape that its values do not fill") {
  auto store = small_store();
  CHECK_THROWS_WITH(store.add("scalar", {}, {1}), Contains("two tensors named 'scalar'"));
  CHECK_THROWS_WITH(store.add("x", {2, 2}, {1, 2, 3}), Contains("(2, 2)") && Contains("3 values"));
  CHECK_THROWS_AS(weights::element_count({std::size_t{1} << 40, std::size_t{1} << 40}), rcar::WeightsError);
}

TEST_CASE("a safetensors file reads back as it was written, with its order and metadata") {
  const Folder folder;
  const auto store = small_store();
  weights::write_safetensors(folder.path / "a.safetensors", store);
  const auto back = weights::read_safetensors(folder.path / "a.safetensors");
  CHECK(back.metadata == store.metadata);
  REQUIRE(back.size() == store.size());
  for (std::size_t i = 0; i < store.size(); ++i) {
    CHECK(back.tensors()[i].name == store.tensors()[i].name);
    CHECK(back.tensors()[i].shape == store.tensors()[i].shape);
    CHECK(std::equal(back.tensors()[i].values.begin(), back.tensors()[i].values.end(),
                     store.tensors()[i].values.begin(), store.tensors()[i].values.end()));
  }
  CHECK(weights::weights_hash(back) == weights::weights_hash(store));
  CHECK(weights::is_safetensors_file(folder.path / "a.safetensors"));
}

TEST_CASE("equal stores give equal bytes and the values lie at a multiple of eight") {
  const Folder folder;
  weights::write_safetensors(folder.path / "a", small_store());
  weights::write_safetensors(folder.path / "b", small_store());
  CHECK(get(folder.path / "a") == get(folder.path / "b"));
  CHECK(weights::safetensors_header(small_store()).size() % 8 == 0);
}

TEST_CASE("the weights' hash depends on names, shapes and values but not on order or metadata") {
  weights::Store store, turned, other_shape, other_name, other_value;
  store.add("a", {2, 3}, std::vector<float>(6, 1));
  store.add("b", {1}, {2});
  turned.add("b", {1}, {2});
  turned.add("a", {2, 3}, std::vector<float>(6, 1));
  turned.metadata["x"] = "y";
  other_shape.add("a", {3, 2}, std::vector<float>(6, 1));
  other_shape.add("b", {1}, {2});
  other_name.add("a", {2, 3}, std::vector<float>(6, 1));
  other_name.add("c", {1}, {2});
  other_value.add("a", {2, 3}, std::vector<float>(6, 1));
  other_value.add("b", {1}, {3});
  const auto hash = weights::weights_hash(store);
  CHECK(hash.size() == 64);
  CHECK(weights::weights_hash(turned) == hash);
  CHECK(weights::weights_hash(other_shape) != hash);
  CHECK(weights::weights_hash(other_name) != hash);
  CHECK(weights::weights_hash(other_value) != hash);
}

TEST_CASE("a hash is believed only where the checksum fits both it and the tensors") {
  const auto store = [](float value) {
    weights::Store result;
    result.add("a", {2, 3}, std::vector<float>(6, value));
    return result;
  };
  weights::Store whole = store(1);
  weights::set_origin(whole, {"efficientnetb0", "graph", "drawn", "", "on"});
  const std::string hash = weights::weights_hash(whole);
  CHECK(weights::verified_hash(whole) == hash);
  weights::Store without = whole;
  without.metadata.erase("checksum");
  CHECK(weights::verified_hash(without) == hash);
  weights::Store other_values = store(2), other_hash = whole, other_checksum = whole;
  other_values.metadata = whole.metadata;
  CHECK_THROWS_WITH(weights::verified_hash(other_values), Contains("damaged"));
  other_hash.metadata["weights_sha256"][5] ^= 1;
  CHECK_THROWS_WITH(weights::verified_hash(other_hash), Contains("damaged"));
  other_checksum.metadata["checksum"] = "0123456789abcdef";
  CHECK(weights::verified_hash(other_checksum) == hash);
}

TEST_CASE("a safetensors file cut at any byte, or longer than it says, is refused in one line") {
  const Folder folder;
  weights::write_safetensors(folder.path / "whole", small_store());
  const std::string bytes = get(folder.path / "whole");
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    CAPTURE(cut);
    CHECK(refusal(folder.path / "cut", bytes.substr(0, cut)) != "accepted");
  }
  CHECK_THAT(refusal(folder.path / "long", bytes + '\0'), Contains("the file holds"));
  CHECK_THROWS_AS(weights::read_safetensors(folder.path / "absent"), rcar::FileError);
  CHECK_THROWS_AS(weights::read_safetensors(folder.path), rcar::FileError);
}

TEST_CASE("a safetensors header that lies about sizes, offsets or types is refused") {
  const Folder folder;
  const auto refused = [&](const std::string& header, std::size_t bytes) {
    return refusal(folder.path / "lie", file_of(header, bytes));
  };
  const std::string one = R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  REQUIRE(refused("{" + one + "}", 8) == "accepted");
  CHECK_THAT(refused(R"({"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}})", 4),
             Contains("'F16'") && Contains("F32 only"));
  CHECK_THAT(refused("{" + one + "," + one + "}", 8), Contains("two members named 'a'"));
  CHECK_THAT(refused("{" + one + R"(,"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12), Contains("'b'"));
  CHECK_THAT(refused("{" + one + R"(,"b":{"dtype":"F32","shape":[2],"data_offsets":[12,20]}})", 20), Contains("'b'"));
  CHECK_THAT(refused(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12), Contains("start at byte 4"));
  CHECK_THAT(refused(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8), Contains("(3,)"));
  CHECK_THAT(refused(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8), Contains("span"));
  CHECK_THAT(refused(R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", 8), Contains("negative"));
  CHECK_THAT(refused(R"({"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})", 8), Contains("integer"));
  CHECK_THAT(refused(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296,2],"data_offsets":[0,0]}})", 0),
             Contains("memory"));
  CHECK_THAT(refused(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}})", 8), Contains("'a'"));
  CHECK_THAT(refused(R"({"a":{"dtype":"F32","shape":[2]}})", 8), Contains("data_offsets"));
  CHECK_THAT(refused(R"({"__metadata__":{"x":1}})", 0), Contains("string"));
  CHECK_THAT(refused("[]", 0), Contains("'{'"));
  CHECK_THAT(refusal(folder.path / "huge", std::string(8, '\xff') + "{}"), Contains("header would have"));
}

TEST_CASE("a header that is not padded is read all the same") {
  const Folder folder;
  std::string bytes = file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} )", 0);
  REQUIRE(bytes.size() % 4 != 0);
  const float value = 1.25f;
  bytes.append(reinterpret_cast<const char*>(&value), 4);
  put(folder.path / "a", bytes);
  CHECK(weights::read_safetensors(folder.path / "a").find("a")->values[0] == 1.25f);
}

TEST_CASE("a safetensors file that cannot be written leaves nothing behind") {
  const Folder folder;
  CHECK_THROWS_AS(weights::write_safetensors(folder.path / "no" / "a", small_store()), rcar::FileError);
  CHECK(fs::is_empty(folder.path));
}

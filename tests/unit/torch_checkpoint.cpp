#include <zip.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <rcar/core/file.hpp>
#include <rcar/weights/safetensors.hpp>
#include <rcar/weights/torch/checkpoint.hpp>
#include <span>
#include <string>

#include "tests/support/torch_file.hpp"

namespace {

namespace fs = std::filesystem;
namespace torch = rcar::weights::torch;
using Catch::Matchers::Contains;
using rcar::test::pickled;
using rcar::test::raw_bytes;
using rcar::test::torch_legacy_file;
using rcar::test::TorchTensor;
using rcar::weights::Store;

fs::path data(const std::string& name) { return fs::path(RCAR_TEST_DATA) / name; }

Store read(const std::string& bytes) { return torch::detail::read_bytes(std::as_bytes(std::span(bytes))); }

std::string refusal(const std::string& bytes) {
  try {
    read(bytes);
  } catch (const rcar::WeightsError& error) {
    return error.what();
  }
  return "";
}

std::string legacy(const TorchTensor& tensor) {
  std::string values;
  for (int i = 0; i < 4; ++i) values += raw_bytes(static_cast<float>(i));
  return torch_legacy_file("}" + pickled("w") + tensor.pickle() + "s", "]" + pickled("0") + "a",
                           raw_bytes(std::int64_t{4}) + values);
}

TEST_CASE("a checkpoint gives the same tensors from every container that PyTorch writes") {
  const Store expected = rcar::weights::read_safetensors(data("torch_expected.safetensors"));
  REQUIRE(expected.size() == 9);
  for (const std::string name : {"torch_zip.pth", "torch_legacy.pth", "torch_protocol4.pth", "torch_wheel.whl"}) {
    CAPTURE(name);
    const Store store = torch::read_checkpoint(data(name));
    CHECK(store.size() == expected.size());  // without the integer counter
    CHECK(store.tensors()[0].name == "contiguous.weight");
    for (const auto& tensor : expected.tensors()) {
      CAPTURE(tensor.name);
      const auto* found = store.find(tensor.name);
      REQUIRE(found);
      CHECK(found->shape == tensor.shape);
      REQUIRE(found->values.size() == tensor.values.size());
      if (!tensor.values.empty())
        CHECK(std::memcmp(found->values.data(), tensor.values.data(), tensor.values.size_bytes()) == 0);
    }
  }
}

TEST_CASE("a training checkpoint gives the state dict inside it") {
  const Store store = torch::read_checkpoint(data("torch_training.pth"));
  REQUIRE(store.size() == 4);
  REQUIRE(store.find("running_var"));
  CHECK(store.find("running_var")->values[2] == 1.0F);
}

TEST_CASE("a parameter is the tensor inside it") {
  const Store store = torch::read_checkpoint(data("torch_parameter.pth"));
  REQUIRE(store.find("weight"));
  CHECK(store.find("weight")->values[1] == -0.5F);
}

TEST_CASE("a whole module is refused by its class, with what to do") {
  CHECK_THROWS_WITH(torch::read_checkpoint(data("torch_module.pth")),
                    Contains("torch.nn.modules.linear.Linear") && Contains("torch.save(model.state_dict(), FILE)"));
}

TEST_CASE("a file that is no checkpoint is refused in one sentence") {
  CHECK_THROWS_AS(torch::read_checkpoint(data("absent.pth")), rcar::FileError);
  CHECK_THROWS_WITH(torch::read_checkpoint(data("torch_expected.safetensors")), Contains("neither a zip archive nor"));
  CHECK_THAT(refusal(""), Contains("is empty"));
  CHECK_THAT(refusal("\x89HDF\r\n\x1a\n"), Contains("neither a zip archive nor a pickle"));
  CHECK_THAT(refusal(std::string("\x80\x02N.", 4)), Contains("does not start as one does"));
}

TEST_CASE("half precision converts exactly, all 65536 values of it") {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    const double magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
    const float value = torch::half_to_float(static_cast<std::uint16_t>(bits));
    if (exponent == 31 && fraction != 0) {
      if (!std::isnan(value)) FAIL(bits);
    } else {
      const double expected = exponent == 31 ? INFINITY : magnitude;
      if (std::fabs(value) != expected || std::signbit(value) != (bits >> 15 != 0)) FAIL(bits);
    }
  }
}

TEST_CASE("a tensor is read through its offset, strides and view") {
  CHECK(read(legacy(TorchTensor{})).tensors()[0].values[3] == 3.0F);
  CHECK(read(legacy({.strides = {1, 2}})).tensors()[0].values[1] == 2.0F);
  CHECK(read(legacy({.offset = 3, .shape = {1}, .strides = {1}})).tensors()[0].values[0] == 3.0F);
  CHECK(
      read(legacy(
               {.offset = 1, .shape = {1}, .strides = {1}, .view = "(" + pickled("v") + pickled(2) + pickled(2) + "t"}))
          .tensors()[0]
          .values[0] == 3.0F);
}

TEST_CASE("a tensor that claims more than its storage is refused") {
  constexpr std::int64_t huge = std::int64_t{1} << 62;
  const std::string outside = "does not fit its storage";
  CHECK_THAT(refusal(legacy({.offset = 1})), Contains(outside));
  CHECK_THAT(refusal(legacy({.offset = huge})), Contains(outside));
  CHECK_THAT(refusal(legacy({.shape = {3, 2}})), Contains(outside));
  CHECK_THAT(refusal(legacy({.shape = {huge, 8}})), Contains(outside));
  CHECK_THAT(refusal(legacy({.strides = {huge, huge}})), Contains(outside));
  CHECK_THAT(refusal(legacy({.shape = {1 << 20, 1 << 20}, .strides = {0, 0}})), Contains(outside));  // few bytes, 4 TB
  CHECK_THAT(refusal(legacy({.view = "(" + pickled("v") + pickled(3) + pickled(2) + "t"})), Contains(outside));
  CHECK_THAT(refusal(legacy({.offset = -1})), Contains("no count"));
  CHECK_THAT(refusal(legacy({.shape = {-2, 2}})), Contains("no count"));
  CHECK_THAT(refusal(legacy({.shape = {2, 2, 1}})), Contains("3 dimensions and 2 strides"));
  CHECK_THAT(refusal(legacy({.elements = 5})), Contains("has 4 where its tensors need 5"));
  CHECK_THAT(refusal(legacy({.type = "torch\nDoubleStorage"})), Contains("ends inside its storage"));
  CHECK_THAT(refusal(legacy({.type = "torch\nComplexFloatStorage"})), Contains("'torch.ComplexFloatStorage'"));
  CHECK_THAT(refusal(legacy({.key = "1"})), Contains("none of its tensors describes"));
}

TEST_CASE("a thousand tensors in one storage do not multiply its memory") {
  std::string object = "}";
  for (int i = 0; i < 1000; ++i) {
    TorchTensor whole{.elements = 10'000, .shape = {10'000}, .strides = {1}};
    object += pickled("w" + std::to_string(i)) + whole.pickle() + "s";
  }
  const std::string file =
      torch_legacy_file(object, "]" + pickled("0") + "a", raw_bytes(std::int64_t{10'000}) + std::string(40'000, '\0'));
  CHECK_THAT(refusal(file), Contains("more elements than its"));
}

TEST_CASE("a big-endian checkpoint and two tensors of one name are refused") {
  std::string file = legacy(TorchTensor{});
  file[file.find("little_endian") + 13] = '\x89';
  CHECK_THAT(refusal(file), Contains("big-endian"));
  const std::string twice = pickled("w") + TorchTensor{}.pickle() + "s";
  CHECK_THAT(refusal(torch_legacy_file("}" + twice + twice, "]", "")), Contains("two tensors named 'w'"));
}

TEST_CASE("a dict that holds itself is refused") {
  using namespace std::string_literals;
  CHECK_THAT(refusal(torch_legacy_file("}q\x00"s + pickled("state_dict") + "h\x00s"s, "]", "")),
             Contains("no dict of tensors"));
  CHECK_THAT(refusal(torch_legacy_file("]q\x00h\x00"s + "a", "]", "")), Contains("no dict of tensors"));
}

TEST_CASE("a checkpoint cut at any byte is refused") {
  for (const std::string name : {"torch_zip.pth", "torch_legacy.pth", "torch_wheel.whl"}) {
    const rcar::MappedFile file(data(name));
    for (std::size_t size = 0; size < file.text().size(); ++size)
      if (refusal(std::string(file.text().substr(0, size))).empty()) FAIL(name << " cut to " << size << " bytes");
  }
}

TEST_CASE("a checkpoint with a flipped byte is read or refused, never worse") {
  std::size_t refused = 0;
  for (const std::string name : {"torch_zip.pth", "torch_legacy.pth", "torch_wheel.whl"}) {
    const rcar::MappedFile file(data(name));
    std::string bytes(file.text());
    for (char& byte : bytes)
      for (const int flip : {0xff, 0x01}) {
        byte = static_cast<char>(byte ^ flip);
        refused += !refusal(bytes).empty();
        byte = static_cast<char>(byte ^ flip);
      }
  }
  CHECK(refused > 1000);
}

TEST_CASE("an archive whose entry inflates a hundredfold is refused before it does") {
  const fs::path path = fs::temp_directory_path() / ("rcar_bomb_" + std::to_string(::getpid()) + ".whl");
  {
    const std::vector<char> zeros(std::size_t{32} << 20);
    zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
    REQUIRE(archive);
    zip_file_add(archive, "weights.pth", zip_source_buffer(archive, zeros.data(), zeros.size(), 0), 0);
    REQUIRE(zip_close(archive) == 0);
  }
  CHECK_THROWS_WITH(torch::read_checkpoint(path), Contains("claims 33554432 bytes"));
  fs::remove(path);
}

}  // namespace

#include <catch2/catch.hpp>
#include <filesystem>
#include <rcar/core/file.hpp>
#include <rcar/core/hash.hpp>
#include <rcar/core/json.hpp>
#include <rcar/keras_backbones.hpp>
#include <rcar/weights/keras/read_backbone.hpp>
#include <string>

#include "tests/support/shared_data.hpp"

namespace keras = rcar::weights::keras;

TEST_CASE("every tensor of the real Keras files is the one that Keras loads under that name", "[shared]") {
  const auto shared = rcar::test::shared_data();
  if (!shared) return;
  const std::filesystem::path golden = std::filesystem::path(RCAR_TEST_DATA) / "keras_shared_checksums.json";
  const auto checksums = rcar::json::parse(rcar::MappedFile(golden).text());
  REQUIRE(checksums.object().size() == 2);
  for (const auto& [name, tensors] : checksums.object()) {
    CAPTURE(name);
    const auto read = keras::read_keras_backbone(*shared / "weights" / name, rcar::keras_backbones());
    CHECK(read.backbone == (name.starts_with("inception") ? "inceptionv3" : "efficientnetb0"));
    CHECK(read.store.size() == tensors.object().size());
    std::size_t equal = 0;
    for (const auto& tensor : read.store.tensors()) {
      const std::string hash = rcar::Sha256().add(std::as_bytes(tensor.values)).hex().substr(0, 16);
      const auto* wanted = tensors.find(tensor.name);
      if (wanted && wanted->string() == hash)
        ++equal;
      else
        FAIL_CHECK("tensor " << tensor.name << " is not Keras's");
    }
    CHECK(equal == tensors.object().size());
  }
}

TEST_CASE("a legacy file without a trace of the second rescaling is taken with it, and says so", "[shared]") {
  const auto shared = rcar::test::shared_data();
  if (!shared) return;
  const auto read = keras::read_keras_backbone(*shared / "weights/efficientnetb0_notop.h5", rcar::keras_backbones());
  CHECK(read.store.metadata.at("rescaling") == "on");
  CHECK(read.store.find("preprocessing/scale") == nullptr);  // its normalization is ImageNet's
  REQUIRE(read.notes.size() == 1);
  CHECK_THAT(read.notes[0], Catch::Matchers::Contains("assumed on"));
}

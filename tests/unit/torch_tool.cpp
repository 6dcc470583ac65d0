#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <rcar/weights/safetensors.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/skip.hpp"
#include "tests/support/torch_file.hpp"

namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

/// A folder of its own that goes away with the test; convert_torch_weights runs in it.
struct Workplace {
  fs::path folder = [] {
    std::string name = (fs::temp_directory_path() / "rcar_torch_tool_XXXXXX").string();
    return fs::path(::mkdtemp(name.data()));
  }();
  ~Workplace() { fs::remove_all(folder); }

  void write(const std::string& name, const std::string& content) const {
    std::ofstream(folder / name, std::ios::binary) << content;
  }
  std::string read(const std::string& name) const {
    std::ifstream file(folder / name, std::ios::binary);
    std::ostringstream content;
    content << file.rdbuf();
    return content.str();
  }
  /// Exit code and what stands on standard error.
  std::pair<int, std::string> run(const std::string& arguments) const {
    const std::string command = "cd '" + folder.string() + "' && '" + RCAR_TOOLS_DIR + "/convert_torch_weights' " +
                                arguments + " >stdout 2>stderr";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read("stderr")};
  }
};

bool no_tool() {
  if (fs::exists(fs::path(RCAR_TOOLS_DIR) / "convert_torch_weights")) return false;
  rcar::test::skip("the tools are not built (RCAR_BUILD_TOOLS)");
  return true;
}

std::string lite0_checkpoint(const std::string& kind) {
  std::vector<rcar::test::TorchName> names;
  std::ifstream list(fs::path(RCAR_TEST_DATA) / ("lite0_names_" + kind + ".txt"));
  for (std::string line; std::getline(list, line);) {
    std::istringstream words(line);
    rcar::test::TorchName name;
    words >> name.name;
    for (std::int64_t extent; words >> extent;) name.shape.push_back(extent);
    names.push_back(std::move(name));
  }
  return rcar::test::torch_state_dict(names);
}

TEST_CASE("convert_torch_weights makes the same tensors of either kind of checkpoint, and the same bytes twice") {
  if (no_tool()) return;
  const Workplace place;
  place.write("package.pth", lite0_checkpoint("package"));
  place.write("timm.pth", lite0_checkpoint("timm"));
  for (const std::string kind : {"package", "timm"}) {
    const auto [code, errors] = place.run(kind + ".pth " + kind + ".safetensors");
    CHECK(code == 0);
    CHECK(errors.empty());
  }
  const auto package = rcar::weights::read_safetensors(place.folder / "package.safetensors");
  const auto timm = rcar::weights::read_safetensors(place.folder / "timm.safetensors");
  CHECK(package.parameters() == 3'413'024);
  CHECK(package.metadata.at("weights_sha256") == timm.metadata.at("weights_sha256"));
  CHECK(package.metadata.at("source") == "package.pth");
  CHECK(place.run("package.pth again.safetensors").first == 0);
  CHECK(place.read("again.safetensors") == place.read("package.safetensors"));
}

TEST_CASE("convert_torch_weights refuses what it cannot convert in one line and writes nothing") {
  if (no_tool()) return;
  const Workplace place;
  const std::string whole = lite0_checkpoint("package");
  place.write("empty.pth", "");
  place.write("cut.pth", whole.substr(0, whole.size() / 2));
  place.write("keras.h5", "\x89HDF\r\n\x1a\n and more");
  place.write("evil.pth",
              rcar::test::torch_legacy_file("cposix\nsystem\n(X\x05" + std::string(3, '\0') + "touch tR", "]", ""));
  const std::string other = std::string("'") + RCAR_TEST_DATA + "/torch_zip.pth'";
  const std::pair<std::string, std::string> cases[] = {{"absent.pth", "Cannot open 'absent.pth'"},
                                                       {"empty.pth", "it is empty"},
                                                       {"cut.pth", "it ends inside its storage"},
                                                       {"keras.h5", "neither a zip archive nor a pickle"},
                                                       {"evil.pth", "'posix.system'"},
                                                       {other, "no weights of EfficientNet-Lite0"},
                                                       {".", "not a regular file"}};
  for (const auto& [in, why] : cases) {
    CAPTURE(in);
    const auto [code, errors] = place.run(in + " out.safetensors");
    CHECK(code == 1);
    CHECK_THAT(errors, Catch::Matchers::StartsWith("error: ") && Contains(why));
    CHECK(std::count(errors.begin(), errors.end(), '\n') == 1);
    CHECK_FALSE(fs::exists(place.folder / "out.safetensors"));
  }
  place.write("whole.pth", whole);
  const auto [code, errors] = place.run("whole.pth no_folder/out.safetensors");
  CHECK(code == 1);
  CHECK_THAT(errors, Contains("no_folder/out.safetensors"));
}

TEST_CASE("convert_torch_weights tells wrong use by exit code 2") {
  if (no_tool()) return;
  const Workplace place;
  place.write("in.pth", "content");
  CHECK(place.run("--help").first == 0);
  CHECK(place.run("").first == 2);
  CHECK(place.run("one two three").first == 2);
  CHECK(place.run("in.pth in.pth").first == 2);
  CHECK(place.read("in.pth") == "content");
}

}  // namespace

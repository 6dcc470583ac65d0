#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <rcar/backbones/efficientnet_lite.hpp>
#include <rcar/graph/backbone.hpp>
#include <rcar/weights/torch/efficientnet_lite.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
namespace weights = rcar::weights;
using Catch::Matchers::Contains;

auto layers() { return rcar::graph::graph_of<rcar::EfficientNetLite0<224>>.view(); }

struct Named {
  std::string name;
  weights::Shape shape;
};

/// The float tensors of a real checkpoint, in its order, by the script that made the file.
std::vector<Named> names_of(const std::string& kind) {
  std::ifstream file(fs::path(RCAR_TEST_DATA) / ("lite0_names_" + kind + ".txt"));
  std::vector<Named> out;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    Named named;
    words >> named.name;
    for (std::size_t extent; words >> extent;) named.shape.push_back(extent);
    out.push_back(std::move(named));
  }
  return out;
}

/// Element i of tensor t is 10,000 t + i (mod 10,000).
weights::Store checkpoint(const std::vector<Named>& names, const std::string& prefix = "") {
  weights::Store store;
  for (std::size_t t = 0; t < names.size(); ++t) {
    std::vector<float> values(weights::element_count(names[t].shape));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(t * 10'000 + i % 10'000);
    store.add(prefix + names[t].name, names[t].shape, std::move(values));
  }
  return store;
}

std::string refusal(const std::vector<Named>& names) {
  try {
    weights::torch::convert_efficientnet_lite0(checkpoint(names), layers());
  } catch (const rcar::WeightsError& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("the package's names and timm's give the same native weights") {
  const auto package_names = names_of("package"), timm_names = names_of("timm");
  REQUIRE(package_names.size() == 247);
  REQUIRE(timm_names.size() == 247);
  const auto package = weights::torch::convert_efficientnet_lite0(checkpoint(package_names), layers());
  const auto timm = weights::torch::convert_efficientnet_lite0(checkpoint(timm_names), layers());
  const auto parallel = weights::torch::convert_efficientnet_lite0(checkpoint(timm_names, "module."), layers());
  CHECK(package.parameters() == 3'413'024);
  CHECK(weights::weights_hash(package) == weights::weights_hash(timm));
  CHECK(weights::weights_hash(package) == weights::weights_hash(parallel));
}

TEST_CASE("every native tensor comes from the one that belongs to its layer, kernels turned to H, W, I, O") {
  const auto names = names_of("package");
  const auto store = weights::torch::convert_efficientnet_lite0(checkpoint(names), layers());
  const auto values = [&](const std::string& native) {
    const auto* tensor = store.find(native);
    REQUIRE(tensor);
    return tensor->values;
  };
  const auto base = [&](const std::string& name) {
    for (std::size_t t = 0; t < names.size(); ++t)
      if (names[t].name == name) return static_cast<float>(t * 10'000);
    FAIL(name);
    return 0.0F;
  };
  // stem (32, 3, 3, 3): element (o, i, h, w) moves to (h, w, i, o)
  const auto stem = values("stem_conv/kernel");
  CHECK(stem[((2 * 3 + 1) * 3 + 2) * 32 + 5] == base("_conv_stem.weight") + ((5 * 3 + 2) * 3 + 2) * 3 + 1);
  // block2a's depthwise (96, 1, 3, 3) -> (3, 3, 96, 1)
  const auto depthwise = values("block2a_dwconv/depthwise_kernel");
  CHECK(depthwise[(1 * 3 + 2) * 96 + 7] == base("_blocks.1._depthwise_conv.weight") + (7 * 3 + 1) * 3 + 2);
  CHECK(values("block1a_bn/gamma")[3] == base("_blocks.0._bn1.weight") + 3);
  CHECK(values("block1a_project_bn/moving_variance")[0] == base("_blocks.0._bn2.running_var"));
  CHECK(values("block7a_expand_bn/beta")[9] == base("_blocks.15._bn0.bias") + 9);
  CHECK(values("top_bn/moving_mean")[1279] == base("_bn1.running_mean") + 1279);
}

TEST_CASE("a checkpoint that does not fit is refused by its first tensor, with both shapes") {
  const auto whole = names_of("timm");
  CHECK(refusal(whole).empty());

  auto names = whole;
  std::erase_if(names, [](const Named& named) { return named.name == "blocks.1.0.conv_pw.weight"; });
  CHECK_THAT(refusal(names), Contains("no tensor 'blocks.1.0.conv_pw.weight' for block2a_expand_conv/kernel"));

  names = whole;
  names[0].shape = {40, 3, 3, 3};  // EfficientNet-Lite3 and 4
  CHECK_THAT(refusal(names), Contains("'conv_stem.weight' has the shape (40, 3, 3, 3)") &&
                                 Contains("stem_conv/kernel needs (32, 3, 3, 3)"));

  names = names_of("package");  // EfficientNet-B0 differs from Lite0 in these alone
  names.push_back({"_blocks.0._se_reduce.weight", {8, 32, 1, 1}});
  CHECK_THAT(refusal(names), Contains("'_blocks.0._se_reduce.weight' (8, 32, 1, 1) belongs to no layer"));

  CHECK_THAT(refusal({{"features.0.weight", {1}}}), Contains("neither '_conv_stem.weight'"));
  CHECK_THAT(refusal({}), Contains("no float tensors"));
}

TEST_CASE("a file of other weights is refused with the file's name and what to give") {
  CHECK_THROWS_WITH(
      weights::torch::read_efficientnet_lite0(fs::path(RCAR_TEST_DATA) / "torch_zip.pth", layers()),
      Contains("torch_zip.pth' holds no weights of EfficientNet-Lite0") && Contains("give a checkpoint of"));
}

}  // namespace

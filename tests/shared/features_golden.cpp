#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <map>
#include <rcar/backbones/efficientnet.hpp>
#include <rcar/backbones/inception_v3.hpp>
#include <rcar/backend/native.hpp>
#include <rcar/backend/portable.hpp>
#include <rcar/backend/reference.hpp>
#include <rcar/core/hash.hpp>
#include <rcar/core/json.hpp>
#include <rcar/keras.hpp>
#include <rcar/network/device_network.hpp>
#include <rcar/network/network.hpp>
#include <rcar/video/process_video.hpp>

#include "tests/support/shared_data.hpp"

namespace {

using namespace rcar;

/// Real frames whose RGB arrays are, bit for bit, those that Keras saw, and Keras's features of them.
struct GoldenFrames {
  std::vector<std::uint8_t> frames;     // (N, 224, 224, 3)
  std::vector<float> float32, float64;  // (N, F), by Keras in either precision
  std::size_t count = 0;
};

GoldenFrames golden_frames(const std::filesystem::path& shared, const std::string& backbone, std::size_t most) {
  const auto golden =
      weights::read_safetensors(std::filesystem::path(RCAR_TEST_DATA) / ("real_features_" + backbone + ".safetensors"));
  const weights::Tensor &in32 = *golden.find("float32"), &in64 = *golden.find("float64");
  const std::size_t features = in32.shape[1];
  GoldenFrames result;
  std::map<std::string, Frames> clips;
  const json::Value listing = json::parse(golden.metadata.at("frames"));
  for (std::size_t i = 0; i < listing.array().size() && result.count < most; ++i) {
    const json::Value& entry = listing.array()[i];
    const std::string clip = entry.at("clip").string();
    if (!clips.count(clip)) clips[clip] = process_video(shared / "data/UCF-101" / clip, 20, 224);
    const std::uint8_t* frame = clips[clip].data() + entry.at("frame").integer() * 224 * 224 * 3;
    const std::span bytes(reinterpret_cast<const std::byte*>(frame), 224 * 224 * 3);
    if (Sha256().add(bytes).hex() != entry.at("sha256").string()) continue;
    result.frames.insert(result.frames.end(), frame, frame + bytes.size());
    for (auto [from, to] : {std::pair{&in32, &result.float32}, std::pair{&in64, &result.float64}})
      to->insert(to->end(), from->values.begin() + i * features, from->values.begin() + (i + 1) * features);
    ++result.count;
  }
  return result;
}

double deviation(const std::vector<float>& values) {
  double sum = 0, squares = 0;
  for (double value : values) sum += value, squares += value * value;
  const double mean = sum / static_cast<double>(values.size());
  return std::sqrt(squares / static_cast<double>(values.size()) - mean * mean);
}

double worst_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(double{a[i]} - double{b[i]}));
  return worst;
}

template <class Backbone, class BackEnd>
void compare_with_keras(const char* file, std::size_t frames, std::size_t at_least, double most = 2e-4) {
  const auto shared = test::shared_data();
  if (!shared) return;
  const std::string name(Backbone::name);
  const GoldenFrames golden = golden_frames(*shared, name, frames);
  REQUIRE(golden.count >= at_least);
  const Network<BackEnd> network(graph::plan_view<Backbone>(),
                                 read_backbone_weights<Backbone>(*shared / "weights" / file));
  std::vector<float> features(golden.count * network.features());
  network.forward(golden.frames.data(), golden.count, features.data());
  const double scale = deviation(golden.float64);
  const double from32 = worst_difference(features, golden.float32) / scale;
  const double from64 = worst_difference(features, golden.float64) / scale;
  const double keras = worst_difference(golden.float32, golden.float64) / scale;
  WARN(name << " on " << BackEnd::name << ", " << golden.count << " real frames: largest difference " << from32
            << " of the standard deviation from Keras float32, " << from64
            << " from Keras float64 (Keras's own float32: " << keras << ")");
  CHECK(from32 < most);
  CHECK(from64 < most);
}

}  // namespace

TEST_CASE("EfficientNetB0's features of real frames are Keras's", "[shared]") {
  compare_with_keras<EfficientNetB0<224>, backend::Native<>>("efficientnetb0_notop.h5", 52, 50);
}

TEST_CASE("InceptionV3's features of real frames are Keras's", "[shared]") {
  compare_with_keras<InceptionV3<224>, backend::Native<>>("inception_v3_notop.h5", 52, 50);
  compare_with_keras<InceptionV3<224>, backend::Native<backend::numerics::exact>>("inception_v3_notop.h5", 52, 50);
}

TEST_CASE("features of real frames on a device are Keras's, and near them in shorter numbers", "[shared]") {
  using backend::BasicPortable, backend::Precision;
  compare_with_keras<EfficientNetB0<224>, backend::Portable>("efficientnetb0_notop.h5", 52, 50);
  compare_with_keras<InceptionV3<224>, backend::Portable>("inception_v3_notop.h5", 52, 50);
  compare_with_keras<EfficientNetB0<224>, BasicPortable<Precision::bf16>>("efficientnetb0_notop.h5", 20, 20, 0.5);
  compare_with_keras<EfficientNetB0<224>, BasicPortable<Precision::fp16>>("efficientnetb0_notop.h5", 20, 20, 0.1);
  compare_with_keras<InceptionV3<224>, BasicPortable<Precision::bf16>>("inception_v3_notop.h5", 20, 20, 0.5);
  compare_with_keras<InceptionV3<224>, BasicPortable<Precision::fp16>>("inception_v3_notop.h5", 20, 20, 0.1);
}

TEST_CASE("the naive back end's features of real frames are Keras's", "[shared][long]") {
  compare_with_keras<EfficientNetB0<224>, backend::Reference>("efficientnetb0_notop.h5", 4, 4);
  compare_with_keras<InceptionV3<224>, backend::Reference>("inception_v3_notop.h5", 2, 2);
}

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <rcar/recognizer.hpp>
#include <string>

#include "tests/support/clips.hpp"
#include "tests/support/formula_weights.hpp"
#include "tests/support/sanitized.hpp"
#include "tests/support/skip.hpp"

namespace {

using namespace rcar;

/// Starts the process's peak anew; CTest runs each file's tests in a process of their own.
void forget_peak() { std::ofstream("/proc/self/clear_refs") << 5; }

std::size_t peak_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string key; status >> key;)
    if (std::size_t kilobytes = 0; key == "VmHWM:" && status >> kilobytes) return kilobytes * 1024;
  FAIL("/proc/self/status has no VmHWM");
  return 0;
}

}  // namespace

TEST_CASE("predicting with EfficientNetB7 at 600 stays under 1.2 GB", "[long]") {
  using Model = Recognizer<EfficientNetB7<600>, LSTM, 20>;
  const test::TempFolder folder;
  const auto weights_file = folder.path() / "b7.safetensors", model_file = folder.path() / "model.rcar";
  const auto clip = folder.path() / "clip.avi";
  const auto layers = graph::plan_view<EfficientNetB7<600>>().layers;
  {
    weights::Store store = test::formula_weights(layers);
    weights::set_origin(store, {"efficientnetb7", graph::fingerprint(layers), "drawn", "", "on"});
    weights::write_safetensors(weights_file, store);
    ModelFile file;
    file.backbone = "efficientnetb7";
    file.graph = graph::fingerprint(layers);
    file.image_dim = 600;
    file.sequence_length = 20;
    file.feature_dim = 2560;
    file.cell = "lstm";
    file.head = Model::SequenceHead::description();
    file.classes = {"a", "b"};
    Model::SequenceHead(2).store(file.parameters);
    save_model(model_file, file);
    test::write_clip(clip, 20);
  }
  forget_peak();
  Model model = Model::load(model_file, weights_file);
  const std::size_t loaded = peak_bytes();
  const auto prediction = model.predict(clip);
  const std::size_t peak = peak_bytes();
  WARN("peak memory: loading " << loaded / 1000000 << " MB, with one clip predicted " << peak / 1000000 << " MB");
  REQUIRE(prediction.size() == 2);
  CHECK(prediction.front().probability + prediction.back().probability == Approx(1));
  if (test::sanitized) return test::skip("a sanitizer keeps what is freed");
  CHECK(peak < 1'200'000'000);
}

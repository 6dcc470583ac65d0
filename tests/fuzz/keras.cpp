// Keras's files, read by a child process, up to a head and a backbone found in them; and what such a child sends back.

#include <rcar/backbones/efficientnet_lite.hpp>
#include <rcar/graph/backbone.hpp>
#include <rcar/weights/keras/read_backbone.hpp>
#include <rcar/weights/keras/read_head.hpp>

#include "scratch.hpp"
#include "target.hpp"

namespace rcar::fuzz {
namespace {

namespace keras = weights::keras;

/// All that rcar makes of a file that was read.
void use(const keras::KerasFile& read, const std::string& path) {
  const auto file = std::make_shared<const keras::KerasFile>(read);
  for (const keras::FileModel& model : file->models)
    for (const keras::FileLayer& layer : model.layers)
      for (const keras::FileTensor& tensor : layer.tensors)
        law(weights::element_count(tensor.shape) == tensor.values.size(), "a tensor has the values of its shape");
  keras::is_head(*file);
  taken_unless_refused([&] { keras::find_keras_head(file, path); });
  const keras::Candidate candidate{"efficientnetlite0", graph::graph_of<EfficientNetLite0<224>>.view()};
  taken_unless_refused([&] { keras::find_keras_backbone(file, path, {&candidate, 1}, {}); });
}

Outcome read(std::string_view input) {
  static const Scratch folder;
  const std::string path = folder.path() / "input";
  write(path, input);
  return taken_unless_refused([&] { use(keras::read_keras_file(path), path); });
}

constexpr std::size_t values_bytes = 4096;

Outcome read_result(std::string_view input) {
  const OwnBytes own(input);
  static const Scratch folder;
  const std::string source = folder.path() / "empty";  // whose hash a backbone's weights name
  write(source, "");
  std::vector<float> values(values_bytes / sizeof(float), 0.5F);
  return taken_unless_refused([&] {
    const keras::KerasFile file = keras::decode(own.bytes(), std::as_writable_bytes(std::span(values)));
    use(file, source);
    keras::KerasFile plain = file;
    plain.config.reset();
    const std::string once = keras::encode(plain, "", std::as_bytes(std::span(values)));
    const auto again = keras::decode(std::as_bytes(std::span(once)), std::as_writable_bytes(std::span(values)));
    law(keras::encode(again, "", std::as_bytes(std::span(values))) == once, "a result is sent as it was read");
  });
}

// A file on which the HDF5 library loops is ended after 20 s of its child's processor time.
const Registered files({"keras", "keras_head_gru.h5 keras_head_gru.keras keras_head_lstm.weights.h5 keras_small_*",
                        read, 64, std::size_t{16} << 20, nullptr, true, 60});
const Registered results({"keras_result", "", read_result, 300});

}  // namespace
}  // namespace rcar::fuzz

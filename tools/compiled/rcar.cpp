// What the target rcar::compiled holds: every registered recognizer, the graphs of all backbones and the vector
// kernels, so that programs need not compile them again. Header-only use stays the default.
#include <rcar/any_recognizer.hpp>
#include <rcar/backend/native/recurrent.hpp>
#include <rcar/keras_backbones.hpp>

namespace rcar {

template std::span<const graph::Layer> RegisteredRecognizers::layers(const std::string&);
template std::unique_ptr<AnyRecognizer> make_recognizer<RegisteredRecognizers>(const RecognizerChoice&,
                                                                               const weights::Store&, Sampler);
template std::unique_ptr<AnyRecognizer> load_recognizer<RegisteredRecognizers>(const std::filesystem::path&,
                                                                               const weights::Store&);
template std::unique_ptr<AnyRecognizer> load_recognizer<RegisteredRecognizers>(const std::filesystem::path&,
                                                                               const std::filesystem::path&);

}  // namespace rcar

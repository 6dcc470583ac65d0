// What the target rcar::cuda_recognizers holds: every registered recognizer on backend::Cuda and CudaBf16.
#include <rcar/cuda_recognizers.hpp>

namespace rcar {

template std::unique_ptr<AnyRecognizer> make_recognizer<CudaRecognizers>(const RecognizerChoice&, const weights::Store&,
                                                                         Sampler);
template std::unique_ptr<AnyRecognizer> make_recognizer<CudaBf16Recognizers>(const RecognizerChoice&,
                                                                             const weights::Store&, Sampler);

}  // namespace rcar

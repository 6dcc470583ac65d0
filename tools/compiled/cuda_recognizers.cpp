// What the target rcar::cuda_recognizers holds: every registered recognizer on backend::Cuda.
#include <rcar/cuda_recognizers.hpp>

namespace rcar {

template std::unique_ptr<AnyRecognizer> make_recognizer<CudaRecognizers>(const RecognizerChoice&, const weights::Store&,
                                                                         Sampler);

}  // namespace rcar

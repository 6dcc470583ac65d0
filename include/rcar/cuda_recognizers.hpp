#pragma once
/// The registered recognizers on a GPU, for programs that choose the back end at run time. Link rcar::cuda_recognizers,
/// which holds their code.

#include <memory>

#include "any_recognizer.hpp"
#include "cuda.hpp"

namespace rcar {

using CudaRecognizers = detail::registered_on<backend::Cuda>;          // float throughout
using CudaBf16Recognizers = detail::registered_on<backend::CudaBf16>;  // maps in bfloat16

/// Compiled in rcar::cuda_recognizers.
extern template std::unique_ptr<AnyRecognizer> make_recognizer<CudaRecognizers>(const RecognizerChoice&,
                                                                                const weights::Store&, Sampler);
/// Compiled in rcar::cuda_recognizers.
extern template std::unique_ptr<AnyRecognizer> make_recognizer<CudaBf16Recognizers>(const RecognizerChoice&,
                                                                                    const weights::Store&, Sampler);

}  // namespace rcar

// compiles
// A program for a GPU, as its user writes it: no compiler but g++, and no header of CUDA is seen.

#include <rcar/cuda.hpp>
#include <rcar/recognizer.hpp>

#if defined(CUDART_VERSION) || defined(__CUDA_RUNTIME_H__) || defined(CUBLASAPI) || defined(CUDNN_VERSION)
#error "a translation unit without CUDA sees a header of CUDA"
#endif

using namespace rcar;

using OnTheProcessor = Recognizer<EfficientNetB7<600>, LSTM, 20>;
using OnTheGpu = Recognizer<EfficientNetB7<600>, LSTM, 20, backend::Cuda>;        // float throughout: the same numbers
using InBfloat16 = Recognizer<EfficientNetB7<600>, LSTM, 20, backend::CudaBf16>;  // maps in bfloat16: half the memory

using Model = rcar::Recognizer<rcar::EfficientNetB7<600>, rcar::LSTM, 20, rcar::backend::Cuda>;
static_assert(std::is_same_v<Model, OnTheGpu>);

OnTheGpu load() { return OnTheGpu::load("action.rcar", "weights/efficientnetb7.safetensors"); }
std::vector<Prediction> predict(OnTheGpu& model) { return model.predict("clip.avi"); }
History fit(InBfloat16& model) { return model.fit(read_dataset("train.csv", "train")); }

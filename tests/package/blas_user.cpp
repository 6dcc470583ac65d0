// Uses rcar::blas: a head whose matrix products OpenBLAS computes.

#include <cstdio>
#include <rcar/backend/blas.hpp>
#include <rcar/heads/sequence_head.hpp>

int main() {
  rcar::SequenceHead<8, 4, rcar::GRU, rcar::backend::Blas> head(3, 1);
  const rcar::Features features = xt::ones<float>({2, 4, 8});
  const rcar::Mask mask = xt::ones<bool>({2, 4});
  const rcar::Probabilities probabilities = head.predict(features, mask);  // (2, 3)
  const float sum = probabilities(1, 0) + probabilities(1, 1) + probabilities(1, 2);
  std::printf("probabilities sum to %.3f\n", static_cast<double>(sum));
  return sum > 0.999F && sum < 1.001F ? 0 : 1;
}

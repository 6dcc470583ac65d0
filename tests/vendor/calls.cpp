/// What the CUDA back end asks of cuBLASLt and cuDNN, answered by stand-ins (stand_ins.cpp) that read the descriptors
/// as the documentation says. Kernels run on the portable device.

#include <rcar/backbones/efficientnet.hpp>
#include <rcar/backbones/inception_v3.hpp>
#include <rcar/backend/cuda/libraries.cuh>
#include <rcar/backend/native.hpp>
#include <rcar/backend/portable.hpp>
#include <rcar/backend/reference.hpp>
#include <rcar/graph/backbone.hpp>
#include <rcar/network/device_network.hpp>

#include <catch2/catch.hpp>
#include <vector>

#include "stand_ins.hpp"
#include "tests/support/formula_weights.hpp"
#include "tests/support/maps.hpp"

namespace rcar::test {

/// Kernels on the processor, products and convolutions through the wrappers of NVIDIA's libraries.
struct WithVendor;

}  // namespace rcar::test

namespace rcar::backend::device {

template <Precision P>
struct System<test::WithVendor, P> : System<Processor, P> {
  using Value = typename ElementOf<P>::type;

  template <class T>
  static Done multiply(const Product<T>& product) {
    return cuda::multiply(product, CUBLAS_COMPUTE_32F);
  }
  template <class Weights>
  static Done convolve(const BasicMap<const Value>& in, const Window& window, const Weights& weights,
                       Activation activation, const BasicMap<const Value>& residual, const BasicMap<Value>& out,
                       const BasicMap<Value>& packed) {
    return cuda::convolve<Value>(in, window, weights.kernel.data(), weights.bias_value.data(), activation,
                                 residual.data != nullptr, out, packed, CUDNN_FMA_MATH);
  }
};

}  // namespace rcar::backend::device

namespace {

using namespace rcar;
using test::Vendor;

template <backend::Precision P>
struct OnVendor : backend::device::Primitives<test::WithVendor, P> {
  static constexpr std::string_view name = "portable kernels, vendor's calls";
  static constexpr float tolerance = backend::device::tolerance_of(P);
};
using Float = OnVendor<backend::Precision::fp32>;
static_assert(backend::DeviceBackend<Float>);

/// Sets what the stand-ins can do, and forgets it with its scope.
struct Abilities {
  Abilities(bool fuses, bool convolves, bool slices) {
    Vendor::instance() = {};
    Vendor::instance().fuses_epilogues = fuses;
    Vendor::instance().takes_convolutions = convolves;
    Vendor::instance().writes_slices = slices;
  }
  ~Abilities() { Vendor::instance() = {}; }
};

template <class B, class Backbone>
std::vector<float> features(std::size_t count) {
  const auto plan = graph::plan_view<Backbone>();
  std::vector<float> statistics;
  for (std::size_t i = 0; i < plan.layers.size(); ++i) statistics.insert(statistics.end(), {0, 3});
  const Network<B> network(plan, test::formula_weights(plan.layers, statistics, 0.25));
  const auto frames = test::formula_images(count, static_cast<std::size_t>(Backbone::image_dim));
  std::vector<float> out(count * network.features());
  network.forward(frames.data(), count, out.data());
  return out;
}

}  // namespace

TEST_CASE("cuBLASLt is asked for the product, whatever is transposed and however rows are apart") {
  const Abilities all(true, true, true);
  std::uint64_t seed = 1;
  for (const auto& [m, n, k] : {std::tuple(5, 7, 3), std::tuple(1, 9, 4), std::tuple(16, 1, 20)}) {
    for (int variant = 0; variant < 4; ++variant) {
      const auto ta = variant & 1 ? Transpose::yes : Transpose::no, tb = variant & 2 ? Transpose::yes : Transpose::no;
      const int lda = (variant & 1 ? m : k) + 3, ldb = (variant & 2 ? k : n) + 1, ldc = n + 2;
      const auto a = test::random_values(static_cast<std::size_t>(lda * std::max(m, k)), ++seed);
      const auto b = test::random_values(static_cast<std::size_t>(ldb * std::max(n, k)), ++seed);
      auto c = test::random_values(static_cast<std::size_t>(ldc * m), ++seed), expected = c;
      const float beta = variant == 0 ? 0.0f : 0.5f;
      Float::gemm(ta, tb, m, n, k, 1.5f, a.data(), lda, b.data(), ldb, beta, c.data(), ldc);
      backend::Reference::gemm(ta, tb, m, n, k, 1.5f, a.data(), lda, b.data(), ldb, beta, expected.data(), ldc);
      CHECK(test::relative_difference(c, expected) < 1e-6);
    }
  }
  CHECK(Vendor::instance().products == 12);
}

TEMPLATE_TEST_CASE("whole networks go through the libraries' calls and have their features", "", EfficientNetB0<64>,
                   InceptionV3<75>) {
  const auto expected = features<backend::Native<backend::numerics::exact>, TestType>(2);
  for (const bool fuses : {false, true}) {  // an algorithm once found is kept
    for (const auto& [convolves, slices] : {std::pair(true, true), std::pair(true, false), std::pair(false, false)}) {
      INFO("fuses " << fuses << ", convolves " << convolves << ", writes slices " << slices);
      const Abilities some(fuses, convolves, slices);
      CHECK(test::relative_difference(features<Float, TestType>(2), expected) < 1e-4);
      const Vendor& vendor = Vendor::instance();
      CHECK(vendor.products > 30);
      CHECK((vendor.fused_products > 15) == fuses);
      const bool inception = std::is_same_v<TestType, InceptionV3<75>>;  // EfficientNet's padding is cuDNN's nowhere
      CHECK((vendor.fused_convolutions > 20) == (convolves && inception));
      CHECK((vendor.convolutions > 5) == (convolves && inception && !slices));
    }
  }
}

TEST_CASE("shorter numbers go through the libraries' calls too") {
  const auto expected = features<backend::Native<backend::numerics::exact>, InceptionV3<75>>(1);
  const Abilities all(true, true, true);
  CHECK(test::relative_difference(features<OnVendor<backend::Precision::bf16>, InceptionV3<75>>(1), expected) < 5e-2);
  CHECK(test::relative_difference(features<OnVendor<backend::Precision::fp16>, InceptionV3<75>>(1), expected) < 5e-3);
}

#include <rcar/backend/native/gemm.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <rcar/backend/reference.hpp>
#include <rcar/core/random.hpp>
#include <vector>

namespace {

using namespace rcar;
using backend::native::Gemm;

std::vector<float> normal(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> out(count);
  for (float& x : out) x = static_cast<float>(random.normal());
  return out;
}

/// Random operands of one product, with gaps between the rows.
struct Product {
  Transpose a_transposed, b_transposed;
  int m, n, k;
  int lda = (a_transposed == Transpose::yes ? m : k) + 3, ldb = (b_transposed == Transpose::yes ? k : n) + 2,
      ldc = n + 1;
  std::vector<float> a = normal(static_cast<std::size_t>(std::max(m, k)) * static_cast<std::size_t>(lda), 1),
                     b = normal(static_cast<std::size_t>(std::max(n, k)) * static_cast<std::size_t>(ldb), 2),
                     c = normal(static_cast<std::size_t>(m) * static_cast<std::size_t>(ldc), 3);

  template <class B>
  std::vector<float> run(float alpha, float beta) const {
    std::vector<float> out = c;
    B::gemm(a_transposed, b_transposed, m, n, k, alpha, a.data(), lda, b.data(), ldb, beta, out.data(), ldc);
    return out;
  }
};

double largest_difference(const std::vector<float>& ours, const std::vector<float>& theirs) {
  double worst = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) worst = std::max(worst, std::abs(double(ours[i]) - theirs[i]));
  return worst;
}

bool same_bits(const float* a, const float* b, std::size_t count) {
  return std::memcmp(a, b, sizeof(float) * count) == 0;
}

constexpr Transpose both[] = {Transpose::no, Transpose::yes};

}  // namespace

TEST_CASE("the native product equals Reference's for any sizes, transposes and factors") {
  for (auto a_transposed : both)
    for (auto b_transposed : both)
      for (int m : {1, 2, 5, 8, 33})
        for (int n : {1, 8, 17, 24, 48, 63, 65, 130})
          for (int k : {1, 20, 257, 600}) {
            if (m == 33 && n > 65 && k > 257) continue;  // for the naive product's sake
            const Product product{a_transposed, b_transposed, m, n, k};
            double worst = 0;
            for (auto [alpha, beta] : {std::pair{1.0f, 0.0f}, {-0.5f, 0.25f}})
              worst = std::max(worst, largest_difference(product.run<Gemm>(alpha, beta),
                                                         product.run<backend::Reference>(alpha, beta)));
            CAPTURE(static_cast<int>(a_transposed), static_cast<int>(b_transposed), m, n, k);
            CHECK(worst <= 4e-6 * std::sqrt(k));
          }
}

TEST_CASE("a product with beta 0 overwrites NaN, one with alpha 0 or no depth only scales what is there") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (int n : {5, 48}) {
    Product product{Transpose::no, Transpose::no, 9, n, 4};
    std::fill(product.c.begin(), product.c.end(), nan);
    const auto overwritten = product.run<Gemm>(1.0f, 0.0f);
    for (int i = 0; i < 9; ++i)
      for (int j = 0; j < n; ++j) CHECK(std::isfinite(overwritten[static_cast<std::size_t>(i * product.ldc + j)]));
    CHECK(std::isnan(overwritten[static_cast<std::size_t>(n)]));  // the gap between the rows is left alone
    CHECK(std::isnan(product.run<Gemm>(1.0f, 1.0f)[0]));

    std::fill(product.c.begin(), product.c.end(), 3.0f);
    std::fill(product.a.begin(), product.a.end(), nan);
    CHECK(product.run<Gemm>(0.0f, 0.5f)[1] == 1.5f);
    product.k = 0;
    CHECK(product.run<Gemm>(1.0f, 0.5f)[1] == 1.5f);
    CHECK(product.run<Gemm>(1.0f, 0.0f)[1] == 0.0f);
  }
}

TEST_CASE("a row of a native product has the same bits whatever other rows there are") {
  for (auto a_transposed : both)
    for (int n : {5, 24, 48, 64, 100})
      for (int k : {3, 48, 700}) {
        const Product product{a_transposed, Transpose::no, 67, n, k};
        const auto all = product.run<Gemm>(1.0f, 0.0f);
        for (int rows : {1, 2, 4, 7, 8, 31}) {
          const int first = 67 - rows, step = a_transposed == Transpose::yes ? 1 : product.lda;
          std::vector<float> part = product.c;
          Gemm::gemm(a_transposed, Transpose::no, rows, n, k, 1.0f, product.a.data() + first * step, product.lda,
                     product.b.data(), product.ldb, 0.0f, part.data(), product.ldc);
          for (int i = 0; i < rows; ++i) {
            CAPTURE(n, k, rows, i);
            CHECK(same_bits(part.data() + i * product.ldc, all.data() + (first + i) * product.ldc,
                            static_cast<std::size_t>(n)));
          }
        }
      }
}

TEST_CASE("a sum of products of matrices that lie apart is the product of the whole, bit for bit") {
  for (int count : {1, 3, 8})
    for (int k : {1, 20, 100}) {
      const int m = 70, n = 24;
      const auto a = normal(static_cast<std::size_t>(count * k * m), 1),
                 b = normal(static_cast<std::size_t>(count * k * n), 2);
      const auto before = normal(static_cast<std::size_t>(m * n), 3);
      std::vector<std::vector<float>> apart;
      std::vector<const float*> at;
      for (int i = 0; i < count; ++i) apart.emplace_back(a.begin() + i * k * m, a.begin() + (i + 1) * k * m);
      for (const auto& part : apart) at.push_back(part.data());
      auto ours = before, whole = before;
      Gemm::add_products(count, at.data(), m, n, k, b.data(), ours.data());
      Gemm::gemm(Transpose::yes, Transpose::no, m, n, count * k, 1.0f, a.data(), m, b.data(), n, 1.0f, whole.data(), n);
      CAPTURE(count, k);
      CHECK(same_bits(ours.data(), whole.data(), ours.size()));
    }
}

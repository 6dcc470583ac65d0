/// Epochs after the first allocate nothing.

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>
#include <rcar/backend/blas.hpp>
#include <rcar/backend/native.hpp>
#include <rcar/heads/sequence_head.hpp>
#include <rcar/train/fit.hpp>
#include <tuple>
#include <vector>

#include "tests/support/toy_features.hpp"

namespace {

std::atomic<long> allocations{0};

void* counted(std::size_t bytes, std::size_t alignment) {
  ++allocations;
  bytes = (bytes + alignment - 1) / alignment * alignment;
  if (void* p = std::aligned_alloc(alignment, bytes > 0 ? bytes : alignment)) return p;
  throw std::bad_alloc();
}

}  // namespace

// They hold for the whole program; the other forms of new end in these. Out of line, or g++ takes free() for a mistake.
[[gnu::noinline]] void* operator new(std::size_t bytes) { return counted(bytes, alignof(std::max_align_t)); }
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

TEMPLATE_TEST_CASE("an epoch of training and validation allocates nothing but in the first one a thread works in", "",
                   (std::tuple<rcar::GRU, rcar::backend::Blas>), (std::tuple<rcar::GRU, rcar::backend::Native<>>),
                   (std::tuple<rcar::LSTM, rcar::backend::Native<>>)) {
  using namespace rcar;
  const std::size_t clips = 64 * thread_count();
  const FeatureSet train = test::random_features(clips, 5, 70, 3, 1),
                   validation = test::random_features(50, 5, 70, 3, 2);
  SequenceHead<70, 5, std::tuple_element_t<0, TestType>, std::tuple_element_t<1, TestType>> head(3, 1);
  std::vector<long> after;
  after.reserve(40);
  FitOptions options{.epochs = 40, .batch_size = 64, .patience = 40};
  options.on_epoch = [&](int, const History&) { after.push_back(allocations); };
  fit(head, train, validation, options);
  REQUIRE(after.size() == 40);
  CHECK(after[0] > 0);  // the counting works
  // A thread allocates in the first epoch it works in, which on a busy machine may be a late one, and in no other.
  std::size_t epochs_that_allocate = 0;
  for (std::size_t i = 10; i < after.size(); ++i) epochs_that_allocate += after[i] != after[i - 1] ? 1 : 0;
  CHECK(epochs_that_allocate < thread_count());
}

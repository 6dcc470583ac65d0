/// Epochs after the first allocate nothing.

#include <atomic>
#include <barrier>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>
#include <rcar/backend/blas.hpp>
#include <rcar/backend/native.hpp>
#include <rcar/heads/sequence_head.hpp>
#include <rcar/train/fit.hpp>
#include <tuple>
#include <vector>

#include "tests/support/sanitized.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/toy_features.hpp"

namespace {

std::atomic<long> allocations{0};

#ifndef RCAR_SANITIZED
void* counted(std::size_t bytes, std::size_t alignment) {
  ++allocations;
  bytes = (bytes + alignment - 1) / alignment * alignment;
  if (void* p = std::aligned_alloc(alignment, bytes > 0 ? bytes : alignment)) return p;
  throw std::bad_alloc();
}
#endif

}  // namespace

#ifndef RCAR_SANITIZED  // which has its own
// They hold for the whole program; the other forms of new end in these. Out of line, or g++ takes free() for a mistake.
[[gnu::noinline]] void* operator new(std::size_t bytes) { return counted(bytes, alignof(std::max_align_t)); }
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
#endif

TEMPLATE_TEST_CASE("an epoch of training and validation allocates nothing once every thread has worked in one", "",
                   (std::tuple<rcar::GRU, rcar::backend::Blas>), (std::tuple<rcar::GRU, rcar::backend::Native<>>),
                   (std::tuple<rcar::LSTM, rcar::backend::Native<>>)) {
  using namespace rcar;
  if (test::sanitized) return test::skip("a sanitizer has its own operator new");
  const std::size_t clips = 64 * thread_count();
  const FeatureSet train = test::random_features(clips, 5, 70, 3, 1),
                   validation = test::random_features(50, 5, 70, 3, 2);
  using Head = SequenceHead<70, 5, std::tuple_element_t<0, TestType>, std::tuple_element_t<1, TestType>>;
  // A thread takes memory of its own when it first trains, and when it first validates. Which epoch that is, is the
  // scheduler's choice; so every thread does both beforehand, and none takes two turns.
  std::barrier all_here(static_cast<std::ptrdiff_t>(thread_count()));
  parallel_for(thread_count(), [&](std::size_t, std::size_t) {
    all_here.arrive_and_wait();
    Head own(3, 1);
    fit(own, train, validation, {.epochs = 1, .batch_size = 64});
  });

  Head head(3, 1);
  std::vector<long> after;
  after.reserve(40);
  FitOptions options{.epochs = 40, .batch_size = 64, .patience = 40};
  options.on_epoch = [&](int, const History&) { after.push_back(allocations); };
  fit(head, train, validation, options);
  REQUIRE(after.size() == 40);
  CHECK(after[0] > 0);  // the counting works
  std::size_t epochs_that_allocate = 0;
  for (std::size_t i = 1; i < after.size(); ++i) epochs_that_allocate += after[i] != after[i - 1] ? 1 : 0;
  CHECK(epochs_that_allocate == 0);
}

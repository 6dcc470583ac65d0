// Counts the memory that the program holds: the law that a file cannot ask for more than it justifies. A sanitizer
// tells of all memory; without one operators new and delete count what C++ code takes.

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

#include "target.hpp"
#include "tests/support/sanitized.hpp"

namespace {

std::atomic<std::size_t> held{0}, most_held{0};

void count(std::size_t bytes) {
  const std::size_t now = held += bytes;
  std::size_t most = most_held;
  while (most < now && !most_held.compare_exchange_weak(most, now)) {
  }
}

}  // namespace

#ifdef RCAR_SANITIZED

#include <sanitizer/allocator_interface.h>

namespace {

void on_new(const volatile void*, std::size_t bytes) { count(bytes); }
void on_delete(const volatile void* memory) {
  if (memory) held -= __sanitizer_get_allocated_size(const_cast<const void*>(memory));
}
[[maybe_unused]] const int installed = __sanitizer_install_malloc_and_free_hooks(on_new, on_delete);

}  // namespace

#else

namespace {

void* counted(void* memory) {
  if (!memory) throw std::bad_alloc();
  count(::malloc_usable_size(memory));
  return memory;
}
void release(void* memory) {
  if (memory) held -= ::malloc_usable_size(memory);
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t bytes) { return counted(std::malloc(bytes ? bytes : 1)); }
void* operator new[](std::size_t bytes) { return operator new(bytes); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  const auto step = static_cast<std::size_t>(alignment);
  return counted(std::aligned_alloc(step, std::max((bytes + step - 1) / step * step, step)));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) { return operator new(bytes, alignment); }
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }

#endif

namespace rcar::fuzz {

Outcome run(const Target& target, std::string_view input) {
  const std::size_t before = held;
  most_held = before;
  const Outcome outcome = target.run(input);
  const std::size_t used = most_held > before ? most_held - before : 0,
                    most = target.base + target.growth * input.size();
  char numbers[100];
  std::snprintf(numbers, sizeof numbers, "%zu bytes for a file of %zu, at most %zu", used, input.size(), most);
  law(used <= most, "a file takes no more memory than it justifies:", numbers);
  return outcome;
}

}  // namespace rcar::fuzz

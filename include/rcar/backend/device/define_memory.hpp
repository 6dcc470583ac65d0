#pragma once
/// Primitives of memory, as System offers them.

#include <string>

#include "primitives.hpp"

namespace rcar::backend::device {

template <class Where, Precision P>
void* Primitives<Where, P>::allocate(std::size_t bytes) {
  return System<Where, P>::allocate(bytes);
}
template <class Where, Precision P>
void Primitives<Where, P>::release(void* memory) noexcept {
  System<Where, P>::release(memory);
}
template <class Where, Precision P>
void* Primitives<Where, P>::allocate_pinned(std::size_t bytes) {
  return System<Where, P>::allocate_pinned(bytes);
}
template <class Where, Precision P>
void Primitives<Where, P>::release_pinned(void* memory) noexcept {
  System<Where, P>::release_pinned(memory);
}
template <class Where, Precision P>
void Primitives<Where, P>::copy_in(const void* host, std::size_t bytes, void* memory) {
  System<Where, P>::copy_in(host, bytes, memory);
}
template <class Where, Precision P>
void Primitives<Where, P>::copy_out(const void* memory, std::size_t bytes, void* host) {
  System<Where, P>::queue_copy_out(memory, bytes, host);
  System<Where, P>::synchronize();
}
template <class Where, Precision P>
void Primitives<Where, P>::queue_copy_in(const void* pinned, std::size_t bytes, void* memory) {
  System<Where, P>::queue_copy_in(pinned, bytes, memory);
}
template <class Where, Precision P>
void Primitives<Where, P>::queue_copy_out(const void* memory, std::size_t bytes, void* pinned) {
  System<Where, P>::queue_copy_out(memory, bytes, pinned);
}
template <class Where, Precision P>
void Primitives<Where, P>::fill_zero(void* memory, std::size_t bytes) {
  if (bytes > 0) System<Where, P>::fill_zero(memory, bytes);
}
template <class Where, Precision P>
void Primitives<Where, P>::synchronize() {
  System<Where, P>::synchronize();
}
template <class Where, Precision P>
void* Primitives<Where, P>::record(const std::function<void()>& work) {
  return System<Where, P>::record(work);
}
template <class Where, Precision P>
void Primitives<Where, P>::replay(void* recording) {
  System<Where, P>::replay(recording);
}
template <class Where, Precision P>
void Primitives<Where, P>::forget(void* recording) noexcept {
  System<Where, P>::forget(recording);
}
template <class Where, Precision P>
void* Primitives<Where, P>::make_mark() {
  return System<Where, P>::make_mark();
}
template <class Where, Precision P>
void Primitives<Where, P>::set_mark(void* mark) {
  System<Where, P>::set_mark(mark);
}
template <class Where, Precision P>
void Primitives<Where, P>::wait_for_mark(void* mark) {
  System<Where, P>::wait_for_mark(mark);
}
template <class Where, Precision P>
void Primitives<Where, P>::drop_mark(void* mark) noexcept {
  System<Where, P>::drop_mark(mark);
}
template <class Where, Precision P>
std::string Primitives<Where, P>::engine() {
  return System<Where, P>::engine();
}
template <class Where, Precision P>
std::string Primitives<Where, P>::device_name() {
  return System<Where, P>::device_name();
}
template <class Where, Precision P>
void Primitives<Where, P>::require_device() {
  System<Where, P>::require_device();
}

template <class Where, Precision P>
void Primitives<Where, P>::upload(const float* host, std::size_t count, float* memory) {
  copy_in(host, count * sizeof(float), memory);
}
template <class Where, Precision P>
void Primitives<Where, P>::download(const float* memory, std::size_t count, float* host) {
  copy_out(memory, count * sizeof(float), host);
}
template <class Where, Precision P>
void Primitives<Where, P>::assign(std::size_t count, const float* from, float* to) {
  System<Where, P>::copy_within(from, count * sizeof(float), to);
}
template <class Where, Precision P>
void Primitives<Where, P>::zero(std::size_t count, float* memory) {
  fill_zero(memory, count * sizeof(float));
}

}  // namespace rcar::backend::device

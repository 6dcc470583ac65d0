#pragma once
/// Memory of a device, owned.

#include <cstddef>
#include <utility>

namespace rcar::backend::device {

/// `count` values of T in the memory of device back end D.
template <class D, class T>
class Array {
 public:
  Array() = default;
  /// Zeros. Throws DeviceMemoryError when the device has too little memory left.
  explicit Array(std::size_t count) : Array(count, nullptr) { D::fill_zero(data_, count * sizeof(T)); }
  /// A copy of the host's values.
  Array(const T* host, std::size_t count) : Array(count, nullptr) { D::copy_in(host, count * sizeof(T), data_); }

  Array(Array&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Array& operator=(Array&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Array() {
    if (data_) D::release(data_);
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  Array(std::size_t count, std::nullptr_t)
      : data_(count ? static_cast<T*>(D::allocate(count * sizeof(T))) : nullptr), size_(count) {}

  T* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Memory of the host that the device reads and writes while the host computes.
template <class D, class T>
class Pinned {
 public:
  Pinned() = default;
  explicit Pinned(std::size_t count)
      : data_(count ? static_cast<T*>(D::allocate_pinned(count * sizeof(T))) : nullptr), size_(count) {}
  Pinned(Pinned&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Pinned& operator=(Pinned&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Pinned() {
    if (data_) D::release_pinned(data_);
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Work that was recorded once and is run again and again: on a GPU a CUDA graph, started at once however many kernels
/// it holds. Its memory must stay where it was.
template <class D>
class Recording {
 public:
  Recording() = default;
  template <class Work>
  explicit Recording(Work&& work) : handle_(D::record(std::forward<Work>(work))) {}
  Recording(Recording&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Recording& operator=(Recording&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Recording() {
    if (handle_) D::forget(handle_);
  }

  explicit operator bool() const { return handle_ != nullptr; }
  void run() const { D::replay(handle_); }

 private:
  void* handle_ = nullptr;
};

/// A mark in the device's queue.
template <class D>
class Mark {
 public:
  Mark() : handle_(D::make_mark()) {}
  Mark(Mark&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Mark& operator=(Mark&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Mark() {
    if (handle_) D::drop_mark(handle_);
  }

  void set() { D::set_mark(handle_); }
  /// Waits for what was queued before set().
  void wait() const { D::wait_for_mark(handle_); }

 private:
  void* handle_ = nullptr;
};

}  // namespace rcar::backend::device

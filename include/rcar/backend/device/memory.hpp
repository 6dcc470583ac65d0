#pragma once
/// Memory of a device, owned.

#include <cstddef>
#include <functional>
#include <utility>

namespace rcar::backend::device {

enum class Kind {
  device,
  pinned,  // memory of the host that the device reads and writes while the host computes
};

/// `count` values of T in memory of device back end D, not initialised.
///
/// Throws DeviceMemoryError when the device has too little left.
template <class D, class T, Kind kind>
class Owned {
 public:
  Owned() = default;
  explicit Owned(std::size_t count) : size_(count) {
    if (count > 0) data_ = static_cast<T*>(allocate(count * sizeof(T)));
  }
  Owned(Owned&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Owned() {
    if (!data_) return;
    if constexpr (kind == Kind::device)
      D::release(data_);
    else
      D::release_pinned(data_);
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  static void* allocate(std::size_t bytes) {
    if constexpr (kind == Kind::device)
      return D::allocate(bytes);
    else
      return D::allocate_pinned(bytes);
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
};

template <class D, class T>
using Pinned = Owned<D, T, Kind::pinned>;

/// Values in the device's memory: zeros, or a copy of the host's. They are there when the constructor returns, for
/// copies too, which go beside the queue: filled in the queue's turn, they could overwrite frames that had been copied
/// in.
template <class D, class T>
class Array : public Owned<D, T, Kind::device> {
  using Base = Owned<D, T, Kind::device>;

 public:
  Array() = default;
  explicit Array(std::size_t count) : Base(count) {
    if (count == 0) return;
    D::fill_zero(this->data(), count * sizeof(T));
    D::synchronize();
  }
  Array(const T* host, std::size_t count) : Base(count) { D::copy_in(host, count * sizeof(T), this->data()); }
};

/// Work that was recorded once and is run again and again: on a GPU a CUDA graph, started at once however many kernels
/// it holds. Its memory must stay where it was, and running it once more than asked must do no harm.
template <class D>
class Recording {
 public:
  Recording() = default;
  explicit Recording(const std::function<void()>& work) : handle_(D::record(work)) {}
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

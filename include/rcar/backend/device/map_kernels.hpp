#pragma once
/// What one thread computes of a step on maps: N neighbouring channels of a pixel, which are one access to memory.
///
/// Each is a function object of an index, so that Thrust runs it on a GPU and on the processor alike. Pixels are those
/// of all frames, one frame's after another's, as the maps lie.

#include <cstddef>
#include <cstdint>

#include "../primitives.hpp"
#include "elements.hpp"
#include "functions.hpp"
#include "host_device.hpp"

namespace rcar::backend::device {

/// A map as a thread sees it: pixels `stride` elements apart.
template <class T>
struct Pixels {
  T* data = nullptr;
  int stride = 0;

  RCAR_HOST_DEVICE T* at(int pixel, int channel) const {
    return data + static_cast<std::ptrdiff_t>(pixel) * stride + channel;
  }
};

/// Which pixel and which of its channels an index means.
struct Place {
  int pixel, channel;
};
template <int N>
RCAR_HOST_DEVICE Place place(int index, int channels) {
  const auto groups = static_cast<unsigned>(channels / N), i = static_cast<unsigned>(index);
  return {static_cast<int>(i / groups), static_cast<int>(i % groups) * N};
}

/// out = activation(a + bias + [b]); after the activation + [c].
template <class T, int N>
struct Combine {
  Pixels<const T> a, b, c;
  const float* bias = nullptr;  // (channels)
  Activation activation = Activation::linear;
  Pixels<T> out;
  int channels = 0;

  RCAR_HOST_DEVICE void operator()(int index) const {
    const auto [pixel, channel] = place<N>(index, channels);
    float sum[N], other[N];
    load<N>(a.at(pixel, channel), sum);
    if (bias) {
      load_floats<N>(bias + channel, other);
      for (int i = 0; i < N; ++i) sum[i] += other[i];
    }
    if (b.data) {
      load<N>(b.at(pixel, channel), other);
      for (int i = 0; i < N; ++i) sum[i] += other[i];
    }
    activate(activation, sum);
    if (c.data) {
      load<N>(c.at(pixel, channel), other);
      for (int i = 0; i < N; ++i) sum[i] += other[i];
    }
    store<N>(sum, out.at(pixel, channel));
  }
};

/// out = in * scale, the scale (frames, channels) being the frame's of the pixel.
template <class T, int N>
struct Scale {
  Pixels<const T> in;
  const T* scale = nullptr;
  Pixels<T> out;
  int channels = 0, pixels_of_frame = 1;

  RCAR_HOST_DEVICE void operator()(int index) const {
    const auto [pixel, channel] = place<N>(index, channels);
    float value[N], factor[N];
    load<N>(in.at(pixel, channel), value);
    load<N>(scale + static_cast<std::ptrdiff_t>(pixel / pixels_of_frame) * channels + channel, factor);
    for (int i = 0; i < N; ++i) value[i] *= factor[i];
    store<N>(value, out.at(pixel, channel));
  }
};

/// out = byte * scale[c] + offset[c].
template <class T>
struct Normalize {
  const std::uint8_t* frame = nullptr;  // (pixels, channels)
  const float *scale = nullptr, *offset = nullptr;
  Pixels<T> out;
  int channels = 3;

  RCAR_HOST_DEVICE void operator()(int index) const {
    const auto [pixel, channel] = place<1>(index, channels);
    *out.at(pixel, channel) = from_float<T>(static_cast<float>(frame[index]) * scale[channel] + offset[channel]);
  }
};

/// A window that slides over maps: where its taps lie for an output pixel.
struct Sliding {
  Window window;
  int in_height = 0, in_width = 0, out_height = 0, out_width = 0;

  struct Corner {
    int frame, y, x;  // of the input pixel under the window's first tap
  };
  RCAR_HOST_DEVICE Corner corner(int pixel) const {
    const int row = pixel / out_width, x = pixel - row * out_width, frame = row / out_height, y = row % out_height;
    return {frame, y * window.stride_height - window.pad_top, x * window.stride_width - window.pad_left};
  }
  RCAR_HOST_DEVICE bool inside(int y, int x) const { return y >= 0 && y < in_height && x >= 0 && x < in_width; }
  RCAR_HOST_DEVICE int in_pixel(int frame, int y, int x) const { return (frame * in_height + y) * in_width + x; }
};

/// The largest of a window, or the mean; padding neither wins nor counts.
template <class T, int N, bool largest>
struct Pool {
  Pixels<const T> in;
  Sliding sliding;
  Pixels<T> out;
  int channels = 0;
  int first_pixel = 0;  // of the output, where a call does not begin with the first row

  RCAR_HOST_DEVICE void operator()(int index) const {
    const auto [offset, channel] = place<N>(index, channels);
    const int pixel = first_pixel + offset;
    const auto corner = sliding.corner(pixel);
    float result[N] = {}, value[N];
    int count = 0;
    for (int ky = 0; ky < sliding.window.kernel_height; ++ky) {
      for (int kx = 0; kx < sliding.window.kernel_width; ++kx) {
        const int y = corner.y + ky, x = corner.x + kx;
        if (!sliding.inside(y, x)) continue;
        load<N>(in.at(sliding.in_pixel(corner.frame, y, x), channel), value);
        for (int i = 0; i < N; ++i)
          result[i] = count == 0 ? value[i]
                      : largest  ? (value[i] > result[i] ? value[i] : result[i])
                                 : result[i] + value[i];
        ++count;
      }
    }
    if (!largest)
      for (int i = 0; i < N; ++i) result[i] /= static_cast<float>(count);
    store<N>(result, out.at(pixel, channel));
  }
};

/// Sums over parts of a frame's pixels: a block takes `Channels` channels of one slice of a frame. Its threads each sum
/// every `Parts`-th pixel of one channel, and the parts are summed in order, so that the bits never change.
///
/// One block a frame would leave a GPU idle at the start of a network, where maps are large and channels few: of 300 x
/// 300 x 32 a thread would sum 11,250 pixels.
template <class T>
struct SliceSums {
  static constexpr int Channels = 32, Parts = 8;
  static constexpr int threads = Channels * Parts, shared_floats = Channels * Parts;

  /// How many slices a map of so many pixels has.
  static int slices_of(int pixels) {
    const int slices = pixels / 1024;
    return slices < 1 ? 1 : slices > 64 ? 64 : slices;
  }

  Pixels<const T> in;
  float* sums = nullptr;  // (frames, slices, channels)
  int pixels = 0, channels = 0, groups = 0, slices = 1;

  template <class Block>
  RCAR_HOST_DEVICE void operator()(const Block& block, int index, float* shared) const {
    const int first = index % groups * Channels, slice = index / groups % slices, frame = index / groups / slices;
    const int begin = part_of(slice), end = part_of(slice + 1);
    block.each(threads, [&](int thread) {
      const int channel = first + thread % Channels, part = thread / Channels;
      float sum = 0;
      if (channel < channels)
        for (int p = begin + part; p < end; p += Parts) sum += to_float(*in.at(frame * pixels + p, channel));
      shared[thread] = sum;
    });
    block.each(Channels, [&](int thread) {
      if (first + thread >= channels) return;
      float sum = 0;
      for (int part = 0; part < Parts; ++part) sum += shared[part * Channels + thread];
      sums[static_cast<std::ptrdiff_t>(frame * slices + slice) * channels + first + thread] = sum;
    });
  }

 private:
  RCAR_HOST_DEVICE int part_of(int slice) const {
    return static_cast<int>(static_cast<std::int64_t>(pixels) * slice / slices);
  }
};

/// The mean of a channel over a frame's pixels, from its slices' sums.
template <class T>
struct MeanOfSlices {
  const float* sums = nullptr;  // (frames, slices, channels)
  Pixels<T> out;
  int pixels = 0, channels = 0, slices = 1;

  RCAR_HOST_DEVICE void operator()(int index) const {
    const auto [frame, channel] = place<1>(index, channels);
    float sum = 0;
    for (int slice = 0; slice < slices; ++slice)
      sum += sums[static_cast<std::ptrdiff_t>(frame * slices + slice) * channels + channel];
    *out.at(frame, channel) = from_float<T>(sum / static_cast<float>(pixels));
  }
};

}  // namespace rcar::backend::device

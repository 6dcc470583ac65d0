#include <rcar/backend/native.hpp>
#include <rcar/backend/reference.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "tests/support/maps.hpp"

namespace {

using namespace rcar;
using backend::InstructionSet;
using backend::KernelShape;
using backend::Reference;
using backend::native::Algorithm;
using test::OwnedMap;
using Native = backend::Native<>;

struct Seeds {
  std::uint64_t last = 0;
  std::uint64_t next() { return ++last; }
};

std::vector<InstructionSet> available() {
  std::vector<InstructionSet> sets;
  for (auto set : {InstructionSet::baseline, InstructionSet::avx2, InstructionSet::avx512})
    if (set <= backend::hardware_instruction_set()) sets.push_back(set);
  return sets;
}

Window same(int kernel_height, int kernel_width, int stride = 1) {
  return {kernel_height,           kernel_width,           stride,          stride, kernel_height / 2,
          (kernel_height - 1) / 2, (kernel_width - 1) / 2, kernel_width / 2};
}

TEST_CASE("every variant of Winograd's filtering is the naive convolution on every instruction set") {
  Seeds seeds;
  for (auto set : available()) {
    const auto& kernels = backend::native::kernels(set);
    if (!backend::native::has_winograd(kernels.lanes)) continue;
    for (const auto& variant : backend::native::winograd_variants) {
      for (int direction = 0; direction < (variant.dimensions == 1 ? 2 : 1); ++direction) {
        const bool down = variant.dimensions == 2 || direction == 0, across = variant.dimensions == 2 || direction == 1;
        const Algorithm algorithm{down ? variant.outputs : 1, across ? variant.outputs : 1};
        const int channels_out = 3 * kernels.lanes;
        const Window window = same(down ? variant.taps : 1, across ? variant.taps : 1);
        const Extent in_extent{13, 17, 2 * kernels.lanes}, out_extent{13, 17, channels_out};
        const KernelShape shape{window.kernel_height, window.kernel_width, in_extent.channels, channels_out, false};
        const backend::StepShape step{StepKind::convolution, window, in_extent, out_extent, shape, false};
        const auto kernel = test::random_values(shape.size(), seeds.next());
        const auto bias = test::random_values(static_cast<std::size_t>(channels_out), seeds.next());
        const auto packed = backend::native::pack(shape, algorithm, kernels.lanes, kernel, bias);
        const OwnedMap in(in_extent, 5, 3, seeds.next()), residual(out_extent, 2, 1, seeds.next());
        INFO(backend::to_string(set) << ", F(" << variant.outputs << ", " << variant.taps << ") in "
                                     << variant.dimensions << " dimensions, direction " << direction);
        for (auto activation : {Activation::linear, Activation::relu, Activation::swish}) {
          OwnedMap out(out_extent, 1, 4, seeds.next()), expected = out;
          const auto outside = out.outside();
          const auto added = activation == Activation::linear ? residual.map() : backend::ConstMap{};
          test::Scratch scratch(backend::native::winograd_shape(packed.view(), kernels.lanes).scratch_floats());
          const int half = variant.outputs;  // rows of tiles stay whole
          for (const backend::Rows rows : {backend::Rows{0, half}, backend::Rows{half, 13}})
            kernels.winograd(
                {in.map(), nullptr, window, packed.view(), activation, added, out.map(), rows, scratch.data()});
          Reference::convolution(in.map(), nullptr, window, Reference::pack(step, kernel, bias), activation, added,
                                 expected.map(), {0, 13}, nullptr);
          CHECK(test::relative_difference(out.inside(), expected.inside()) < 2e-5);
          CHECK(out.outside() == outside);
          CHECK(scratch.untouched());
        }
      }
    }
  }
}

struct Layer {
  StepKind kind;
  Window window;
  Extent in;
  int channels;
  bool scaled = false;
};

/// Maps of several frames, one after another.
struct Frames {
  std::vector<float> values;
  backend::Map map;
  Frames(Extent extent, int frames, std::uint64_t seed)
      : values(test::random_values(extent.size() * static_cast<std::size_t>(frames), seed)),
        map{values.data(), extent, extent.channels, frames} {}
};

TEST_CASE("frames together have the bits of frames alone, and parts those of the whole") {
  Seeds seeds;
  const Layer layers[] = {
      {StepKind::convolution, same(1, 1), {5, 5, 192}, 80},
      {StepKind::convolution, same(3, 3), {5, 5, 64}, 96},
      {StepKind::convolution, same(3, 3), {25, 25, 64}, 96},
      {StepKind::convolution, same(1, 7), {12, 12, 64}, 96},
      {StepKind::convolution, same(7, 1), {12, 12, 64}, 96},
      {StepKind::convolution, same(3, 3, 2), {12, 12, 32}, 48},
      {StepKind::convolution, same(1, 1), {7, 7, 96}, 40, true},
      {StepKind::convolution, same(1, 1), {14, 14, 96}, 40, true},
      {StepKind::depthwise_convolution, same(5, 5), {14, 14, 96}, 96},
  };
  for (const Layer& layer : layers) {
    const int stride = layer.window.stride_height, frames = 3;
    const Extent out_extent{(layer.in.height - 1) / stride + 1, (layer.in.width - 1) / stride + 1, layer.channels};
    const bool depthwise = layer.kind == StepKind::depthwise_convolution;
    const KernelShape shape{layer.window.kernel_height, layer.window.kernel_width, layer.in.channels, layer.channels,
                            depthwise};
    const backend::StepShape step{layer.kind, layer.window, layer.in, out_extent, shape, layer.scaled};
    const auto weights = Native::pack(step, test::random_values(shape.size(), seeds.next()),
                                      test::random_values(static_cast<std::size_t>(layer.channels), seeds.next()));
    const auto scale = test::random_values(static_cast<std::size_t>(frames * layer.in.channels), seeds.next());
    Frames in(layer.in, frames, seeds.next()), together(out_extent, frames, 1), alone(out_extent, frames, 2);
    test::Scratch scratch(Native::scratch_floats(step));
    const auto run = [&](backend::ConstMap from, const float* factors, backend::Map to, backend::Rows rows) {
      if (depthwise)
        Native::depthwise_convolution(from, layer.window, weights, Activation::swish, to, rows);
      else
        Native::convolution(from, layer.scaled ? factors : nullptr, layer.window, weights, Activation::swish, {}, to,
                            rows, scratch.data());
    };
    run(in.map, scale.data(), together.map, {0, out_extent.height});
    for (int frame = 0; frame < frames; ++frame) {
      const backend::BlockSize block = Native::block(step, frame + 1);
      for (int begin = 0; begin < out_extent.height; begin += block.rows)
        for (int channel = 0; channel < layer.channels; channel += block.channels) {
          backend::Map to = alone.map.frame(frame);
          to.data += channel;
          to.extent.channels = std::min(block.channels, layer.channels - channel);
          run(in.map.frame(frame), scale.data() + frame * layer.in.channels, to,
              {begin, std::min(begin + block.rows, out_extent.height), channel});
        }
    }
    INFO("kernel " << shape.kernel_height << "x" << shape.kernel_width << " on " << layer.in.height << "x"
                   << layer.in.width << "x" << layer.in.channels << (layer.scaled ? ", scaled" : ""));
    CHECK(together.values == alone.values);
    CHECK(scratch.untouched());
  }
}

TEST_CASE("an expansion fused with its depthwise convolution has the bits of the two, in parts too") {
  Seeds seeds;
  struct Pair {
    int size, in, expanded, kernel, stride;
  };
  for (const Pair& p : {Pair{40, 16, 96, 3, 2}, Pair{37, 24, 144, 5, 1}, Pair{19, 12, 50, 5, 2}, Pair{7, 32, 208, 3, 1},
                        Pair{2, 8, 40, 5, 1}}) {
    const Extent in_extent{p.size, p.size + 1, p.in}, expanded{p.size, p.size + 1, p.expanded};
    const Window window = same(p.kernel, p.kernel, p.stride);
    const Extent out_extent{(p.size - 1) / p.stride + 1, p.size / p.stride + 1, p.expanded};
    const backend::StepShape first{StepKind::convolution,           {},   in_extent, expanded,
                                   {1, 1, p.in, p.expanded, false}, false};
    const backend::StepShape second{StepKind::depthwise_convolution,
                                    window,
                                    expanded,
                                    out_extent,
                                    {p.kernel, p.kernel, p.expanded, p.expanded, true},
                                    false};
    REQUIRE(Native::fuses(first, second));
    const auto channels = static_cast<std::size_t>(p.expanded);
    const auto expand = Native::pack(first, test::random_values(first.kernel.size(), seeds.next()),
                                     test::random_values(channels, seeds.next()));
    const auto depthwise = Native::pack(second, test::random_values(second.kernel.size(), seeds.next()),
                                        test::random_values(channels, seeds.next()));
    Frames in(in_extent, 2, seeds.next()), middle(expanded, 2, 1), apart(out_extent, 2, 2);
    Native::convolution(in.map, nullptr, {}, expand, Activation::swish, {}, middle.map, {0, p.size}, nullptr);
    Native::depthwise_convolution(middle.map, window, depthwise, Activation::swish, apart.map, {0, out_extent.height});
    for (int parts = 1; parts <= 4; ++parts) {
      Frames fused(out_extent, 2, 3);
      test::Scratch scratch(Native::fused_scratch_floats(first, second));
      const backend::BlockSize block = Native::fused_block(first, second, parts);
      for (int begin = 0; begin < out_extent.height; begin += block.rows)
        for (int channel = 0; channel < p.expanded; channel += block.channels) {
          backend::Map to = fused.map;
          to.data += channel;
          to.extent.channels = std::min(block.channels, p.expanded - channel);
          Native::expand_depthwise(in.map, expand, Activation::swish, window, depthwise, Activation::swish, to,
                                   {begin, std::min(begin + block.rows, out_extent.height), channel}, scratch.data());
        }
      INFO(p.size << "x" << p.size + 1 << "x" << p.in << " to " << p.expanded << ", kernel " << p.kernel << ", "
                  << parts << " parts");
      CHECK(fused.values == apart.values);
      CHECK(scratch.untouched());
    }
  }
}

TEST_CASE("the exact policy never chooses Winograd's filtering, the fast one does where it saves products") {
  const backend::StepShape step{StepKind::convolution, same(3, 3), {25, 25, 96}, {25, 25, 96},
                                {3, 3, 96, 96, false}, false};
  for (int lanes : {8, 16}) {
    CHECK(!backend::native::choose(step, lanes, backend::numerics::exact).winograd());
    CHECK(backend::native::choose(step, lanes, backend::numerics::fast).winograd());
  }
  auto strided = step;
  strided.window = same(3, 3, 2);
  CHECK(!backend::native::choose(strided, 16, backend::numerics::fast).winograd());
}

}  // namespace

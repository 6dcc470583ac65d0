#include <rcar/backend/native.hpp>
#include <rcar/backend/reference.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "tests/support/maps.hpp"
#include "tests/support/skip.hpp"

namespace {

using namespace rcar;
using backend::InstructionSet;
using backend::KernelShape;
using backend::Reference;
using backend::native::Algorithm;
using test::OwnedMap;
using Native = backend::Native<>;

/// The reduction of late layers, which a processor with bfloat16 tiles computes by them.
constexpr int late = 16;

struct Seeds {
  std::uint64_t last = 0;
  std::uint64_t next() { return ++last; }
};

std::vector<InstructionSet> available() {
  std::vector<InstructionSet> sets;
  for (auto set : backend::instruction_sets)
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
    if (!backend::native::has_winograd(kernels.abilities.lanes)) continue;
    for (const auto& variant : backend::native::winograd_variants) {
      for (int direction = 0; direction < (variant.dimensions == 1 ? 2 : 1); ++direction) {
        const bool down = variant.dimensions == 2 || direction == 0, across = variant.dimensions == 2 || direction == 1;
        const Algorithm algorithm{down ? variant.outputs : 1, across ? variant.outputs : 1};
        const int channels_out = 3 * kernels.abilities.lanes;
        const Window window = same(down ? variant.taps : 1, across ? variant.taps : 1);
        const Extent in_extent{13, 17, 2 * kernels.abilities.lanes}, out_extent{13, 17, channels_out};
        const KernelShape shape{window.kernel_height, window.kernel_width, in_extent.channels, channels_out, false};
        const backend::StepShape step{StepKind::convolution, window, in_extent, out_extent, shape, false};
        const auto kernel = test::random_values(shape.size(), seeds.next());
        const auto bias = test::random_values(static_cast<std::size_t>(channels_out), seeds.next());
        const auto packed = backend::native::pack(shape, algorithm, kernels.abilities.lanes, kernel, bias);
        const OwnedMap in(in_extent, 5, 3, seeds.next()), residual(out_extent, 2, 1, seeds.next());
        INFO(backend::to_string(set) << ", F(" << variant.outputs << ", " << variant.taps << ") in "
                                     << variant.dimensions << " dimensions, direction " << direction);
        for (auto activation : {Activation::linear, Activation::relu, Activation::swish}) {
          OwnedMap out(out_extent, 1, 4, seeds.next()), expected = out;
          const auto outside = out.outside();
          const auto added = activation == Activation::linear ? residual.map() : backend::ConstMap{};
          test::Scratch scratch(
              backend::native::winograd_shape(packed.view(), kernels.abilities.lanes).scratch_floats());
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

TEST_CASE("a convolution by split floats is the naive one, whatever its window, channels and slices") {
  const auto& kernels = backend::native::kernels(backend::hardware_instruction_set());
  if (!kernels.bf16_tiles) return test::skip("needs a processor with bfloat16 tiles (AMX)");
  Seeds seeds;
  struct Case {
    Window window;
    Extent in;
    int channels;
    int frames = 1;
    bool scaled = false;
  };
  Window valid = same(3, 3);
  valid.pad_top = valid.pad_bottom = valid.pad_left = valid.pad_right = 0;
  Window valid_strided = valid;
  valid_strided.stride_height = valid_strided.stride_width = 2;
  Window uneven = same(3, 5, 2);
  uneven.stride_width = 3;
  const Case cases[] = {
      {same(1, 1), {5, 7, 32}, 32},        {same(1, 1), {9, 5, 80}, 50, 3},     {same(1, 1), {5, 5, 51}, 17, 2, true},
      {same(1, 1), {20, 20, 1110}, 70, 2}, {same(1, 1), {20, 22, 1040}, 20},    {same(1, 1), {4, 8, 8500}, 40},
      {same(1, 1), {4, 4, 8500}, 40},      {same(3, 3), {13, 17, 48}, 96, 2},   {same(5, 5), {25, 25, 48}, 64, 3},
      {same(1, 7), {12, 12, 160}, 192},    {same(7, 1), {12, 12, 160}, 40, 2},  {same(4, 4), {9, 9, 20}, 33},
      {valid, {52, 52, 80}, 192},          {valid_strided, {25, 25, 288}, 384}, {valid_strided, {12, 11, 96}, 30, 2},
      {same(3, 3, 2), {14, 15, 32}, 64},   {uneven, {20, 22, 40}, 36, 2},       {same(3, 3), {109, 109, 32}, 64},
  };
  for (const Case& c : cases) {
    const Window& w = c.window;
    const auto size = [](int in, int kernel, int stride, int before, int after) {
      return (in + before + after - kernel) / stride + 1;
    };
    const Extent out_extent{size(c.in.height, w.kernel_height, w.stride_height, w.pad_top, w.pad_bottom),
                            size(c.in.width, w.kernel_width, w.stride_width, w.pad_left, w.pad_right), c.channels};
    const KernelShape shape{w.kernel_height, w.kernel_width, c.in.channels, c.channels, false};
    const backend::StepShape step{StepKind::convolution, w, c.in, out_extent, shape, c.scaled, late};
    REQUIRE(backend::native::bf16_fits(step));
    const auto kernel = test::random_values(shape.size(), seeds.next());
    const auto bias = test::random_values(static_cast<std::size_t>(c.channels), seeds.next());
    const auto scale = test::random_values(static_cast<std::size_t>(c.frames * c.in.channels), seeds.next());
    constexpr Algorithm split = backend::native::by_tiles;
    const auto packed = backend::native::pack(shape, split, kernels.abilities.lanes, kernel, bias);
    INFO("kernel " << w.kernel_height << "x" << w.kernel_width << " on " << c.in.height << "x" << c.in.width << "x"
                   << c.in.channels << ", " << c.frames << " frames");
    for (auto activation : {Activation::linear, Activation::relu, Activation::swish}) {
      const OwnedMap in(c.in, 5, 3, seeds.next(), c.frames), residual(out_extent, 2, 1, seeds.next(), c.frames);
      OwnedMap out(out_extent, 1, 4, seeds.next(), c.frames), expected = out;
      const auto outside = out.outside();
      const auto added = activation == Activation::linear ? residual.map() : backend::ConstMap{};
      const float* factors = c.scaled ? scale.data() : nullptr;
      test::Scratch scratch(backend::native::scratch_floats(step, split, kernels.abilities.lanes));
      const int half = out_extent.height / 2;
      for (const backend::Rows rows : {backend::Rows{0, half}, backend::Rows{half, out_extent.height}})
        kernels.bf16_tiles({in.map(), factors, w, packed.view(), activation, added, out.map(), rows, scratch.data()});
      for (int f = 0; f < c.frames; ++f)
        Reference::convolution(in.map().frame(f), factors ? factors + f * c.in.channels : nullptr, w,
                               Reference::pack(step, kernel, bias), activation, added ? added.frame(f) : added,
                               expected.map().frame(f), {0, out_extent.height}, nullptr);
      CHECK(test::relative_difference(out.inside(), expected.inside()) < 2e-5);
      CHECK(out.outside() == outside);
      CHECK(scratch.untouched());
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
      {StepKind::convolution, same(1, 1), {19, 19, 1344}, 80, true},
      {StepKind::depthwise_convolution, same(5, 5), {14, 14, 96}, 96},
  };
  for (const Layer& layer : layers) {
    const int stride = layer.window.stride_height, frames = 3;
    const Extent out_extent{(layer.in.height - 1) / stride + 1, (layer.in.width - 1) / stride + 1, layer.channels};
    const bool depthwise = layer.kind == StepKind::depthwise_convolution;
    const KernelShape shape{layer.window.kernel_height, layer.window.kernel_width, layer.in.channels, layer.channels,
                            depthwise};
    const backend::StepShape step{layer.kind, layer.window, layer.in, out_extent, shape, layer.scaled, late};
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
    const backend::StepShape first{StepKind::convolution,           {},    in_extent, expanded,
                                   {1, 1, p.in, p.expanded, false}, false, late};
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
    test::Scratch alone(Native::scratch_floats(first));
    Native::convolution(in.map, nullptr, {}, expand, Activation::swish, {}, middle.map, {0, p.size}, alone.data());
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
    CHECK(!backend::native::choose(step, {lanes, false}, backend::numerics::exact).winograd());
    CHECK(backend::native::choose(step, {lanes, false}, backend::numerics::fast).winograd());
  }
  auto strided = step;
  strided.window = same(3, 3, 2);
  CHECK(!backend::native::choose(strided, {16, false}, backend::numerics::fast).winograd());
}

}  // namespace

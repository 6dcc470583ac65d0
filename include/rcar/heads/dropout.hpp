#pragma once
/// Inverted dropout.

#include <array>
#include <cstddef>
#include <ratio>
#include <string>
#include <string_view>

#include "layer.hpp"

namespace rcar::heads {

/// In training zeroes each value with probability `Rate` and divides the rest by 1 - Rate; else passes its input on.
///
/// Srivastava et al. 2014; the decisions come from outside (see LayerPass::keep), so that a run can be replayed.
template <class Rate>
struct Dropout {
  static constexpr double rate = static_cast<double>(Rate::num) / static_cast<double>(Rate::den);
  static_assert(rate >= 0 && rate < 1, "A dropout rate is at least 0 and below 1, such as std::ratio<2, 5>.");

  static constexpr std::string_view class_name = "";
  static std::string description() { return "dropout(" + rate_text(rate) + ")"; }

  static constexpr Shape output(Shape in) { return in; }
  static constexpr std::array<TensorSpec, 0> tensors(Shape) { return {}; }
  static constexpr std::size_t tape(Shape in) { return in.size(); }
  static constexpr std::size_t scratch(Shape) { return 0; }
  static constexpr std::size_t dropout(Shape in) { return in.size(); }

  template <class Backend>
  static void forward(const LayerPass& pass) {
    apply<Backend>(pass, pass.input, pass.tape);
  }
  template <class Backend>
  static void backward(const LayerPass& pass, const LayerGradient& gradient) {
    if (gradient.input) apply<Backend>(pass, gradient.output, gradient.input);
  }

 private:
  template <class Backend>
  static void apply(const LayerPass& pass, const float* from, float* to) {
    const std::size_t count = pass.clips * pass.in.size();
    if (pass.keep)
      Backend::dropout(count, pass.keep, static_cast<float>(1.0 / (1.0 - rate)), from, to);
    else
      Backend::assign(count, from, to);
  }
};

}  // namespace rcar::heads

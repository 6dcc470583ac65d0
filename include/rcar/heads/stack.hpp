#pragma once
/// Layers one after the other, as one type.

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <tuple>
#include <utility>

#include "../core/random.hpp"
#include "layer.hpp"

namespace rcar::heads {

/// The layers between the features and the classes; the dense layer that ends in one logit a class is added by
/// SequenceHead.
///
///     Stack<Recurrent<LSTM, 32>, Dropout<std::ratio<1, 2>>>
template <class... Layers>
struct Stack {
  static constexpr std::size_t depth = sizeof...(Layers);
  /// Whether the first layer takes clips that lie apart.
  static constexpr bool reads_apart = [] {
    if constexpr (depth > 0) return requires {
        requires std::tuple_element_t<0, std::tuple<Layers...>>::reads_apart;
      };
    return false;
  }();

  /// Where everything lies, computed by the compiler: shapes[i] goes into layer i, shapes[depth] comes out; the other
  /// arrays are floats before layer i (tape and dropout a clip), their last entry the total.
  struct Layout {
    std::array<Shape, depth + 1> shapes{};
    std::array<std::size_t, depth + 1> parameters{}, tape{}, dropout{};
    std::size_t widest = 0;      // floats a clip of the largest layer output or gradient between layers
    std::size_t scratch = 0;     // floats a clip
    std::size_t most_units = 0;  // of any layer
  };

  static constexpr Layout layout(Shape in) {
    Layout l;
    l.shapes[0] = in;
    [[maybe_unused]] std::size_t i = 0;
    [[maybe_unused]] const auto place = [&](auto layer) {
      using Layer = typename decltype(layer)::type;
      const Shape from = l.shapes[i], to = Layer::output(from);
      l.shapes[i + 1] = to;
      l.parameters[i + 1] = l.parameters[i] + parameter_count(Layer::tensors(from));
      l.tape[i + 1] = l.tape[i] + Layer::tape(from);
      l.dropout[i + 1] = l.dropout[i] + Layer::dropout(from);
      l.widest = std::max(l.widest, to.size());
      l.scratch = std::max(l.scratch, Layer::scratch(from));
      l.most_units = std::max(l.most_units, static_cast<std::size_t>(to.features));
      ++i;
    };
    (place(Type<Layers>{}), ...);
    return l;
  }

  /// "gru(16, sequences) -> gru(8) -> dropout(0.4) -> dense(8, relu)"
  static std::string description() {
    std::string out;
    ((out += (out.empty() ? "" : " -> ") + Layers::description()), ...);
    return out;
  }

  /// Calls visit(class_name, spec) for every parameter in order, `first` true for a layer's first one.
  template <class Visit>
  static void for_each_tensor(Shape in, Visit&& visit) {
    [[maybe_unused]] const auto one = [&](auto layer) {
      using Layer = typename decltype(layer)::type;
      bool first = true;
      for (const TensorSpec& spec : Layer::tensors(in)) visit(Layer::class_name, spec, std::exchange(first, false));
      in = Layer::output(in);
    };
    (one(Type<Layers>{}), ...);
  }

  /// Draws the dropout decisions of one clip: keep (dropout), 1 with probability 1 - rate of the layer, else 0.
  static void draw_dropout(Shape in, Random& random, float* keep) {
    [[maybe_unused]] const auto one = [&](auto layer) {
      using Layer = typename decltype(layer)::type;
      if constexpr (Layer::dropout(Shape{1, 1}) > 0) {
        const std::size_t count = Layer::dropout(in);
        for (std::size_t i = 0; i < count; ++i) *keep++ = random.uniform() >= Layer::rate ? 1.0f : 0.0f;
      }
      in = Layer::output(in);
    };
    (one(Type<Layers>{}), ...);
  }

  /// Dropout decisions of `clips` clips, from clip by clip (N, dropout) to layer by layer, as forward() reads them.
  static void arrange_dropout(Shape in, int clips, const float* by_clip, float* by_layer) {
    const Layout l = layout(in);
    const std::size_t all = l.dropout[depth];
    for (std::size_t i = 0; i < depth; ++i) {
      const std::size_t count = l.dropout[i + 1] - l.dropout[i];
      for (int n = 0; n < clips; ++n) by_layer = std::copy_n(by_clip + n * all + l.dropout[i], count, by_layer);
    }
  }

  /// Runs every layer; `pass` as for a layer, but `keep` lies layer by layer, (N, dropout of the layer) each.
  /// The result (N, out) is the front of the last layer's tape.
  template <class Backend>
  static const float* forward(const LayerPass& pass) {
    const Layout l = layout(pass.in);
    const float* out = pass.input;
    each(std::make_index_sequence<depth>(), [&](auto layer, std::size_t i) {
      using Layer = typename decltype(layer)::type;
      const LayerPass step = at(l, pass, i, out);
      Layer::template forward<Backend>(step);
      out = step.tape;
    });
    return out;
  }

  /// The backward pass. `gradient.output` (N, out) is the loss's gradient by the stack's result; `other` (N, widest) is
  /// memory that the gradients between layers use by turns with it, so that both are overwritten.
  template <class Backend>
  static void backward(const LayerPass& pass, float* gradient, float* other, float* parameters, float* scratch) {
    const Layout l = layout(pass.in);
    reversed(std::make_index_sequence<depth>(), [&](auto layer, std::size_t i) {
      using Layer = typename decltype(layer)::type;
      const float* input = i == 0 ? pass.input : pass.tape + pass.clips * l.tape[i - 1];
      Layer::template backward<Backend>(at(l, pass, i, input),
                                        {gradient, i == 0 ? nullptr : other, parameters + l.parameters[i], scratch});
      std::swap(gradient, other);
    });
  }

 private:
  template <class T>
  struct Type {
    using type = T;
  };

  static LayerPass at(const Layout& l, const LayerPass& pass, std::size_t i, const float* input) {
    LayerPass step = pass;
    step.in = l.shapes[i];
    step.input = input;
    if (i > 0) step.inputs = nullptr;
    step.parameters = pass.parameters + l.parameters[i];
    step.tape = pass.tape + pass.clips * l.tape[i];
    if (pass.keep) step.keep = pass.keep + pass.clips * l.dropout[i];
    return step;
  }

  template <std::size_t... I, class Do>
  static void each(std::index_sequence<I...>, Do&& act) {
    (act(Type<Layers>{}, I), ...);
  }
  template <std::size_t... I, class Do>
  static void reversed(std::index_sequence<I...>, Do&& act) {
    (act(Type<std::tuple_element_t<depth - 1 - I, std::tuple<Layers...>>>{}, depth - 1 - I), ...);
  }
};

}  // namespace rcar::heads

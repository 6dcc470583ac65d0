#pragma once
/// The network after the backbone: features and mask of clips in, class probabilities out.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../backend/default.hpp"
#include "../backend/recurrent.hpp"
#include "../backend/resident.hpp"
#include "../core/error.hpp"
#include "../core/random.hpp"
#include "../core/tensor.hpp"
#include "../weights/store.hpp"
#include "cell.hpp"
#include "dense.hpp"
#include "initializers.hpp"
#include "input.hpp"
#include "original.hpp"
#include "stack.hpp"

namespace rcar {

/// Which floats of a head's parameters are one tensor of Keras's.
struct HeadParameter {
  std::string name;  // "gru/kernel", "gru_1/bias", "dense/kernel": class names counted as a fresh Keras session does
  weights::Shape shape;  // (rows, columns) or (columns)
  std::size_t offset = 0, size = 0;
};

/// A sequence head whose configuration is its type; the number of classes comes from the data.
///
///     SequenceHead<2048, 20, GRU> head(5, seed);
///     Probabilities p = head.predict(features, mask);   // (N, T, F), (N, T) -> (N, K)
///
/// FeatureDim, SeqLen   F and T
/// Cell                 GRU or LSTM
/// Head                 the layers before the last dense one: a heads::Stack
template <int FeatureDim, int SeqLen, class Cell, class Backend = backend::Default, class Head = heads::Original<Cell>>
class SequenceHead {
  static_assert(FeatureDim >= 1, "FeatureDim is the number of features of a frame: give at least 1.");
  static_assert(SeqLen >= 1, "SeqLen is the number of frames of a clip: give at least 1.");
  static_assert(heads::CellType<Cell>, "Cell is not a recurrent cell: use rcar::GRU or rcar::LSTM.");
  static constexpr bool usable = FeatureDim >= 1 && SeqLen >= 1 && heads::CellType<Cell>;
  using Layers = std::conditional_t<usable, Head, heads::Stack<>>;
  static constexpr heads::Shape input_shape{SeqLen, FeatureDim};
  static constexpr auto layout = Layers::layout(input_shape);
  static constexpr heads::Shape last = layout.shapes.back();
  static_assert(!usable || !last.is_sequence(),
                "The last recurrent layer of a head must give its last state: drop Returns::sequences from it.");

 public:
  static constexpr int feature_dim = FeatureDim;
  static constexpr int sequence_length = SeqLen;
  /// Dropout decisions that a clip needs in training.
  static constexpr std::size_t dropout_units = layout.dropout.back();
  /// Whether several clips of one pass may lie apart (HeadInput::clips_at); else they must lie one after the other.
  static constexpr bool reads_apart = Layers::reads_apart;
  using backend_type = Backend;

  /// A head with Keras's initial weights, drawn from `seed`. Throws UsageError for fewer than two classes.
  explicit SequenceHead(int classes, std::uint64_t seed = 0) : classes_(classes) {
    if (classes < 2)
      throw UsageError("A head tells classes apart and was given " + std::to_string(classes) +
                       "; give it at least two classes.");
    list_parameters();
    std::vector<float> values(parameter_count());
    for (std::size_t i = 0; i < parameters_.size(); ++i)
      heads::initialize(specs_[i], seed, i, std::span(values).subspan(parameters_[i].offset, parameters_[i].size));
    memory_ = typename Backend::Memory(values.size());
    assign(values);
  }

  /// "gru(16, sequences) -> gru(8) -> dropout(0.4) -> dense(8, relu) -> dense(softmax)"
  static std::string description() {
    const std::string layers = Layers::description();
    return layers + (layers.empty() ? "" : " -> ") + "dense(softmax)";
  }

  int classes() const { return classes_; }

  /// The tensors in Keras's order; they lie one after the other in values().
  const std::vector<HeadParameter>& parameters() const { return parameters_; }
  std::size_t parameter_count() const { return parameters_.back().offset + parameters_.back().size; }

  /// All parameters, copied to the host.
  std::vector<float> values() const {
    std::vector<float> out(parameter_count());
    Backend::download(memory_.data(), out.size(), out.data());
    return out;
  }
  /// Replaces all parameters. Throws UsageError when the number differs.
  void assign(std::span<const float> values) {
    if (values.size() != parameter_count())
      throw UsageError("This head has " + std::to_string(parameter_count()) + " parameters and was given " +
                       std::to_string(values.size()) + "; give one value each, in the order of parameters().");
    Backend::upload(values.data(), values.size(), memory_.data());
  }

  /// Adds every parameter to `store`, under its name.
  void store(weights::Store& store) const {
    const std::vector<float> all = values();
    for (const auto& p : parameters_)
      store.add(p.name, p.shape, std::vector<float>(all.begin() + p.offset, all.begin() + p.offset + p.size));
  }
  /// Takes every parameter from `store`. Throws WeightsError, naming the first tensor that is missing or of another
  /// shape; the head is then as it was.
  void load(const weights::Store& store) {
    std::vector<float> all(parameter_count());
    for (const auto& p : parameters_) {
      const weights::Tensor* tensor = store.find(p.name);
      if (!tensor)
        throw WeightsError("The head's weights lack the tensor " + quoted(p.name) + "; give weights of the head " +
                           description() + ".");
      if (tensor->shape != p.shape)
        throw WeightsError("The head's tensor " + quoted(p.name) + " has the shape " +
                           weights::to_string(tensor->shape) + " but " + weights::to_string(p.shape) +
                           " is needed; give weights of a head with these features and classes.");
      std::copy(tensor->values.begin(), tensor->values.end(), all.begin() + p.offset);
    }
    assign(all);
  }

  /// Class probabilities (N, K) of clips: features (N, T, F), mask (N, T). A clip's result does not depend on the
  /// others. Throws UsageError when the shapes do not fit.
  Probabilities predict(const Features& features, const Mask& mask) const {
    require_shapes(features, mask);
    const std::size_t clips = features.shape(0), classes = static_cast<std::size_t>(classes_);
    Probabilities out(Probabilities::shape_type{clips, classes});
    const backend::Resident<Backend, float> features_there(features.data(), features.size());
    const backend::Resident<Backend, bool> mask_there(mask.data(), mask.size());
    for_each_pass(clips, [&](std::size_t first, int count, Workspace& work) {
      forward(clips_of(features_there.data(), mask_there.data(), first, count), work);
      Backend::softmax(count, classes_, work.logits, work.probabilities);
      Backend::download(work.probabilities, count * classes, out.data() + first * classes);
    });
    return out;
  }

  /// Memory for one thread's passes over at most `clips` clips.
  struct Workspace {
    Workspace(const SequenceHead& head, int clips) : memory(floats(head.classes_) * static_cast<std::size_t>(clips)) {
      float* at = memory.data();
      const auto take = [&](std::size_t floats_a_clip) {
        return std::exchange(at, at + floats_a_clip * static_cast<std::size_t>(clips));
      };
      tape = take(layout.tape.back());
      scratch = take(layout.scratch);
      zeros = take(2 * layout.most_units);
      gradient = take(widest());
      other_gradient = take(widest());
      const auto classes = static_cast<std::size_t>(head.classes_);
      logits = take(classes), probabilities = take(classes), logits_gradient = take(classes), losses = take(1);
    }
    Workspace(Workspace&&) noexcept = default;

    typename Backend::Memory memory;
    float *tape, *scratch, *zeros, *gradient, *other_gradient;
    float *logits, *probabilities, *logits_gradient;  // (N, K)
    float* losses;                                    // (N)

   private:
    static constexpr std::size_t widest() { return std::max(layout.widest, last.size()); }
    static constexpr std::size_t floats(int classes) {
      return layout.tape.back() + layout.scratch + 2 * layout.most_units + 2 * widest() +
             3 * static_cast<std::size_t>(classes) + 1;
    }
  };

  /// One forward pass: writes work.logits (N, K), and what backward() needs.
  void forward(const HeadInput& in, Workspace& work) const {
    const float* x = Layers::template forward<Backend>(pass(in, work));
    heads::dense_forward<Backend>(in.clips, last.features, classes_, Activation::linear, x, logits_kernel(),
                                  logits_kernel() + logits_bias(), work.logits);
  }

  /// The backward pass of the forward pass just made: from work.logits_gradient (N, K), adds to `gradients`, which lie
  /// as values() does.
  void backward(const HeadInput& in, Workspace& work, float* gradients) const {
    const float* x = layout.shapes.size() == 1 ? in.features : work.tape + in.clips * layout.tape[Layers::depth - 1];
    float* d_kernel = gradients + layout.parameters.back();
    heads::dense_backward<Backend>(in.clips, last.features, classes_, x, logits_kernel(), work.logits_gradient,
                                   d_kernel, d_kernel + logits_bias(), work.gradient);
    Layers::template backward<Backend>(pass(in, work), work.gradient, work.other_gradient, gradients, work.scratch);
  }

  /// Clips first to first + count - 1 of a set: features (N, T, F) and mask (N, T) where the back end reads them.
  static HeadInput clips_of(const float* features, const bool* mask, std::size_t first, int count) {
    return {count, features + first * input_shape.size(), mask + first * SeqLen, nullptr, nullptr};
  }

  /// Calls work(first, count, workspace) for the clips in groups of what the back end takes at once, on all threads
  /// that call it.
  template <class Work>
  void for_each_pass(std::size_t clips, Work&& work) const {
    const std::size_t group = std::clamp<std::size_t>(clips, 1, static_cast<std::size_t>(Backend::clips_per_pass));
    std::vector<std::optional<Workspace>> workspaces(backend::calling_threads<Backend>());
    backend::for_each_call<Backend>((clips + group - 1) / group, [&](std::size_t index, std::size_t worker) {
      auto& workspace = workspaces[worker];
      if (!workspace) workspace.emplace(*this, static_cast<int>(group));
      work(index * group, static_cast<int>(std::min(group, clips - index * group)), *workspace);
    });
  }

  /// Draws the dropout decisions of one clip, keep (dropout_units), 0 or 1.
  static void draw_dropout(Random& random, float* keep) { Layers::draw_dropout(input_shape, random, keep); }

  /// The decisions of several clips, drawn clip by clip, as HeadInput::keep wants them.
  static void arrange_dropout(int clips, const float* by_clip, float* by_layer) {
    Layers::arrange_dropout(input_shape, clips, by_clip, by_layer);
  }

  /// Throws UsageError unless features are (N, T, F) and the mask (N, T).
  static void require_shapes(const Features& features, const Mask& mask) {
    const weights::Shape has(features.shape().begin(), features.shape().end());
    const weights::Shape mask_has(mask.shape().begin(), mask.shape().end());
    const weights::Shape wants{has[0], SeqLen, FeatureDim};
    if (has != wants || mask_has != weights::Shape{has[0], SeqLen})
      throw UsageError("The head reads features " + weights::to_string(wants) + " with a mask of their first two " +
                       "extents, and was given " + weights::to_string(has) + " and " + weights::to_string(mask_has) +
                       "; extract them with this sequence length and backbone.");
  }

  /// The parameters in the back end's memory, for optimisers.
  float* data() { return memory_.data(); }
  const float* data() const { return memory_.data(); }

 private:
  heads::LayerPass pass(const HeadInput& in, Workspace& work) const {
    return {input_shape, in.clips, in.features, in.clips_at, in.mask, in.keep, work.zeros, memory_.data(), work.tape};
  }
  const float* logits_kernel() const { return memory_.data() + layout.parameters.back(); }
  std::size_t logits_bias() const { return static_cast<std::size_t>(last.features) * classes_; }

  void list_parameters() {
    std::map<std::string, int> seen;
    std::string layer;
    std::size_t offset = 0;
    const auto add = [&](std::string_view class_name, const heads::TensorSpec& spec, bool first) {
      if (first) {
        const int number = seen[std::string(class_name)]++;
        layer = std::string(class_name) + (number ? "_" + std::to_string(number) : "");
      }
      weights::Shape shape;
      if (spec.rows > 0) shape.push_back(static_cast<std::size_t>(spec.rows));
      shape.push_back(static_cast<std::size_t>(spec.columns));
      parameters_.push_back({layer + "/" + std::string(spec.role), std::move(shape), offset, spec.size()});
      specs_.push_back(spec);
      offset += spec.size();
    };
    Layers::for_each_tensor(input_shape, add);
    add("dense", {"kernel", last.features, classes_, heads::Initializer::glorot_uniform}, true);
    add("dense", {"bias", 0, classes_, heads::Initializer::zeros}, false);
  }

  int classes_;
  std::vector<HeadParameter> parameters_;
  std::vector<heads::TensorSpec> specs_;
  typename Backend::Memory memory_ = typename Backend::Memory(0);
};

}  // namespace rcar

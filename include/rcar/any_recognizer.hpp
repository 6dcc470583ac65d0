#pragma once
/// A recognizer whose configuration is chosen at run time, from a list that is fixed at compile time.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "recognizer.hpp"

namespace rcar {

/// What a program asks for at run time.
struct RecognizerChoice {
  std::string backbone = "efficientnetb0";
  std::string cell = "gru";
  int sequence_length = 20;
  int image_dim = 0;  // 0: the backbone's registered one
};

/// One interface over every Recognizer; the members do what Recognizer's members of the same name do.
class AnyRecognizer {
 public:
  virtual ~AnyRecognizer() = default;

  virtual int image_dim() const = 0;
  virtual int sequence_length() const = 0;
  virtual int feature_dim() const = 0;
  virtual Sampler sampler() const = 0;
  virtual const StringLookup& labels() const = 0;
  virtual const TrainingCard& card() const = 0;
  virtual ExtractResult process_videos_and_extract_features(const Dataset& data, const StringLookup& labels,
                                                            const ExtractOptions& options) = 0;
  virtual History fit(const FeatureSet& features, const StringLookup& labels, const ExperimentOptions& options) = 0;
  virtual Evaluation evaluate(const FeatureSet& features) = 0;
  /// Class probabilities (N, K) of features (N, T, F) with their mask (N, T).
  virtual Probabilities predict(const Features& features, const Mask& mask) = 0;
  virtual VideoPrediction predict_video_sequence(const std::filesystem::path& clip) = 0;
  /// What extraction needs to know; a caller may ask it for another sequence length or sampler.
  virtual FeatureExtractor extractor() = 0;
  virtual void save(const std::filesystem::path& path) const = 0;
  virtual void restore(const ModelFile& file, const std::filesystem::path& path) = 0;
};

namespace detail {

template <class Model>
class ErasedRecognizer final : public AnyRecognizer {
 public:
  ErasedRecognizer(const weights::Store& weights, Sampler sampler) : model_(weights, sampler) {}

  int image_dim() const override { return Model::image_dim; }
  int sequence_length() const override { return Model::sequence_length; }
  int feature_dim() const override { return Model::feature_dim; }
  Sampler sampler() const override { return model_.sampler(); }
  const StringLookup& labels() const override { return model_.labels(); }
  const TrainingCard& card() const override { return model_.card(); }
  ExtractResult process_videos_and_extract_features(const Dataset& data, const StringLookup& labels,
                                                    const ExtractOptions& options) override {
    return model_.process_videos_and_extract_features(data, labels, options);
  }
  History fit(const FeatureSet& features, const StringLookup& labels, const ExperimentOptions& options) override {
    return model_.fit(features, labels, options);
  }
  Evaluation evaluate(const FeatureSet& features) override { return model_.evaluate(features); }
  Probabilities predict(const Features& features, const Mask& mask) override {
    return model_.head().predict(features, mask);
  }
  VideoPrediction predict_video_sequence(const std::filesystem::path& clip) override {
    return model_.predict_video_sequence(clip);
  }
  FeatureExtractor extractor() override { return model_.extractor(); }
  void save(const std::filesystem::path& path) const override { model_.save(path); }
  void restore(const ModelFile& file, const std::filesystem::path& path) override { model_.restore(file, path); }

 private:
  Model model_;
};

}  // namespace detail

/// One line of the list: a backbone at its image dimension, a cell, a sequence length.
template <class Backbone, class Cell, int SeqLen, class BackEnd = backend::Default>
struct Entry {
  using backbone = Backbone;
  static constexpr std::string_view cell = Cell::name;
  static constexpr int sequence_length = SeqLen;

  static bool matches(const RecognizerChoice& choice) {
    return choice.backbone == Backbone::name && choice.cell == cell && choice.sequence_length == SeqLen &&
           (choice.image_dim == 0 || choice.image_dim == Backbone::image_dim);
  }
  static std::unique_ptr<AnyRecognizer> make(const weights::Store& weights, Sampler sampler) {
    return std::make_unique<detail::ErasedRecognizer<Recognizer<Backbone, Cell, SeqLen, BackEnd>>>(weights, sampler);
  }
};

/// A list of entries. Your own: `using Mine = rcar::Registry<rcar::Entry<rcar::EfficientNetB0<160>, rcar::LSTM, 40>>;`
/// then `rcar::make_recognizer<Mine>(choice, weights)`.
template <class... Entries>
struct Registry {
  /// Throws UsageError, with the line of code that would add it, when the choice is not in the list.
  static void require(const RecognizerChoice& choice) {
    if ((Entries::matches(choice) || ...)) return;
    if (!((choice.backbone == Entries::backbone::name) || ...))
      throw UsageError("There is no backbone " + quoted(choice.backbone) + "; choose one of " + backbone_names() + ".");
    if (choice.cell != "gru" && choice.cell != "lstm")
      throw UsageError("There is no cell " + quoted(choice.cell) + "; choose gru or lstm.");
    if (choice.sequence_length < 1)
      throw UsageError("The sequence length is " + std::to_string(choice.sequence_length) + "; give at least 1 frame.");
    if (dim(choice) < minimum_dim(choice.backbone))
      throw UsageError("The image dimension is " + std::to_string(dim(choice)) + " and " + choice.backbone + " needs " +
                       std::to_string(minimum_dim(choice.backbone)) + " or more; give such a one.");
    throw UsageError("No recognizer is registered for " + choice.backbone + " at image dimension " +
                     std::to_string(dim(choice)) + ", cell " + choice.cell + " and sequence length " +
                     std::to_string(choice.sequence_length) + "; to add it, write `Entry<" +
                     type_name(choice.backbone) + "<" + std::to_string(dim(choice)) + ">, " +
                     (choice.cell == "gru" ? "GRU" : "LSTM") + ", " + std::to_string(choice.sequence_length) +
                     ">` into a Registry and give it to make_recognizer (rcar/any_recognizer.hpp).");
  }

  static std::unique_ptr<AnyRecognizer> make(const RecognizerChoice& choice, const weights::Store& weights,
                                             Sampler sampler) {
    require(choice);
    std::unique_ptr<AnyRecognizer> result;
    (void)((Entries::matches(choice) && (result = Entries::make(weights, sampler), true)) || ...);
    return result;
  }

  /// "inceptionv3, efficientnetb0, ...": each backbone once, in the list's order.
  static std::string backbone_names() {
    std::vector<std::string_view> names;
    (
        [&] {
          for (const auto& name : names)
            if (name == Entries::backbone::name) return;
          names.push_back(Entries::backbone::name);
        }(),
        ...);
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : ", ") + std::string(name);
    return text;
  }

  /// The layers of a backbone's graph; empty when it is not in the list.
  static std::span<const graph::Layer> layers(const std::string& backbone);

  /// The backbone's registered image dimension; 0 when it is not in the list.
  static int registered_dim(const std::string& backbone) {
    int result = 0;
    (void)((backbone == Entries::backbone::name && (result = Entries::backbone::image_dim, true)) || ...);
    return result;
  }

 private:
  static int dim(const RecognizerChoice& choice) {
    return choice.image_dim ? choice.image_dim : registered_dim(choice.backbone);
  }

  static int minimum_dim(const std::string& backbone) {
    int result = 0;
    (void)((backbone == Entries::backbone::name && (result = Entries::backbone::minimum_dim, true)) || ...);
    return result;
  }

  static std::string type_name(const std::string& backbone) {
    if (backbone == "inceptionv3") return "InceptionV3";
    if (backbone == "efficientnetlite0") return "EfficientNetLite0";
    return "EfficientNetB" + backbone.substr(backbone.size() - 1);
  }
};

// Outside the class, and so no inline function: rcar::compiled can hold it.
template <class... Entries>
std::span<const graph::Layer> Registry<Entries...>::layers(const std::string& backbone) {
  std::span<const graph::Layer> result;
  (void)((backbone == Entries::backbone::name && (result = graph::graph_of<typename Entries::backbone>.view(), true)) ||
         ...);
  return result;
}

namespace detail {

/// Every backbone with both cells, at one sequence length, on one back end.
template <int SeqLen, class BackEnd, class... Backbones>
struct BothCells {
  using type = Registry<Entry<Backbones, GRU, SeqLen, BackEnd>..., Entry<Backbones, LSTM, SeqLen, BackEnd>...>;
};

template <class BackEnd>
using registered_on =
    typename BothCells<20, BackEnd, InceptionV3<224>, EfficientNetB0<224>, EfficientNetB1<240>, EfficientNetB2<260>,
                       EfficientNetB3<300>, EfficientNetB4<380>, EfficientNetB5<456>, EfficientNetB6<528>,
                       EfficientNetB7<600>, EfficientNetLite0<224>>::type;

}  // namespace detail

/// The list that the example programs offer: every backbone at the image dimension it was made for, both cells, the
/// original's 20 frames. On a GPU: CudaRecognizers (rcar/cuda_recognizers.hpp).
using RegisteredRecognizers = detail::registered_on<backend::Default>;

/// A recognizer from the list with its backbone's weights loaded, ready to extract and fit.
/// Throws UsageError when the list lacks it, WeightsError when the weights are of another network.
template <class List = RegisteredRecognizers>
std::unique_ptr<AnyRecognizer> make_recognizer(const RecognizerChoice& choice, const weights::Store& weights,
                                               Sampler sampler = Sampler::first) {
  List::require(choice);
  weights::require_backbone(weights, choice.backbone, graph::fingerprint(List::layers(choice.backbone)),
                            "the backbone weights");
  return List::make(choice, weights, sampler);
}

/// The recognizer that a model file describes, trained, with the backbone weights it names.
/// Throws ModelError when the file and the weights do not belong together.
template <class List = RegisteredRecognizers>
std::unique_ptr<AnyRecognizer> load_recognizer(const std::filesystem::path& model, const weights::Store& weights) {
  const ModelFile file = load_model(model);
  auto recognizer =
      make_recognizer<List>({file.backbone, file.cell, file.sequence_length, file.image_dim}, weights, file.sampler);
  recognizer->restore(file, model);
  return recognizer;
}

/// The same with the backbone's native weight file. Throws FileError or WeightsError when it cannot be read.
///
///     auto model = rcar::load_recognizer("action.rcar", "weights/efficientnetb0.safetensors");
///     auto classes = model->predict_video_sequence("clip.avi").classes;
template <class List = RegisteredRecognizers>
std::unique_ptr<AnyRecognizer> load_recognizer(const std::filesystem::path& model,
                                               const std::filesystem::path& weights) {
  return load_recognizer<List>(model, weights::read_safetensors(weights));
}

#ifdef RCAR_COMPILED  // two minutes of compiling less
extern template std::span<const graph::Layer> RegisteredRecognizers::layers(const std::string&);
extern template std::unique_ptr<AnyRecognizer> make_recognizer<RegisteredRecognizers>(const RecognizerChoice&,
                                                                                      const weights::Store&, Sampler);
extern template std::unique_ptr<AnyRecognizer> load_recognizer<RegisteredRecognizers>(const std::filesystem::path&,
                                                                                      const weights::Store&);
extern template std::unique_ptr<AnyRecognizer> load_recognizer<RegisteredRecognizers>(const std::filesystem::path&,
                                                                                      const std::filesystem::path&);
#endif

}  // namespace rcar

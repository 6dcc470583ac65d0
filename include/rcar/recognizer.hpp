#pragma once
/// rcar's public entry: a video classifier as one type.
///
///     using Model = rcar::Recognizer<rcar::EfficientNetB7<600>, rcar::LSTM, 20>;
///
/// Frames of a clip go through the backbone, a masked recurrent head reads the features, a softmax names the action.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "backbones/efficientnet.hpp"
#include "backbones/efficientnet_lite.hpp"
#include "backbones/inception_v3.hpp"
#include "backend/default.hpp"
#include "data/dataset.hpp"
#include "data/extract.hpp"
#include "graph/fingerprint.hpp"
#include "heads/sequence_head.hpp"
#include "model_file.hpp"
#include "network/network.hpp"
#include "network/packed_cache.hpp"
#include "train/experiment.hpp"
#include "video/process_video.hpp"
#include "weights/backbone_file.hpp"

namespace rcar {

/// One class and how likely it is: 0 to 1.
struct Prediction {
  std::string label;
  float probability = 0;
};

/// What predict_video_sequence gives: every class, most likely first, and the frames that were looked at.
struct VideoPrediction {
  std::vector<Prediction> classes;
  Frames frames;                 // (n, D, D, 3) RGB, n <= SeqLen
  double frames_per_second = 0;  // at which they play at the clip's own speed
};

/// Sorts one row of probabilities, most likely first; of equal ones the earlier class stays first.
inline std::vector<Prediction> ranked(const std::vector<std::string>& classes, const float* probabilities) {
  std::vector<std::size_t> order(classes.size());  // of numbers, since sorting texts takes compilers long
  for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return probabilities[a] != probabilities[b] ? probabilities[a] > probabilities[b] : a < b;
  });
  std::vector<Prediction> result;
  result.reserve(order.size());
  for (std::size_t k : order) result.push_back({classes[k], probabilities[k]});
  return result;
}

/// A CNN + RNN video classifier whose configuration is its type.
///
/// CNN        the backbone: InceptionV3<D>, EfficientNetB0<D> ... EfficientNetB7<D>, EfficientNetLite0<D>, of image
///            dimension D
/// Cell       GRU or LSTM
/// SeqLen     frames of a clip that the head reads (T); shorter clips are zero padded and masked
/// BackEnd    where it computes: backend::Default, backend::Blas, backend::Reference; backend::Cuda (include
///            rcar/cuda.hpp and link rcar::cuda)
/// Head       the layers between features and classes; heads::Original<Cell> is the Keras pipeline's
template <class CNN, class Cell, int SeqLen, class BackEnd = backend::Default, class Head = heads::Original<Cell>>
class Recognizer {
  static_assert(graph::BackboneType<CNN>,
                "CNN is not a backbone: use rcar::InceptionV3<D>, rcar::EfficientNetB0<D>, ...");
  // The compiler reads on after a failed assertion: with a backbone in place of what is none it finds no more errors.
  using Backbone = std::conditional_t<graph::BackboneType<CNN>, CNN, EfficientNetLite0<224>>;

 public:
  static constexpr int image_dim = Backbone::image_dim;
  static constexpr int sequence_length = SeqLen;
  static constexpr int feature_dim = graph::feature_dim<Backbone>;
  using SequenceHead = rcar::SequenceHead<feature_dim, SeqLen, Cell, BackEnd, Head>;

  /// Takes the backbone's weights, e.g. `weights::read_safetensors(file)` or `keras::read_backbone(file)`.
  /// Throws WeightsError, naming the first tensor that is missing or does not fit, and when the weights are damaged.
  ///
  /// A back end whose packing takes time keeps the packed weights beside a native file: see network/packed_cache.hpp.
  explicit Recognizer(const weights::Store& backbone_weights, Sampler sampler = Sampler::first)
      : Recognizer(rcar::load_backbone<BackEnd>(graph::plan_view<Backbone>(), backbone_weights), sampler,
                   metadata(backbone_weights, "rescaling", "on")) {}

  /// Loads the backbone from a native weight file (`convert_keras_weights` and `get_weights` make them).
  static Recognizer load_backbone(const std::filesystem::path& weights, Sampler sampler = Sampler::first) {
    const weights::Store store = weights::read_safetensors(weights);
    weights::require_backbone(store, Backbone::name, graph::fingerprint<Backbone>(), weights);
    return Recognizer(store, sampler);
  }

  /// Loads a trained model and the backbone weights that it was trained with.
  /// Throws ModelError when the file was made by other types or with other weights.
  static Recognizer load(const std::filesystem::path& model, const std::filesystem::path& weights) {
    const ModelFile file = load_model(model);
    Recognizer recognizer = load_backbone(weights, file.sampler);
    recognizer.restore(file, model);
    return recognizer;
  }

  /// Features and masks of every clip in `data`, from the cache where it has them. Labels are looked up in `labels`.
  /// Throws DataError when no clip decodes; single clips that do not are quarantined.
  ExtractResult process_videos_and_extract_features(const Dataset& data, const StringLookup& labels,
                                                    const ExtractOptions& options = {}) {
    return rcar::process_videos_and_extract_features(data, labels, extractor(), options);
  }

  /// Trains a new head on features: the Keras pipeline's conduct_experiment. `labels` names the classes.
  History fit(const FeatureSet& features, const StringLookup& labels, const ExperimentOptions& options = {}) {
    SequenceHead head(static_cast<int>(labels.vocabulary().size()), options.seed);
    Experiment experiment = conduct_experiment(head, features, labels, options);
    head_ = std::move(head);
    labels_ = labels;
    card_ = experiment.card;
    return std::move(experiment.history);
  }

  /// Extracts the features of `data` and trains on them; the classes are the tags that occur in it.
  History fit(const Dataset& data, const ExperimentOptions& options = {}) {
    const StringLookup labels = StringLookup::from_tags(data.tags());
    ExtractOptions extract;
    extract.cache = options.cache;
    return fit(process_videos_and_extract_features(data, labels, extract).features, labels, options);
  }

  /// Loss and accuracy on a test set; recorded in the model's card when `features` is not empty.
  Evaluation evaluate(const FeatureSet& features) {
    Evaluation result = rcar::evaluate(head(), features);
    card_.test_clips = static_cast<std::int64_t>(features.size());
    card_.test_loss = result.loss;
    card_.test_accuracy = result.accuracy;
    return result;
  }

  /// The same on clips; tags must be classes of the model.
  Evaluation evaluate(const Dataset& data, const ExtractOptions& options = {}) {
    return evaluate(process_videos_and_extract_features(data, labels(), options).features);
  }

  /// Features (1, T, F) and mask (1, T) of one clip's frames (n, D, D, 3); frames past T are not read.
  std::pair<Features, Mask> prepare_video_for_prediction(const Frames& frames) {
    if (frames.shape(0) == 0 || frames.shape(1) != static_cast<std::size_t>(image_dim) ||
        frames.shape(2) != static_cast<std::size_t>(image_dim) || frames.shape(3) != 3)
      throw UsageError("prepare_video_for_prediction needs at least one frame of " + std::to_string(image_dim) + " x " +
                       std::to_string(image_dim) + " x 3; read the clip with process_video or sample_video.");
    const std::size_t count = std::min<std::size_t>(frames.shape(0), SeqLen);
    Features features(Features::shape_type{1, SeqLen, static_cast<std::size_t>(feature_dim)}, 0.f);
    Mask mask(Mask::shape_type{1, SeqLen}, false);
    network_.forward(frames.data(), count, features.data());
    std::fill_n(mask.data(), count, true);
    return {std::move(features), std::move(mask)};
  }

  /// Class probabilities of one clip, most likely first, and the frames that were looked at.
  /// Throws VideoError when the clip does not decode.
  VideoPrediction predict_video_sequence(const std::filesystem::path& clip) {
    VideoPrediction result;
    SampledClip sampled = sample_clip(clip, sampler_, SeqLen, image_dim);
    result.frames = std::move(sampled.frames);
    result.frames_per_second = sampled.frames_per_second;
    const auto [features, mask] = prepare_video_for_prediction(result.frames);
    const Probabilities probabilities = head().predict(features, mask);
    result.classes = ranked(labels().vocabulary(), probabilities.data());
    return result;
  }

  /// Class probabilities of one clip, most likely first.
  std::vector<Prediction> predict(const std::filesystem::path& clip) { return predict_video_sequence(clip).classes; }

  /// Writes the model file (docs/file_formats.md); the backbone's weights stay in their own file.
  void save(const std::filesystem::path& path) const {
    ModelFile file;
    file.backbone = Backbone::name;
    file.graph = graph::fingerprint<Backbone>();
    file.weights_sha256 = weights_sha256_;
    file.rescaling = rescaling_;
    file.image_dim = image_dim;
    file.sequence_length = SeqLen;
    file.feature_dim = feature_dim;
    file.cell = Cell::name;
    file.head = SequenceHead::description();
    file.sampler = sampler_;
    file.classes = labels().vocabulary();
    file.training = card_;
    head().store(file.parameters);
    save_model(path, file);
  }

  /// Takes head, classes and card of a model file that was read from `path`.
  /// Throws ModelError when it was made by other types or with other weights.
  void restore(const ModelFile& file, const std::filesystem::path& path) {
    require_types(file, path);
    if (!file.weights_sha256.empty() && file.weights_sha256 != weights_sha256_)
      throw ModelError("Model file " + quoted(path.string()) + " was trained on other " + file.backbone +
                       " weights (SHA-256 " + file.weights_sha256.substr(0, 12) + "..., these are " +
                       weights_sha256_.substr(0, 12) + "...); give the weight file it was trained with.");
    if (file.rescaling != rescaling_)
      throw ModelError("Model file " + quoted(path.string()) + " was trained with rescaling " + file.rescaling +
                       " and these weights say " + rescaling_ + "; convert them with --rescaling " + file.rescaling +
                       ".");
    SequenceHead head(static_cast<int>(file.classes.size()), 0);
    try {
      head.load(file.parameters);
    } catch (const WeightsError& error) {
      throw ModelError("Model file " + quoted(path.string()) + " does not hold what it says: " + error.what());
    }
    head_ = std::move(head);
    labels_ = StringLookup(file.classes);
    card_ = file.training;
  }

  /// Replaces the head by a trained one, e.g. with weights from Keras; `labels` names its outputs.
  /// Throws UsageError when they differ in number.
  template <int HeadFeatureDim, int HeadSeqLen, class HeadCell, class HeadBackEnd, class HeadStack>
  void set_head(rcar::SequenceHead<HeadFeatureDim, HeadSeqLen, HeadCell, HeadBackEnd, HeadStack> head,
                const StringLookup& labels) {
    static_assert(HeadFeatureDim == feature_dim,
                  "The head's feature dimension is not the backbone's: give SequenceHead the backbone's feature_dim.");
    static_assert(HeadSeqLen == SeqLen, "The head's sequence length is not the recognizer's: use the same SeqLen.");
    using Given = decltype(head);
    constexpr bool same_shape = HeadFeatureDim == feature_dim && HeadSeqLen == SeqLen;
    static_assert(!same_shape || std::is_same_v<Given, SequenceHead>,
                  "The head's cell, back end or layers are not the recognizer's: give it the recognizer's SequenceHead "
                  "type.");
    if (labels.vocabulary().size() != static_cast<std::size_t>(head.classes()))
      throw UsageError("The head has " + std::to_string(head.classes()) + " outputs and the list of labels " +
                       std::to_string(labels.vocabulary().size()) + " names; they must be equal in number.");
    if constexpr (std::is_same_v<Given, SequenceHead>) head_ = std::move(head);
    labels_ = labels;
    card_ = {};
  }

  /// The trained head. Throws UsageError before fit or load.
  SequenceHead& head() { return trained(head_); }
  const SequenceHead& head() const { return trained(head_); }
  /// The classes, in the order of the head's outputs. Throws UsageError before fit or load.
  const StringLookup& labels() const { return trained(labels_); }
  const TrainingCard& card() const { return card_; }
  Sampler sampler() const { return sampler_; }
  Network<BackEnd>& network() { return network_; }

  /// What extraction needs to know of this recognizer.
  FeatureExtractor extractor() {
    FeatureExtractor result;
    result.image_dim = image_dim;
    result.sequence_length = SeqLen;
    result.feature_dim = feature_dim;
    result.sampler = sampler_;
    result.identity = std::string(Backbone::name) + ";graph " + graph::fingerprint<Backbone>() + ";weights " +
                      weights_sha256_ + ";rescaling " + rescaling_ + ";" + std::string(BackEnd::name);
    if constexpr (backend::computes_on_host<BackEnd>)
      result.identity += ";float32";
    else
      result.instruction_set = BackEnd::engine();  // its name says the precision
    result.run_on(network_);
    return result;
  }

 private:
  Recognizer(LoadedBackbone<BackEnd> backbone, Sampler sampler, std::string rescaling)
      : network_(graph::plan_view<Backbone>(), std::move(backbone.packed)),
        sampler_(sampler),
        weights_sha256_(std::move(backbone.weights_sha256)),
        rescaling_(std::move(rescaling)) {}

  static void require_types(const ModelFile& file, const std::filesystem::path& path) {
    const auto differ = [&](const std::string& what, const std::string& has, const std::string& wants) {
      if (has != wants)
        throw ModelError("Model file " + quoted(path.string()) + " was made with " + what + " " + has + ", not " +
                         wants + "; load it with the types it names.");
    };
    differ("backbone", file.backbone, std::string(Backbone::name));
    differ("image dimension", std::to_string(file.image_dim), std::to_string(image_dim));
    differ("cell", file.cell, std::string(Cell::name));
    differ("sequence length", std::to_string(file.sequence_length), std::to_string(SeqLen));
    differ("feature dimension", std::to_string(file.feature_dim), std::to_string(feature_dim));
    differ("head", file.head, SequenceHead::description());
    differ("graph", file.graph, graph::fingerprint<Backbone>());
  }

  static std::string metadata(const weights::Store& store, const std::string& key, const std::string& otherwise) {
    const auto found = store.metadata.find(key);
    return found == store.metadata.end() ? otherwise : found->second;
  }

  template <class Part>
  static auto& trained(Part& part) {
    if (!part) throw UsageError("This recognizer has no trained head yet; call fit, or load a model file.");
    return *part;
  }

  Network<BackEnd> network_;
  Sampler sampler_;
  std::string weights_sha256_, rescaling_;
  std::optional<SequenceHead> head_;
  std::optional<StringLookup> labels_;
  TrainingCard card_;
};

}  // namespace rcar

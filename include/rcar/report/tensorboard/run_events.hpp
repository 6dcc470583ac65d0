#pragma once
/// What a training run tells TensorBoard, as it goes.

#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../../train/evaluate.hpp"
#include "../../train/history.hpp"
#include "../confusion_matrix.hpp"
#include "../page_text.hpp"
#include "../report.hpp"
#include "../tables.hpp"
#include "event_file.hpp"
#include "hparams.hpp"

namespace rcar {

/// What the event files of a run tell beside its history.
struct RunEventsOptions {
  double learning_rate = 1e-3;
};

/// Writes scalars, pictures and settings of one run into a new event file of `folder`. Every epoch is on its way to the
/// disk when epoch() returns. A run that ends without finish() is marked as failed.
///
/// The file tells the whole training, also the epochs that a run which is gone on with has behind it: from the first
/// epoch() on, TensorBoard passes over what earlier files of the folder say of epochs.
///
///     RunEvents events(out / "events", {.learning_rate = options.learning_rate});
///     events.start({{"cell", "gru"}, {"batch_size", options.batch_size}});
///     options.on_epoch = [&](int epoch, const History& history) { events.epoch(epoch, history); };
///     events.finish(report, evaluation);  // tensorboard --logdir out
class RunEvents {
 public:
  /// Throws FileError when the folder or the file cannot be made.
  explicit RunEvents(const std::filesystem::path& folder, const RunEventsOptions& options = {})
      : file_(folder), options_(options) {}
  RunEvents(const RunEvents&) = delete;
  RunEvents& operator=(const RunEvents&) = delete;
  ~RunEvents() {
    if (!started_ || finished_) return;
    try {
      end(tensorboard::SessionStatus::failure);
    } catch (const std::exception&) {  // whatever ended the run has been said
    }
  }

  const std::filesystem::path& path() const { return file_.path(); }

  /// The run's settings, for the HParams view, and how its charts are arranged. Call it once, before the first epoch.
  void start(const std::vector<tensorboard::HyperParameter>& parameters) {
    file_.add_value(
        tensorboard::experiment_value(parameters, {"test_accuracy", "test_loss", "val_accuracy", "val_loss"}), 0);
    file_.add_value(tensorboard::session_start_value(parameters), 0);
    file_.add_value(charts(), 0);
    file_.flush();
    started_ = true;
  }

  /// loss, accuracy, val_loss, val_accuracy and learning_rate of the epochs up to this one that the file lacks, with
  /// the epoch as step. `history` holds them all.
  void epoch(int epoch, const History& history) {
    add_epochs(epoch, history);
    file_.flush();
  }

  /// The test: its scalars at the step of the best epoch, the confusion matrix, the frames of the surest mistakes.
  void finish(const Report& report, const Evaluation& evaluation) {
    const std::int64_t step = report.history ? report.history->best_epoch : 0;
    if (report.history) add_epochs(static_cast<int>(report.history->loss.size()), *report.history);
    file_.add_value(tensorboard::scalar_value("test_loss", evaluation.loss), step);
    file_.add_value(tensorboard::scalar_value("test_accuracy", evaluation.accuracy), step);
    const auto counts = confusion_counts(report.labels, predicted_classes(report.probabilities), report.classes.size());
    const report::Canvas matrix = report::confusion_picture(counts, report.classes);
    const auto png = matrix.png();
    file_.add_value(tensorboard::image_value(
                        "confusion_matrix", std::string_view(reinterpret_cast<const char*>(png.data()), png.size()),
                        static_cast<std::size_t>(matrix.width()), static_cast<std::size_t>(matrix.height()),
                        "Rows: true class, columns: predicted class."),
                    step);
    std::size_t number = 0;
    for (const ShownMistake& mistake : report.watched) {
      const FrameSheet& sheet = mistake.sheet;
      ++number;
      if (sheet.frames == 0) continue;
      const auto name = [&](int k) { return report.classes[static_cast<std::size_t>(k)]; };
      const std::size_t rows = (sheet.frames + sheet.columns - 1) / sheet.columns;
      file_.add_value(
          tensorboard::image_value(
              "mistakes/" + std::to_string(number),
              std::string_view(reinterpret_cast<const char*>(sheet.jpeg.data()), sheet.jpeg.size()),
              sheet.columns * sheet.side, rows * sheet.side,
              report::page_text(name(mistake.truth) + " taken for " + name(mistake.predicted) + ": " + mistake.clip)),
          step);
    }
    end(tensorboard::SessionStatus::success);
  }

 private:
  void add_epochs(int last, const History& history) {
    if (epochs_ == 0) {
      tensorboard::Message event;  // SessionLog START: from this step on, events of earlier files no longer count
      event.number(1, tensorboard::wall_time_s()).integer(2, 1).message(7, tensorboard::Message().integer(1, 1));
      file_.add(event);
    }
    for (; epochs_ < last; ++epochs_) {
      const auto add = [&](std::string_view tag, const std::vector<double>& values) {
        if (!values.empty())
          file_.add_value(tensorboard::scalar_value(tag, values.at(static_cast<std::size_t>(epochs_))), epochs_ + 1);
      };
      add("loss", history.loss);
      add("accuracy", history.accuracy);
      add("val_loss", history.val_loss);
      add("val_accuracy", history.val_accuracy);
      file_.add_value(tensorboard::scalar_value("learning_rate", options_.learning_rate), epochs_ + 1);
    }
  }

  void end(tensorboard::SessionStatus status) {
    finished_ = true;
    if (started_) file_.add_value(tensorboard::session_end_value(status), 0);
    file_.flush();
  }

  /// The layout of the Custom Scalars view: training and validation in one chart, which the Scalars view keeps apart.
  static tensorboard::Message charts() {
    using tensorboard::Message;
    const auto chart = [](std::string_view title, std::string_view one, std::string_view other) {
      return Message().text(1, title).message(2, Message().text(1, one).text(1, other));
    };
    Message category, layout, tensor, value;
    category.text(1, "Training").message(2, chart("loss", "^loss$", "^val_loss$"));
    category.message(2, chart("accuracy", "^accuracy$", "^val_accuracy$"));
    layout.message(2, category);
    tensor.integer(1, 7).message(2, Message()).text(8, layout.bytes());  // DT_STRING, a scalar
    return value.text(1, "custom_scalars__config__")
        .message(8, tensor)
        .message(9, tensorboard::plugin_metadata("custom_scalars"));
  }

  tensorboard::EventFile file_;
  RunEventsOptions options_;
  int epochs_ = 0;  // that the file tells
  bool started_ = false, finished_ = false;
};

}  // namespace rcar

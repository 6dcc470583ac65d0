#pragma once
// What report.html says of a run of the one command line.

#include <CLI/CLI.hpp>
#include <rcar/any_recognizer.hpp>
#include <rcar/data/dataset.hpp>
#include <rcar/report/report.hpp>
#include <string>
#include <utility>
#include <vector>

namespace rcar::tools {

/// For whom a report is. One that is shared shows no frame of a clip, no command line and nothing of the machine; clips
/// are named all the same.
enum class Readers { own, shared };

/// --shareable.
void add_readers_option(CLI::App& app, Readers& readers);

/// A report of `recognizer`, which is trained: its classes, model and training, the command line, machine and versions.
Report begin_report(const AnyRecognizer& recognizer, const std::string& backbone, const std::string& cell,
                    Readers readers);

/// Adds the test of `set`, whose clips lie where `data` says, and the surest mistakes as clips.
void add_tested_clips(Report& report, AnyRecognizer& recognizer, const Dataset& data, const FeatureSet& set,
                      const Evaluation& evaluation, Readers readers);

/// Adds a table of what took how long.
void add_seconds(Report& report, const std::vector<std::pair<std::string, double>>& seconds);

}  // namespace rcar::tools

// rcar inspect: what a file is, what it holds, and whether it is whole.
#include <algorithm>
#include <cstdio>
#include <rcar/data/dataset.hpp>

#include "../file_kind.hpp"
#include "commands.hpp"
#include "inspect/inspection.hpp"
#include "program.hpp"

namespace rcar::tools {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct Options {
  fs::path file;
  bool tensors = false, metadata = false;
};

constexpr std::size_t few_tensors = 10;

constexpr const char* known =
    "it is no weights, model, checkpoint or head of rcar (safetensors), no weight file of Keras (.h5, .weights.h5, "
    ".keras) or PyTorch (.pth, .whl), no feature cache or entry of one (.npy), no manifest of weights, and no video "
    "that FFmpeg decodes";

Inspection inspect_file(const fs::path& path, const Console& console) {
  switch (file_kind(path)) {
    case FileKind::safetensors:
      return inspect_safetensors(path);
    case FileKind::keras:
      return inspect_keras(path);
    case FileKind::torch:
      return inspect_torch(path);
    case FileKind::npy:
      return inspect_npy(path);
    case FileKind::json:
      return inspect_json(path);
    case FileKind::cache_folder:
      return inspect_cache(path, console);
    case FileKind::other_folder:
      throw DataError(quoted(path.string()) +
                      " is a folder without cache.json, so no feature cache; give a file, or try rcar doctor for a "
                      "folder of clips.");
    case FileKind::clip:
      break;
  }
  const bool named_so = has_video_extension(path);
  Inspection found;
  if (named_so || !is_text(path)) found = inspect_clip(path, console);  // FFmpeg plays any .txt
  if (found.facts.empty() && !named_so)
    throw DataError("What " + quoted(path.string()) + " is cannot be told: " + known + ".");
  return found;
}

std::string text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) {
    char text[40];
    std::snprintf(text, sizeof text, "%.6g", value.get<double>());
    return text;
  }
  if (!value.is_array()) return value.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string text;
  for (const auto& each : value) text += (text.empty() ? "" : ", ") + text_of(each);
  return text;
}

/// Keys and values in two columns; objects indented under their key.
void say_facts(const Console& console, const Json& facts, std::size_t indent) {
  std::size_t width = 0;
  for (const auto& [key, value] : facts.items())
    if (!value.is_object()) width = std::max(width, key.size());
  for (const auto& [key, value] : facts.items()) {
    const std::string start = std::string(indent, ' ') + key;
    if (value.is_object()) {
      console.say(start);
      say_facts(console, value, indent + 2);
    } else {
      console.say(start + std::string(width - key.size() + 2, ' ') + text_of(value));
    }
  }
}

void say_tensors(const Console& console, const Inspection& found, bool all) {
  const std::size_t shown = all ? found.tensors.size() : std::min(found.tensors.size(), few_tensors);
  std::size_t name = 6, shape = 5;
  for (std::size_t i = 0; i < shown; ++i) {
    name = std::max(name, found.tensors[i].name.size());
    shape = std::max(shape, weights::to_string(found.tensors[i].shape).size());
  }
  const auto column = [](std::string text, std::size_t width) {
    text.resize(std::max(width, text.size()) + 2, ' ');
    return text;
  };
  console.say("  " + column("tensor", name) +
              (all ? column("shape", shape) + "         min         mean          max" : "shape"));
  for (std::size_t i = 0; i < shown; ++i) {
    const TensorFacts& tensor = found.tensors[i];
    char values[80] = "";
    if (all)
      std::snprintf(values, sizeof values, "%12.5g %12.5g %12.5g%s", static_cast<double>(tensor.least), tensor.mean,
                    static_cast<double>(tensor.greatest), tensor.not_finite ? ", some not finite" : "");
    const std::string extents = weights::to_string(tensor.shape);
    console.say("  " + column(tensor.name, name) + (all ? column(extents, shape) + values : extents));
  }
  if (shown < found.tensors.size())
    console.say("  ... and " + std::to_string(found.tensors.size() - shown) +
                " more; --tensors shows all, with values");
}

void say(const Console& console, const Inspection& found, const Options& options, std::uintmax_t bytes) {
  console.say(Console::painted(Colour::bold, options.file.string() + ": " + found.kind) +
              (bytes ? ", " + bytes_text(bytes) : ""));
  say_facts(console, found.facts, 2);
  if (!found.tensors.empty()) {
    console.say("  " + std::to_string(found.tensors.size()) + " tensors, " + std::to_string(found.parameters()) +
                " values");
    say_tensors(console, found, options.tensors);
  }
  if (options.metadata && !found.metadata.is_null()) {
    console.say("Metadata");
    say_facts(console, found.metadata, 2);
  }
  for (const auto& note : found.notes) console.note(note);
  for (const auto& fault : found.faulty) console.warn("damaged: " + fault);
  if (!found.proven.empty()) {
    std::string list;
    for (const auto& each : found.proven) list += (list.empty() ? "" : ", ") + each;
    console.say("  proven: " + list);
  }
  if (found.damage.empty() && found.faulty.empty())
    console.say(Console::painted(
        Colour::green, found.proven.empty() ? "It could be read whole; it states no hash to prove." : "It is whole."));
}

Json json_of(const Inspection& found, const Options& options, std::uintmax_t bytes) {
  Json result = {{"file", options.file.string()}, {"kind", found.kind}};
  if (bytes) result["bytes"] = bytes;
  result["whole"] = found.damage.empty() && found.faulty.empty();
  if (!found.damage.empty()) result["damage"] = found.damage;
  if (!found.faulty.empty()) result["damaged"] = found.faulty;
  result["proven"] = found.proven;
  result["facts"] = found.facts.is_null() ? Json::object() : found.facts;
  if (!found.metadata.is_null()) result["metadata"] = found.metadata;
  if (!found.tensors.empty()) {
    result["values"] = found.parameters();
    auto& tensors = result["tensors"] = Json::array();
    for (const auto& tensor : found.tensors) {
      Json row = {{"name", tensor.name}, {"shape", tensor.shape}};
      if (options.tensors) {
        row["min"] = tensor.least;
        row["mean"] = tensor.mean;
        row["max"] = tensor.greatest;
        if (tensor.not_finite) row["not_finite"] = tensor.not_finite;
      }
      tensors.push_back(row);
    }
  }
  result["notes"] = found.notes;
  return result;
}

int inspect(const Options& options, const Console& console) {
  const Inspection found = inspect_file(options.file, console);
  std::error_code folder;
  const auto size = fs::file_size(options.file, folder);
  const std::uintmax_t bytes = folder ? 0 : size;
  say(console, found, options, bytes);
  console.json(json_of(found, options, bytes));
  if (!found.damage.empty()) {
    console.fault(found.damage);
    return exit_code::error;
  }
  return found.faulty.empty() ? exit_code::done : exit_code::findings;
}

}  // namespace

void add_inspect(Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App& app =
      program.add("inspect", "Tells what a weight, model, cache or video file holds and whether it is whole",
                  "  rcar inspect out/model.rcar\n"
                  "  rcar inspect weights/efficientnetb0.safetensors --tensors\n"
                  "  rcar inspect efficientnetb0_notop.h5 --json\n"
                  "  rcar inspect out/cache\n"
                  "  rcar inspect clip.avi\n"
                  "A file that is damaged is an error; single damaged entries of a cache are findings.",
                  [=](Console& console) { return inspect(*options, console); });
  app.add_option("FILE", options->file,
                 "Weights, packed weights, model, checkpoint or head of rcar; .h5, .weights.h5 or .keras of Keras; "
                 "checkpoint of PyTorch; feature cache or entry of one; manifest of weights; video")
      ->required();
  app.add_flag("--tensors", options->tensors, "Every tensor, with its least, mean and greatest value");
  app.add_flag("--metadata", options->metadata, "The file's metadata as it stands there");
}

}  // namespace rcar::tools

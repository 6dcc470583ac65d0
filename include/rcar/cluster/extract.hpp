#pragma once
/// Extraction by several ranks: each asks rank 0 for the next clips of one list, and hands their features to it.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/hash.hpp"
#include "../core/progress.hpp"
#include "../core/threads.hpp"
#include "../data/clip_features.hpp"
#include "../data/dataset.hpp"
#include "../data/extract.hpp"
#include "../data/extraction.hpp"
#include "../data/feature_extractor.hpp"
#include "../data/string_lookup.hpp"
#include "divided_list.hpp"
#include "mpi.hpp"
#include "session.hpp"
#include "summary_message.hpp"

namespace rcar::cluster {

namespace detail {

enum Tag : int { ask = 1, clip = 2, done = 3, rows = 4 };

struct ClipHeader {
  std::uint64_t row, frames;
};

/// Adds the numbers of one rank to those of all.
inline void add(SharedSummary& all, std::size_t rank, ExtractSummary part) {
  all.clips += part.clips;
  all.cached += part.cached;
  all.frames += part.frames;
  all.clips_of_rank[rank] = part.clips + part.quarantine.size();
  for (QuarantinedClip& each : part.quarantine) all.quarantine.push_back(std::move(each));
}

/// The rows that one rank's threads take; more are asked for when they are used up.
template <class More>
class RowQueue {
 public:
  explicit RowQueue(More more) : more_(std::move(more)) {}

  std::optional<std::size_t> next() {
    std::lock_guard lock(mutex_);
    if (rows_.count() == 0) rows_ = more_();
    if (rows_.count() == 0) return std::nullopt;
    return rows_.first++;
  }

 private:
  More more_;
  ItemRange rows_{0, 0};
  std::mutex mutex_;
};

/// Rank 0: gives out rows, takes features, and adds up what the ranks tell.
class Conductor {
 public:
  Conductor(Session& session, const Dataset& data, const FeatureExtractor& extractor, const FeatureSink& sink,
            const ExtractOptions& options, std::size_t threads)
      : session_(session),
        data_(data),
        extractor_(extractor),
        sink_(sink),
        options_(options),
        list_(data.size(), threads),
        progress_(options.title + " on " + std::to_string(session.ranks()) + " ranks", data.size(), "clips",
                  options.progress) {
    all_.clips_of_rank.resize(static_cast<std::size_t>(session.ranks()));
    session.serve([this](const Message& message) { take(message); });
  }
  Conductor(const Conductor&) = delete;
  Conductor& operator=(const Conductor&) = delete;
  ~Conductor() { session_.serve({}); }

  SharedSummary run() {
    RowQueue queue([this] {
      session_.require_served();  // a full disk, say
      return list_.next();
    });
    ExtractOptions own = options_;
    own.progress = ProgressDisplay::off;
    own.next_clip = [&] { return queue.next(); };
    const auto sink = [this](std::size_t row, std::vector<float> features) { deliver(row, std::move(features)); };
    add(all_, 0, rcar::extract_features(data_, extractor_, sink, own));
    while (done_ + 1 < session_.ranks()) {
      session_.require_served();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    session_.require_served();
    all_.seconds = progress_.seconds();
    if (all_.frames > 0) all_.frames_per_second = static_cast<double>(all_.frames) / all_.seconds;
    std::sort(all_.quarantine.begin(), all_.quarantine.end(),
              [](const QuarantinedClip& a, const QuarantinedClip& b) { return a.row < b.row; });
    progress_.finish();
    return std::move(all_);
  }

 private:
  void deliver(std::size_t row, std::vector<float> features) {
    std::lock_guard lock(mutex_);
    progress_.advance(1);
    if (sink_) sink_(row, std::move(features));
  }

  void take(const Message& message) {
    switch (message.tag) {
      case Tag::ask: {
        const ItemRange rows = list_.next();
        session_.answer(message.from, Tag::rows, std::as_bytes(std::span(&rows, 1)));
        break;
      }
      case Tag::clip: {
        ClipHeader header{};
        std::memcpy(&header, message.bytes.data(), sizeof header);
        std::vector<float> features((message.bytes.size() - sizeof header) / sizeof(float));
        std::memcpy(features.data(), message.bytes.data() + sizeof header, features.size() * sizeof(float));
        deliver(header.row, std::move(features));
        break;
      }
      default:
        add(all_, static_cast<std::size_t>(message.from),
            unpack_summary({reinterpret_cast<const char*>(message.bytes.data()), message.bytes.size()}));
        ++done_;
    }
  }

  Session& session_;
  const Dataset& data_;
  const FeatureExtractor& extractor_;
  const FeatureSink& sink_;
  const ExtractOptions& options_;
  DividedList list_;
  Progress progress_;
  SharedSummary all_;
  std::mutex mutex_;
  std::atomic<int> done_{0};
};

/// The other ranks: `wants_features` when rank 0 has a sink.
inline void extract_for(const Session& session, const Dataset& data, const FeatureExtractor& extractor,
                        bool wants_features, const ExtractOptions& options) {
  RowQueue queue([&] {
    ItemRange rows{0, 0};
    session.send(Tag::ask, {});
    session.receive_answer(Tag::rows, std::as_writable_bytes(std::span(&rows, 1)));
    return rows;
  });
  ExtractOptions own = options;
  own.progress = ProgressDisplay::off;
  own.warn = [&](const std::string& text) { session.warn(text); };
  own.next_clip = [&] { return queue.next(); };
  std::vector<std::byte> message;
  const auto sink = [&](std::size_t row, const std::vector<float>& features) {
    const auto values = std::as_bytes(std::span(features).first(wants_features ? features.size() : 0));
    const ClipHeader header{row, features.size() / static_cast<std::size_t>(extractor.feature_dim)};
    message.resize(sizeof header + values.size());
    std::memcpy(message.data(), &header, sizeof header);
    std::copy(values.begin(), values.end(), message.begin() + sizeof header);
    session.send(Tag::clip, message);
  };
  const std::string told = pack({rcar::extract_features(data, extractor, sink, own), {}});
  session.send(Tag::done, std::as_bytes(std::span(told.data(), told.size())));
}

/// Everything that ranks must agree on before they share a list and a cache.
inline std::string fingerprint(const Dataset& data, const FeatureExtractor& extractor) {
  Sha256 hash;
  hash.add(rcar::detail::cache_key(extractor, "")).add(extractor.instruction_set);
  for (const ClipEntry& entry : data.entries)
    hash.add(std::to_string(entry.video_name.size())).add(entry.video_name).add(entry.tag + "\n");
  return hash.hex();
}

}  // namespace detail

/// extract_features by all ranks, which call it with the same list. Each thread asks for clips as it needs them, so
/// that a slow rank takes fewer. With a cache, which all ranks share, a rank that dies loses the clips that it is at;
/// the next run takes all others from the cache.
///
/// `sink` is rank 0's, and given the clips of all ranks; elsewhere it is not called. The summary is the same in every
/// rank. Throws as extract_features, and DataError when the ranks differ in the list, the network or the kind of CPU.
inline SharedSummary extract_features(Session& session, const Dataset& data, const FeatureExtractor& extractor,
                                      const FeatureSink& sink, const ExtractOptions& options = {}) {
  if (session.alone()) {
    SharedSummary alone{rcar::extract_features(data, extractor, sink, options), {}};
    alone.clips_of_rank = {alone.clips + alone.quarantine.size()};
    return alone;
  }
  if (data.entries.empty()) throw DataError("The list of clips is empty; there is nothing to extract.");
  session.require_same(detail::fingerprint(data, extractor), "The list of clips, the network or the kind of CPU");
  const std::size_t threads = session.sum(thread_count());
  const bool wants_features = session.broadcast(sink ? "yes" : "no") == "yes";

  SharedSummary all;
  if (session.first())
    all = detail::Conductor(session, data, extractor, sink, options, threads).run();
  else
    detail::extract_for(session, data, extractor, wants_features, options);
  session.wait_for_all();
  all = unpack_summary(session.broadcast(pack(all)));
  ExtractOptions quiet = options;
  if (!session.first()) quiet.warn = {};
  rcar::detail::report_set_aside(data, all, quiet);
  return all;
}

/// process_videos_and_extract_features by all ranks; each has the whole set in the end.
inline ExtractResult process_videos_and_extract_features(Session& session, const Dataset& data,
                                                         const StringLookup& labels, const FeatureExtractor& extractor,
                                                         const ExtractOptions& options = {}) {
  FeatureCollector collector(data, labels, extractor);
  SharedSummary summary = extract_features(session, data, extractor, collector.sink(), options);
  ExtractResult result = collector.result(std::move(summary));
  if (session.alone()) return result;
  FeatureSet& set = result.features;
  if (!session.first()) {  // names and labels of the clips that were not set aside
    set.labels.clear(), set.clips.clear();
    auto aside = result.quarantine.begin();
    for (std::size_t row = 0; row < data.size(); ++row) {
      if (aside != result.quarantine.end() && aside->row == row) {
        ++aside;
        continue;
      }
      set.labels.push_back(labels(data.entries[row].tag, data.entries[row].video_name));
      set.clips.push_back(data.entries[row].video_name);
    }
  }
  session.wait_for_all();
  broadcast_bytes(std::as_writable_bytes(std::span(set.features.data(), set.features.size())), session.communicator());
  broadcast_bytes(std::as_writable_bytes(std::span(set.mask.data(), set.mask.size())), session.communicator());
  return result;
}

}  // namespace rcar::cluster

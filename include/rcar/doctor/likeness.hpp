#pragma once
/// Clips that show the same: equal files, copies that were encoded anew, and clips that look alike.

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "../core/progress.hpp"
#include "../core/threads.hpp"
#include "../video/resize.hpp"
#include "clip_facts.hpp"
#include "comparison.hpp"

namespace rcar::doctor {

/// Sets of clips, each given by its index, ascending.
struct LikeClips {
  std::vector<std::vector<std::size_t>> duplicates;   // the same frames, in equal files or encoded anew
  std::vector<std::vector<std::size_t>> look_alikes;  // one scene, but not the same frames
};

/// Mean square difference of signatures, in grey levels squared, up to which clips look alike.
inline constexpr double look_alike_distance = 30;

/// Signatures up to this distance may be of the same frames: what a cut at the ends or another frame rate shifts is at
/// most about what moves.
inline double same_frames_distance(const Signature& a, const Signature& b) {
  return std::clamp(1.5 * std::min(a.motion(), b.motion()), 16.0, 1500.0);
}

namespace detail {

/// Disjoint sets of numbers below n.
class DisjointSets {
 public:
  explicit DisjointSets(std::size_t n) : parent_(n) { std::iota(parent_.begin(), parent_.end(), std::size_t{0}); }
  std::size_t root(std::size_t i) const {
    while (parent_[i] != i) i = parent_[i];
    return i;
  }
  void unite(std::size_t a, std::size_t b) {
    const std::size_t from = root(a), to = root(b);
    parent_[from] = to;
    for (std::size_t i : {a, b})  // short ways from now on
      while (parent_[i] != to) i = std::exchange(parent_[i], to);
  }
  bool together(std::size_t a, std::size_t b) const { return root(a) == root(b); }

  /// Sets of two and more; `name` gives what stands for a number.
  std::vector<std::vector<std::size_t>> sets(const std::vector<std::size_t>& name) const {
    std::map<std::size_t, std::vector<std::size_t>> members;
    for (std::size_t i = 0; i < parent_.size(); ++i) members[root(i)].push_back(name[i]);
    std::vector<std::vector<std::size_t>> out;
    for (auto& [root, set] : members) {
      if (set.size() < 2) continue;
      std::sort(set.begin(), set.end());
      out.push_back(std::move(set));
    }
    std::sort(out.begin(), out.end());
    return out;
  }

 private:
  std::vector<std::size_t> parent_;
};

/// Thumbnails of clips, decoded when they are asked for; the last ones asked for are kept. Safe from any thread.
class ThumbnailStore {
 public:
  explicit ThumbnailStore(const std::vector<std::filesystem::path>& paths) : paths_(paths) {}

  std::shared_ptr<const Thumbnails> get(std::size_t clip) {
    {
      std::lock_guard lock(mutex_);
      for (auto each = kept_.begin(); each != kept_.end(); ++each)
        if (each->first == clip) {
          kept_.splice(kept_.begin(), kept_, each);
          return kept_.front().second;
        }
    }
    auto made =
        std::make_shared<const Thumbnails>(decode_thumbnails(paths_[clip], compared_side, compared_most).thumbnails);
    std::lock_guard lock(mutex_);
    kept_.emplace_front(clip, made);
    if (kept_.size() > most) kept_.pop_back();
    return made;
  }

 private:
  static constexpr std::size_t most = 64;  // of at most 1 MiB

  const std::vector<std::filesystem::path>& paths_;
  std::mutex mutex_;
  std::list<std::pair<std::size_t, std::shared_ptr<const Thumbnails>>> kept_;
};

struct LikePair {
  std::size_t a, b;
  bool may_be_same, looks_alike;
};

/// The pairs of rows first to last - 1 with later clips that are near enough, in order.
inline std::vector<LikePair> near_pairs(const std::vector<const ClipFacts*>& clips, std::size_t first, std::size_t last,
                                        const DisjointSets& same, const DisjointSets& alike) {
  std::vector<std::vector<LikePair>> rows(last - first);
  parallel_for(last - first, [&](std::size_t row, std::size_t) {
    const std::size_t a = first + row;
    for (std::size_t b = a + 1; b < clips.size(); ++b) {
      const Signature &x = clips[a]->signature, &y = clips[b]->signature;
      const double same_bound = same_frames_distance(x, y), bound = std::max(same_bound, look_alike_distance);
      if (least_distance(x, y) > bound) continue;
      const double apart = distance(x, y);
      const LikePair pair{a, b, apart <= same_bound && !same.together(a, b),
                          apart <= look_alike_distance && !alike.together(a, b)};
      if (pair.may_be_same || pair.looks_alike) rows[row].push_back(pair);
    }
  });
  std::vector<LikePair> pairs;
  for (const auto& row : rows) pairs.insert(pairs.end(), row.begin(), row.end());
  return pairs;
}

}  // namespace detail

/// Finds clips that show the same. Signatures are compared two by two; where they are near, both clips are decoded once
/// more and laid over each other, so that what is called a duplicate has been seen to be one. The result does not
/// depend on the order of the clips.
///
/// known_alike  whether two clips are known to be of one recording, so that nobody need be told that they look alike
///
/// Throws VideoError when a clip that decoded before does not any more.
inline LikeClips find_like_clips(const std::vector<std::filesystem::path>& paths, const std::vector<ClipFacts>& facts,
                                 const std::function<bool(std::size_t, std::size_t)>& known_alike,
                                 ProgressDisplay display = ProgressDisplay::automatic) {
  // In the order of the hashes: whatever the order of the list, equal files fall together.
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < facts.size(); ++i)
    if (facts[i].readable()) order.push_back(i);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tie(facts[a].sha256, paths[a]) < std::tie(facts[b].sha256, paths[b]);
  });
  std::vector<std::size_t> firsts;         // places in `order` of the first of each run of equal files
  std::vector<const ClipFacts*> distinct;  // their facts
  detail::DisjointSets same(order.size());
  for (std::size_t at = 0; at < order.size(); ++at) {
    if (at > 0 && facts[order[at]].sha256 == facts[order[at - 1]].sha256) {
      same.unite(at, firsts.back());
      continue;
    }
    firsts.push_back(at);
    distinct.push_back(&facts[order[at]]);
  }

  detail::DisjointSets copies(distinct.size()), alike(distinct.size());
  detail::ThumbnailStore store(paths);
  Progress progress("Comparing clips", distinct.size(), "clips", display);
  const OpenCvOnOneThread one_thread;
  constexpr std::size_t rows = 128, batch = 64;
  for (std::size_t first = 0; first < distinct.size(); first += rows) {
    const std::size_t last = std::min(first + rows, distinct.size());
    const auto pairs = detail::near_pairs(distinct, first, last, copies, alike);
    for (std::size_t next = 0; next < pairs.size();) {
      std::vector<detail::LikePair> some;
      for (; next < pairs.size() && some.size() < batch; ++next)
        if (pairs[next].may_be_same && !copies.together(pairs[next].a, pairs[next].b)) some.push_back(pairs[next]);
      std::vector<char> equal(some.size());
      parallel_for(some.size(), [&](std::size_t i, std::size_t) {
        const auto a = store.get(order[firsts[some[i].a]]), b = store.get(order[firsts[some[i].b]]);
        equal[i] = same_frames(compare(*a, *b));
      });
      for (std::size_t i = 0; i < some.size(); ++i)
        if (equal[i]) copies.unite(some[i].a, some[i].b);
    }
    for (const auto& pair : pairs)
      if (pair.looks_alike && !known_alike(order[firsts[pair.a]], order[firsts[pair.b]])) alike.unite(pair.a, pair.b);
    progress.advance(last - first);
  }

  std::vector<std::size_t> own(distinct.size());
  std::iota(own.begin(), own.end(), std::size_t{0});
  LikeClips result;
  for (const auto& set : copies.sets(own))
    for (const std::size_t each : set) {
      same.unite(firsts[each], firsts[set.front()]);
      if (each != set.front()) alike.unite(each, set.front());
    }
  result.duplicates = same.sets(order);
  std::vector<std::size_t> names;
  for (const std::size_t at : firsts) names.push_back(order[at]);
  std::vector<std::size_t> set_of(facts.size(), facts.size());  // of duplicates; its number of facts: none
  for (std::size_t set = 0; set < result.duplicates.size(); ++set)
    for (const std::size_t clip : result.duplicates[set]) set_of[clip] = set;
  for (const auto& set : alike.sets(names)) {  // of duplicates one is enough, and they alone are no look-alikes
    std::vector<std::size_t> kept;
    std::set<std::size_t> shown;
    for (const std::size_t clip : set)
      if (set_of[clip] == facts.size() || shown.insert(set_of[clip]).second) kept.push_back(clip);
    if (kept.size() > 1) result.look_alikes.push_back(std::move(kept));
  }
  return result;
}

}  // namespace rcar::doctor

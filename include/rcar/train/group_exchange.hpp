#pragma once
/// How several processes train one head together: each computes some groups of every batch, and what they give meets.

#include <cstddef>
#include <string>

namespace rcar {

/// Items first to end - 1 of a row.
struct ItemRange {
  std::size_t first, end;

  std::size_t count() const { return end - first; }
};

/// The share of one of `parts` equal takers of `count` items; shares differ by one item at most.
inline ItemRange share_of(std::size_t part, std::size_t parts, std::size_t count) {
  return {count * part / parts, count * (part + 1) / parts};
}

/// What the groups of one batch gave.
struct GroupSums {
  float* gradients;        // (groups, stride): each group's sums by every parameter
  float* losses;           // (clips)
  unsigned char* correct;  // (clips), 1: the most likely class is the true one
  std::size_t clips, group_clips, stride, parameters;
  void (*add)(std::size_t count, const float* x, float* sum);  // the back end's sum += x

  std::size_t groups() const { return (clips + group_clips - 1) / group_clips; }
};

/// Who computes what. Every process makes the same calls in the same order, on the same batches.
class GroupExchange {
 public:
  virtual ~GroupExchange() = default;

  /// The groups that this process is to compute.
  virtual ItemRange share(std::size_t groups) const = 0;

  /// Takes what this process's groups gave. Afterwards, in every process and with the same bits, the first row of the
  /// gradients is the sum over all groups, and losses and correct are those of all clips.
  virtual void meet(const GroupSums& sums) = 0;

  /// Names the order of that sum, on which its bits depend: a training goes on from a state of the same order only.
  virtual std::string order() const { return in_order; }

  static constexpr const char* in_order = "group by group";  // as one process adds
};

}  // namespace rcar

#pragma once
/// Where the maps of several frames lie, and which steps take frames together.

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "../backend/operands.hpp"
#include "../graph/plan.hpp"

namespace rcar {

/// Frames together reuse weights that stream past the cache, but their maps must not: from a step on after which all
/// maps are small, a group of frames goes through each step together; before it, one frame after another goes through
/// all steps. Maps that only the early steps use lie in the arena of one frame, the others in that of the group, as
/// many times as there are frames.
class GroupMemory {
 public:
  static constexpr std::size_t most_pixels_together = 26 * 26;

  GroupMemory(const graph::PlanView& plan, int most_frames) : views_(plan.views), in_group_(plan.views.size(), false) {
    together_from_ = plan.steps.size();
    if (most_frames > 1)
      while (together_from_ > 0 && view(plan.steps[together_from_ - 1].output).extent.pixels() <= most_pixels_together)
        --together_from_;
    if (together_from_ < plan.steps.size() && together_from_ > 0) ++together_from_;  // its input is still large
    mark(plan.output);
    for (std::size_t i = together_from_; i < plan.steps.size(); ++i) {
      const Step& step = plan.steps[i];
      // A depthwise convolution may be fused with the step before it, whose input it then reads.
      if (step.kind == StepKind::depthwise_convolution && i == together_from_ && i > 0) mark(plan.steps[i - 1].input);
      for (int used : {step.input, step.residual, step.scale, step.output}) mark(used);
    }
    for (const MapView& place : plan.views) {
      const MapView& root = view(place.root);
      std::size_t& floats = in_group_[at(place.root)] ? group_floats_ : single_floats_;
      floats = std::max(floats, root.offset + (root.extent.size() + 15) / 16 * 16);
    }
  }

  /// The first step that takes a group's frames together.
  std::size_t together_from() const { return together_from_; }
  std::size_t single_floats() const { return single_floats_; }
  std::size_t group_floats(int frames) const { return group_floats_ * static_cast<std::size_t>(frames); }

  /// A view's maps of frames [first, first + count) of a group of `frames`.
  template <class T>
  backend::BasicMap<T> map(int index, T* single, T* group, int frames, int first, int count) const {
    if (index == none) return {};
    const MapView& place = view(index);
    const MapView& root = view(place.root);
    if (!in_group_[at(place.root)]) return {single + place.offset, place.extent, place.pixel_stride, 1};
    T* data = group + root.offset * static_cast<std::size_t>(frames) + (place.offset - root.offset);
    return {data + static_cast<std::size_t>(first) * root.extent.size(), place.extent, place.pixel_stride, count};
  }

 private:
  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  const MapView& view(int i) const { return views_[at(i)]; }
  void mark(int index) {
    if (index != none) in_group_[at(view(index).root)] = true;
  }

  std::span<const MapView> views_;
  std::vector<bool> in_group_;  // by view: whether the root lies in the group's arena
  std::size_t together_from_ = 0, single_floats_ = 0, group_floats_ = 0;
};

}  // namespace rcar

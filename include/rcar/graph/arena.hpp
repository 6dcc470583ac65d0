#pragma once
/// Where every feature map of a schedule lies: one arena for one frame, reused as maps die.

#include <cstddef>
#include <vector>

#include "../backend/primitives.hpp"
#include "plan.hpp"
#include "schedule.hpp"

namespace rcar::graph {

struct Arena {
  std::vector<MapView> views;  // one a map of the schedule
  std::size_t floats = 0;
};

/// Every map that is not a slice starts on a cache line: 64 bytes.
inline constexpr std::size_t arena_alignment_floats = 16;

/// First fit in the order of the steps: a map takes the lowest gap that is large enough among the maps alive when it is
/// first written. It dies after the last step that reads it, never at that step: no step reads what it overwrites.
constexpr Arena lay_out(const Schedule& schedule) {
  const auto index = [](int i) { return static_cast<std::size_t>(i); };
  const auto& maps = schedule.maps;
  const auto root = [&](int map) {
    while (maps[index(map)].parent != none) map = maps[index(map)].parent;
    return map;
  };

  const int steps = static_cast<int>(schedule.steps.size());
  std::vector<int> first_use(maps.size(), none), last_use(maps.size(), none);
  for (int i = 0; i < steps; ++i) {
    const Step& step = schedule.steps[index(i)];
    for (int map : {step.input, step.residual, step.scale, step.output})
      if (map != none) last_use[index(root(map))] = i;
    int& first = first_use[index(root(step.output))];
    if (first == none) first = i;
  }
  last_use[index(root(schedule.output))] = steps;

  struct Block {
    std::size_t begin, end;
    int last_use;
  };
  std::vector<Block> alive;  // sorted by begin
  Arena arena;
  arena.views.resize(maps.size());
  for (int i = 0; i < steps; ++i) {
    const int map = root(schedule.steps[index(i)].output);
    if (first_use[index(map)] != i) continue;  // another slice of it was written before
    std::erase_if(alive, [&](const Block& block) { return block.last_use < i; });

    const std::size_t size =
        (maps[index(map)].extent.size() + arena_alignment_floats - 1) / arena_alignment_floats * arena_alignment_floats;
    std::size_t offset = 0;
    auto next = alive.begin();
    for (; next != alive.end() && next->begin < offset + size; ++next) offset = next->end;
    alive.insert(next, {offset, offset + size, last_use[index(map)]});
    arena.views[index(map)].offset = offset;
    if (arena.floats < offset + size) arena.floats = offset + size;
  }

  for (std::size_t i = 0; i < maps.size(); ++i) {
    MapView& view = arena.views[i];
    int map = static_cast<int>(i);
    std::size_t channel = 0;
    for (; maps[index(map)].parent != none; map = maps[index(map)].parent) channel += index(maps[index(map)].channel);
    view.offset = arena.views[index(map)].offset + channel;
    view.extent = maps[i].extent;
    view.pixel_stride = maps[index(map)].extent.channels;
  }
  return arena;
}

}  // namespace rcar::graph

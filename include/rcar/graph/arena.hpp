#pragma once
/// Where every feature map of a schedule lies: one arena for one frame, reused as maps die.

#include <algorithm>
#include <cstddef>
#include <vector>

#include "../backend/primitives.hpp"
#include "plan.hpp"
#include "schedule.hpp"

namespace rcar::graph {

/// Where each feature map lies in one piece of memory, counted in floats.
struct Arena {
  std::vector<MapView> views;  // one a map of the schedule
  std::size_t floats = 0;
};

/// Every map that is not a slice starts on a cache line: 64 bytes.
inline constexpr std::size_t arena_alignment_floats = 16;

/// The next count of floats that fills cache lines.
constexpr std::size_t round_up(std::size_t floats) {
  return (floats + arena_alignment_floats - 1) / arena_alignment_floats * arena_alignment_floats;
}

/// A map that is no slice: how large it is, and from which step to which it must not be overwritten.
struct Block {
  int map = none;
  std::size_t size = 0;
  int first_use = none, last_use = none;
  std::size_t begin = 0;
};

// The loops below run in the compiler, tens of thousands of times for the larger networks: they index plain pointers,
// because every call of a function costs a compiler more than all the rest (nvcc even has a limit).

/// A block a map of its own. It lives from the step that first writes it to the last one that reads it, both included:
/// no step reads what it overwrites.
constexpr std::vector<Block> blocks_of(const Schedule& schedule) {
  const int map_count = static_cast<int>(schedule.maps.size()), step_count = static_cast<int>(schedule.steps.size());
  const Map* maps = schedule.maps.data();
  const Step* steps = schedule.steps.data();
  std::vector<int> blocks_of_maps(schedule.maps.size(), none);
  int* block_of = blocks_of_maps.data();

  std::vector<Block> blocks;
  for (int i = 0; i < map_count; ++i) {
    if (maps[i].parent != none) continue;
    block_of[i] = static_cast<int>(blocks.size());
    blocks.push_back({.map = i, .size = round_up(maps[i].extent.size())});
  }
  Block* block = blocks.data();
  for (int i = 0; i < step_count; ++i) {
    const int used[] = {steps[i].input, steps[i].residual, steps[i].scale, steps[i].output};
    for (int map : used) {
      if (map == none) continue;
      while (maps[map].parent != none) map = maps[map].parent;
      Block& its = block[block_of[map]];
      if (its.first_use == none) its.first_use = i;
      its.last_use = i;
    }
  }
  // A back end may compute a convolution together with the depthwise convolution behind it: what the first reads must
  // live until the second has ended.
  for (int i = 0; i + 1 < step_count; ++i) {
    if (steps[i].kind != StepKind::convolution || steps[i + 1].kind != StepKind::depthwise_convolution) continue;
    if (steps[i + 1].input != steps[i].output) continue;
    int map = steps[i].input;
    while (maps[map].parent != none) map = maps[map].parent;
    Block& its = block[block_of[map]];
    if (its.last_use < i + 1) its.last_use = i + 1;
  }
  int output = schedule.output;
  while (maps[output].parent != none) output = maps[output].parent;
  block[block_of[output]].last_use = step_count;
  return blocks;
}

/// First fit, the largest blocks first: a block takes the lowest gap that is large enough among the blocks placed
/// before it that live at the same time. (In the order of the steps instead, B7's arena is a fifth larger.)
/// Returns the floats of the arena.
constexpr std::size_t place(std::vector<Block>& blocks, std::size_t steps) {
  Block* block = blocks.data();
  const int count = static_cast<int>(blocks.size());
  std::sort(block, block + count,
            [](const Block& a, const Block& b) { return a.size != b.size ? a.size > b.size : a.map < b.map; });

  struct Entry {
    int block, next;
  };
  std::vector<Entry> entries;                        // the blocks placed so far, in a linked list for each step
  std::vector<int> heads_of_lists(steps + 1, none);  // that each of them lives at
  int* head = heads_of_lists.data();

  std::size_t floats = 0;
  for (int i = 0; i < count; ++i) {
    Block& next = block[i];
    for (bool moved = true; moved;) {
      moved = false;
      for (int step = next.first_use; step <= next.last_use; ++step)
        for (int entry = head[step]; entry != none; entry = entries[static_cast<std::size_t>(entry)].next) {
          const Block& other = block[entries[static_cast<std::size_t>(entry)].block];
          if (other.begin >= next.begin + next.size || next.begin >= other.begin + other.size) continue;
          next.begin = other.begin + other.size;  // every place below would overlap it as well
          moved = true;
        }
    }
    for (int step = next.first_use; step <= next.last_use; ++step) {
      entries.push_back({i, head[step]});
      head[step] = static_cast<int>(entries.size()) - 1;
    }
    if (floats < next.begin + next.size) floats = next.begin + next.size;
  }
  return floats;
}

/// Places every map of the schedule.
constexpr Arena lay_out(const Schedule& schedule) {
  std::vector<Block> blocks = blocks_of(schedule);
  Arena arena;
  arena.floats = place(blocks, schedule.steps.size());
  arena.views.resize(schedule.maps.size());
  MapView* views = arena.views.data();
  for (const Block& block : blocks) views[block.map].offset = block.begin;

  const Map* maps = schedule.maps.data();
  for (int i = 0; i < static_cast<int>(schedule.maps.size()); ++i) {
    int channel = 0, map = i;
    for (; maps[map].parent != none; map = maps[map].parent) channel += maps[map].channel;
    views[i].offset = views[map].offset + static_cast<std::size_t>(channel);
    views[i].extent = maps[i].extent;
    views[i].pixel_stride = maps[map].extent.channels;
    views[i].root = map;
  }
  return arena;
}

}  // namespace rcar::graph

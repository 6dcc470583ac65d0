#pragma once
/// What a pass of a head reads.

namespace rcar {

/// Clips that one pass of a head works on; nothing is copied.
struct HeadInput {
  int clips = 0;                           // N
  const float* features = nullptr;         // (N, T, F), unless `clips_at` says otherwise
  const bool* mask = nullptr;              // (N, T)
  const float* keep = nullptr;             // dropout decisions (N, dropout), 0 or 1, layer by layer; null: no dropout
  const float* const* clips_at = nullptr;  // where each clip's features lie, when they lie apart; see reads_apart
};

}  // namespace rcar

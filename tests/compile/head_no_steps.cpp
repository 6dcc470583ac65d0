// expects: SeqLen is the number of frames of a clip: give at least 1.
#include <rcar/heads/sequence_head.hpp>

rcar::SequenceHead<2048, 0, rcar::GRU> head(5);

// expects: Cell is not a recurrent cell: use rcar::GRU or rcar::LSTM.
#include <rcar/heads/sequence_head.hpp>

rcar::SequenceHead<2048, 20, int> head(5);

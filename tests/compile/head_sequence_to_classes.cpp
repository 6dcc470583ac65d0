// expects: The last recurrent layer of a head must give its last state: drop Returns::sequences from it.
#include <rcar/heads/sequence_head.hpp>

using Layers = rcar::heads::Stack<rcar::heads::Recurrent<rcar::GRU, 16, rcar::heads::Returns::sequences>>;
rcar::SequenceHead<2048, 20, rcar::GRU, rcar::backend::Default, Layers> head(5);

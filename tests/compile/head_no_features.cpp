// expects: FeatureDim is the number of features of a frame: give at least 1.
#include <rcar/heads/sequence_head.hpp>

rcar::SequenceHead<-1, 20, rcar::LSTM> head(5);

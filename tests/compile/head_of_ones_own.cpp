// compiles
#include <rcar/heads/sequence_head.hpp>

using namespace rcar;
using Layers =
    heads::Stack<heads::Dense<32, Activation::tanh>, heads::Recurrent<LSTM, 24>, heads::Dropout<std::ratio<1, 2>>>;
SequenceHead<1280, 20, LSTM, backend::Default, Layers> head(5);

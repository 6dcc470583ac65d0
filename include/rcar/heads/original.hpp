#pragma once
/// The head of the Keras pipeline that rcar re-creates.

#include <ratio>

#include "dense.hpp"
#include "dropout.hpp"
#include "recurrent.hpp"
#include "stack.hpp"

namespace rcar::heads {

/// cell(16, return_sequences) -> cell(8) -> dropout 0.4 -> dense 8 relu -> dense K softmax.
template <class Cell>
using Original = Stack<Recurrent<Cell, 16, Returns::sequences>, Recurrent<Cell, 8>, Dropout<std::ratio<2, 5>>,
                       Dense<8, Activation::relu>>;

}  // namespace rcar::heads

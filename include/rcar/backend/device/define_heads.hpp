#pragma once
/// Primitives of heads and their training: which kernel, on how many threads.

#include <algorithm>
#include <cstddef>

#include "head_kernels.hpp"
#include "primitives.hpp"
#include "product.hpp"
#include "recurrent_kernels.hpp"

namespace rcar::backend::device {

/// Threads of a block that works on so many numbers at a time.
inline int threads_for(int width) { return std::clamp((width + 31) / 32 * 32, 32, 1024); }

template <class Where, Precision P>
void Primitives<Where, P>::gemm(Transpose a_transposed, Transpose b_transposed, int m, int n, int k, float alpha,
                                const float* a, int lda, const float* b, int ldb, float beta, float* c, int ldc) {
  Product<float> product;
  product.a_transposed = a_transposed, product.b_transposed = b_transposed;
  product.m = m, product.n = n, product.k = k;
  product.alpha = alpha, product.beta = beta;
  product.a = a, product.b = b, product.c = c;
  product.lda = lda, product.ldb = ldb, product.ldc = ldc;
  System<Where, P>::multiply(product);
}

template <class Where, Precision P>
void Primitives<Where, P>::gru(const Recurrence& in, const RecurrenceOutput& out) {
  System<Where, P>::for_each_block(in.clips, threads_for(3 * in.units), GruForward::shared_floats(in.units),
                                   GruForward{{in, out, 3, 4}});
}
template <class Where, Precision P>
void Primitives<Where, P>::lstm(const Recurrence& in, const RecurrenceOutput& out) {
  System<Where, P>::for_each_block(in.clips, threads_for(4 * in.units), LstmForward::shared_floats(in.units),
                                   LstmForward{{in, out, 4, 5}});
}

/// Both passes back: the gradient by x W, then that of the recurrent kernel.
template <class System>
void recurrent_backward(const RecurrentPass& pass, const RecurrenceGradient& gradient) {
  const int units = pass.in.units, columns = pass.columns();
  System::for_each_block(pass.in.clips, threads_for(columns), RecurrentBackward::shared_floats(units, columns),
                         RecurrentBackward{pass, gradient.states, gradient.last, gradient.projected});
  using Gradient = RecurrentKernelGradient;
  const int rows = units + (gradient.recurrent_bias ? 1 : 0),
            groups = (columns + Gradient::Columns - 1) / Gradient::Columns;
  System::for_each_block(
      rows * groups, Gradient::threads, Gradient::shared_floats,
      Gradient{pass, gradient.projected, gradient.recurrent_kernel, gradient.recurrent_bias, groups});
}
template <class Where, Precision P>
void Primitives<Where, P>::gru_backward(const Recurrence& in, const RecurrenceOutput& out,
                                        const RecurrenceGradient& gradient) {
  recurrent_backward<System<Where, P>>({in, out, 3, 4}, gradient);
}
template <class Where, Precision P>
void Primitives<Where, P>::lstm_backward(const Recurrence& in, const RecurrenceOutput& out,
                                         const RecurrenceGradient& gradient) {
  recurrent_backward<System<Where, P>>({in, out, 4, 5}, gradient);
}

template <class Where, Precision P>
void Primitives<Where, P>::bias_activation(int rows, int columns, const float* bias, Activation activation, float* y) {
  System<Where, P>::for_each(static_cast<std::size_t>(rows) * columns, BiasActivation{bias, activation, y, columns});
}
template <class Where, Precision P>
void Primitives<Where, P>::activation_backward(std::size_t count, Activation activation, const float* y, float* dy) {
  System<Where, P>::for_each(count, ActivationBackward{activation, y, dy});
}
template <class Where, Precision P>
void Primitives<Where, P>::column_sums(int rows, int columns, const float* x, float* sums) {
  System<Where, P>::for_each_block((columns + ColumnSums::Columns - 1) / ColumnSums::Columns, ColumnSums::threads,
                                   ColumnSums::shared_floats, ColumnSums{x, sums, rows, columns});
}
template <class Where, Precision P>
void Primitives<Where, P>::dropout(std::size_t count, const float* keep, float factor, const float* x, float* y) {
  System<Where, P>::for_each(count, Dropout{keep, factor, x, y});
}
/// A block a row of logits.
template <class System, class F>
void for_each_row(int rows, F f) {
  System::for_each_block(rows, RowParts::threads, RowParts::shared_floats, f);
}

template <class Where, Precision P>
void Primitives<Where, P>::softmax(int rows, int columns, const float* logits, float* probabilities) {
  for_each_row<System<Where, P>>(rows, Softmax{logits, columns, probabilities});
}
template <class Where, Precision P>
void Primitives<Where, P>::cross_entropy(int rows, int columns, const float* logits, const int* labels, float* losses) {
  for_each_row<System<Where, P>>(rows, CrossEntropy{logits, columns, labels, losses});
}
template <class Where, Precision P>
void Primitives<Where, P>::cross_entropy_backward(int rows, int columns, const float* logits, const int* labels,
                                                  float factor, float* gradient) {
  for_each_row<System<Where, P>>(rows, CrossEntropyBackward{logits, columns, labels, factor, gradient});
}
template <class Where, Precision P>
void Primitives<Where, P>::adam(const AdamStep& adam, std::size_t count, const float* gradient, float* m, float* v,
                                float* parameters) {
  System<Where, P>::for_each(count, Adam{adam, gradient, m, v, parameters});
}

template <class Where, Precision P>
void Primitives<Where, P>::hits(int rows, int columns, const float* logits, const int* labels, float* hits) {
  for_each_row<System<Where, P>>(rows, Hits{logits, columns, labels, hits});
}
template <class Where, Precision P>
void Primitives<Where, P>::gather_rows(int count, int width, const float* from, const int* rows, float* to) {
  System<Where, P>::for_each(static_cast<std::size_t>(count) * width, GatherRows<float>{from, rows, to, width});
}
template <class Where, Precision P>
void Primitives<Where, P>::gather_rows(int count, int width, const bool* from, const int* rows, bool* to) {
  System<Where, P>::for_each(static_cast<std::size_t>(count) * width, GatherRows<bool>{from, rows, to, width});
}
template <class Where, Precision P>
void Primitives<Where, P>::gather_rows(int count, int width, const int* from, const int* rows, int* to) {
  System<Where, P>::for_each(static_cast<std::size_t>(count) * width, GatherRows<int>{from, rows, to, width});
}

}  // namespace rcar::backend::device

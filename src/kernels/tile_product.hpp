// Products of a small matrix and a few vectors, added to their results: for pairs of points and several
// vectors of charges.
#pragma once

#include "base/types.hpp"
#include "kernels/pair_loop.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Vectors of numbers: element i of vector v is data[v * stride + i].
template <class T>
struct Vectors {
  T* data;
  Index stride;
};

/// y_v += A x_v for `count` vectors, where A is rows x columns, packed and column-major: a multiple of
/// kPaddedPoints rows, at most kTilePoints columns.
template <class Real>
void add_product(Index rows, Index columns, const Real* a, int count, const Vectors<const Real>& x,
                 const Vectors<Real>& y);

/// y_v += A^T x_v.
template <class Real>
void add_transposed_product(Index rows, Index columns, const Real* a, int count, const Vectors<const Real>& x,
                            const Vectors<Real>& y);

}  // namespace octopole
#pragma GCC visibility pop

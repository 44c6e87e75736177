// Matrix products for each instruction set, as functions to dispatch to: see product_impl.hpp.
#pragma once

#include "base/types.hpp"

namespace octopole::linalg {

template <class Real>
using Product = void (*)(Index m, Index n, Index k, const Real* a, const Real* b, Real* c);

// Null if the build does not have the instructions.
template <class Real>
Product<Real> product_baseline();
template <class Real>
Product<Real> product_avx2();
template <class Real>
Product<Real> product_avx512();

}  // namespace octopole::linalg

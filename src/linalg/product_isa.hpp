// The matrix products of each instruction set, as functions to dispatch to.
#pragma once

#include "base/types.hpp"
#include "simd/built.hpp"

namespace octopole::linalg {

template <class Real>
struct ProductLoop {
  void (*multiply)(Index m, Index n, Index k, const Real* a, const Real* b, Real* c);

  /// Defined by the unit of the instruction set; null where the build does not have it.
  template <simd::Isa>
  static ProductLoop of();
};

}  // namespace octopole::linalg

// The loops of array_math of each instruction set, as functions to dispatch to.
#pragma once

#include "base/types.hpp"
#include "simd/built.hpp"

namespace octopole::simd {

template <class Real>
struct ArrayMathLoops {
  void (*exp)(Index count, const Real* x, Real* to);
  void (*decay)(Index count, const Real* x, Real* to);
  void (*sin_cos)(Index count, const Real* x, Real* sines, Real* cosines);

  /// Defined by the unit of the instruction set; null pointers where the build does not have it.
  template <Isa>
  static ArrayMathLoops of();
};

}  // namespace octopole::simd

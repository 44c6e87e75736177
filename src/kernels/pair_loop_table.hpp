// The pair loops of one instruction set, as functions to dispatch to.
#pragma once

#include "octopole/kernels/pair_loop.hpp"

namespace octopole {

template <class K, class Real>
struct PairLoops {
  void (*potential)(const K&, const TargetArrays<Real>&, const SourceArrays<Real>&, Real*);
  void (*gradient)(const K&, const TargetArrays<Real>&, const SourceArrays<Real>&, Real*, Real*, Real*,
                   Real*);
};

// Null where the build has no such instructions.
template <class K, class Real>
PairLoops<K, Real> pair_loops_baseline();
template <class K, class Real>
PairLoops<K, Real> pair_loops_avx2();
template <class K, class Real>
PairLoops<K, Real> pair_loops_avx512();

}  // namespace octopole

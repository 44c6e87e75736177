// The pair loops of one instruction set, as function pointers for dispatch.
#pragma once

#include "kernels/pair_loop.hpp"

namespace octopole {

template <class K, class Real>
struct PairLoops {
  void (*potential)(const K&, const TargetArrays<Real>&, const SourceArrays<Real>&, Real*);
  void (*gradient)(const K&, const TargetArrays<Real>&, const SourceArrays<Real>&, Real*, Real*, Real*,
                   Real*);
};

/// The loops over points with split coordinates.
template <class K, class Real>
struct SplitPairLoops {
  void (*potential)(const K&, const TargetArrays<Real>&, const LowParts<Real>&, const SourceArrays<Real>&,
                    const LowParts<Real>&, const CloseGuard&, Real*);
  void (*gradient)(const K&, const TargetArrays<Real>&, const LowParts<Real>&, const SourceArrays<Real>&,
                   const LowParts<Real>&, const CloseGuard&, Real*, Real*, Real*, Real*);
  void (*split)(const double*, Index, double, double, float*, float*);
  void (*mutual_potential)(const K&, const MutualArrays<Real>&, const LowParts<Real>&, const WideSums&,
                           const MutualArrays<Real>&, const LowParts<Real>&, const CloseGuard&);
  void (*mutual_gradient)(const K&, const MutualArrays<Real>&, const LowParts<Real>&, const WideSums&,
                          const MutualArrays<Real>&, const LowParts<Real>&, const CloseGuard&);
};

/// The loops over points relative to the centres of their leaves.
template <class K>
struct LocalLoops {
  using Loop = void(const K&, const LocalArrays&, const WideSums&, const LocalLeaf&, const LocalPartner*,
                    Index, const ClosePairs&);
  using SelfLoop = void(const K&, const LocalArrays&, const WideSums&, const LocalLeaf&, const ClosePairs&);
  Loop* loops[2][2];  // [estimate][gradient]
  SelfLoop* self_loops[2][2];
};

/// The symmetric loops, which sum both sides of pairs.
template <class K, class Real>
struct MutualLoops {
  void (*potential)(const K&, const MutualArrays<Real>&, const MutualArrays<Real>&, Real);
  void (*gradient)(const K&, const MutualArrays<Real>&, const MutualArrays<Real>&, Real);
};

// Null pointers if the build does not have the instruction set.
template <class K, class Real>
PairLoops<K, Real> pair_loops_baseline();
template <class K, class Real>
PairLoops<K, Real> pair_loops_avx2();
template <class K, class Real>
PairLoops<K, Real> pair_loops_avx512();
template <class K, class Real>
SplitPairLoops<K, Real> split_pair_loops_baseline();
template <class K, class Real>
SplitPairLoops<K, Real> split_pair_loops_avx2();
template <class K, class Real>
SplitPairLoops<K, Real> split_pair_loops_avx512();

template <class K, class Real>
MutualLoops<K, Real> mutual_loops_baseline();
template <class K, class Real>
MutualLoops<K, Real> mutual_loops_avx2();
template <class K, class Real>
MutualLoops<K, Real> mutual_loops_avx512();

template <class K>
LocalLoops<K> local_loops_baseline();
template <class K>
LocalLoops<K> local_loops_avx2();
template <class K>
LocalLoops<K> local_loops_avx512();

}  // namespace octopole

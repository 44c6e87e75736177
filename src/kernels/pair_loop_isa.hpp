// The pair loops of each instruction set, as functions to dispatch to.
//
// X::of is defined by the unit of the instruction set (pair_loop_isa.cpp); its pointers are null where the
// build does not have it.
#pragma once

#include "kernels/pair_loop.hpp"
#include "simd/built.hpp"

namespace octopole {

template <class K, class Real>
struct PairLoops {
  void (*potential)(const K&, const TargetArrays<Real>&, const SourceArrays<Real>&, Real*);
  void (*gradient)(const K&, const TargetArrays<Real>&, const SourceArrays<Real>&, Real*, Real*, Real*,
                   Real*);

  template <simd::Isa>
  static PairLoops of();
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

  template <simd::Isa>
  static SplitPairLoops of();
};

/// The loops over points relative to the centres of their leaves.
template <class K>
struct LocalLoops {
  using Loop = void(const K&, const LocalArrays&, const WideSums&, const LocalLeaf&, const LocalPartner*,
                    Index, const ClosePairs&);
  using SelfLoop = void(const K&, const LocalArrays&, const WideSums&, const LocalLeaf&, const ClosePairs&);
  Loop* loops[2][2];  // [estimate][gradient]
  SelfLoop* self_loops[2][2];

  template <simd::Isa>
  static LocalLoops of();
};

/// The symmetric loops, which sum both sides of pairs.
template <class K, class Real>
struct MutualLoops {
  void (*potential)(const K&, const MutualArrays<Real>&, const MutualArrays<Real>&, Real);
  void (*gradient)(const K&, const MutualArrays<Real>&, const MutualArrays<Real>&, Real);

  template <simd::Isa>
  static MutualLoops of();
};

}  // namespace octopole

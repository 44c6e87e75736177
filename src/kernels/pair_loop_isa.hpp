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
  void (*symmetric_potential)(const K&, const SymmetricArrays<Real>&, const LowParts<Real>&,
                              const DoubleSums&, const SymmetricArrays<Real>&, const LowParts<Real>&,
                              const CloseGuard&);
  void (*symmetric_gradient)(const K&, const SymmetricArrays<Real>&, const LowParts<Real>&, const DoubleSums&,
                             const SymmetricArrays<Real>&, const LowParts<Real>&, const CloseGuard&);

  template <simd::Isa>
  static SplitPairLoops of();
};

/// The loops over points relative to the centres of their leaves.
template <class K>
struct LeafFrameLoops {
  using Loop = void(const K&, const LeafFrameArrays&, const DoubleSums&, const LeafFrame&,
                    const LeafFramePartner*, Index, const ClosePairs&);
  using SelfLoop = void(const K&, const LeafFrameArrays&, const DoubleSums&, const LeafFrame&,
                        const ClosePairs&);
  Loop* loops[2][2];  // [estimate][gradient]
  SelfLoop* self_loops[2][2];

  template <simd::Isa>
  static LeafFrameLoops of();
};

/// The symmetric loops, which sum both sides of pairs.
template <class K, class Real>
struct SymmetricLoops {
  void (*potential)(const K&, const SymmetricArrays<Real>&, const SymmetricArrays<Real>&, Real);
  void (*gradient)(const K&, const SymmetricArrays<Real>&, const SymmetricArrays<Real>&, Real);

  template <simd::Isa>
  static SymmetricLoops of();
};

}  // namespace octopole

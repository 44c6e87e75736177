// The pair loops of each kernel and instruction set, as functions to dispatch to.
#pragma once

#include "kernels/derivatives.hpp"
#include "kernels/pair_loop.hpp"
#include "simd/built.hpp"

namespace octopole {

/// What loops over both sides of pairs sum: the potential of charges, with the gradient, with the Hessian;
/// the potential of dipoles, and of both.
inline constexpr int kSymmetricTasks = 5;
/// The number of a task; `results` has pointers to results as DoubleSums does.
template <class Results>
int symmetric_task(SourceKind kind, const Results& results) {
  return kind == SourceKind::dipoles               ? 3
         : kind == SourceKind::charges_and_dipoles ? 4
         : results.hessian[0]                      ? 2
         : results.gx                              ? 1
                                                   : 0;
}

/// One-sided loops. Here and below, `kernel` points to the kernel's struct.
template <class Real>
struct OneSidedLoops {
  using Potential = void(const void* kernel, const TargetArrays<Real>&, const SourceArrays<Real>&, Real*);
  Potential* potential[3];  // [SourceKind]
  void (*gradient)(const void* kernel, const TargetArrays<Real>&, const SourceArrays<Real>&, Real*, Real*,
                   Real*, Real*);
  void (*hessian)(const void* kernel, const TargetArrays<Real>&, const SourceArrays<Real>&,
                  Real* const* parts);
};

/// The loops over points with split coordinates.
struct SplitLoops {
  void (*potential)(const void* kernel, const TargetArrays<float>&, const LowParts<float>&,
                    const SourceArrays<float>&, const LowParts<float>&, const CloseGuard&, float*);
  void (*gradient)(const void* kernel, const TargetArrays<float>&, const LowParts<float>&,
                   const SourceArrays<float>&, const LowParts<float>&, const CloseGuard&, float*, float*,
                   float*, float*);
  using Symmetric = void(const void* kernel, const SymmetricArrays<float>&, const LowParts<float>&,
                         const DoubleSums&, const SymmetricArrays<float>&, const LowParts<float>&,
                         const CloseGuard&);
  Symmetric* symmetric[kSymmetricTasks];
};

/// The symmetric loops in double, which sum both sides of pairs.
struct SymmetricLoops {
  using Loop = void(const void* kernel, const SymmetricArrays<double>&, const SymmetricArrays<double>&,
                    double);
  Loop* loops[kSymmetricTasks];
};

/// The loops over points relative to the centres of their leaves.
struct LeafFrameLoops {
  using Loop = void(const void* kernel, const LeafFrameArrays&, const DoubleSums&, const LeafFrame&,
                    const LeafFramePartner*, Index, const ClosePairs&);
  using SelfLoop = void(const void* kernel, const LeafFrameArrays&, const DoubleSums&, const LeafFrame&,
                        const ClosePairs&);
  Loop* loops[kSymmetricTasks];
  SelfLoop* self_loops[kSymmetricTasks];
};

/// The loops that store the values of tiles: values[(part * b.count + j) * a.count + i] is the partial
/// derivative `part` of f (kernels/derivatives.hpp), with respect to a, for point i of a and point j of b, up
/// to derivatives of an order. In forms other than `any` pairs that are too close have zeros, and are
/// reported.
template <class Real>
struct TileLoops {
  using Loop = void(const void* kernel, const TilePoints<Real>& a, const TilePoints<Real>& b, Real* values,
                    const ClosePairs& close);
  Loop* loops[kMaxDerivative + 1];  // [order]
};

struct PairLoops {
  OneSidedLoops<double> in_double;
  OneSidedLoops<float> in_single;
  SplitLoops split;
  SymmetricLoops symmetric;
  LeafFrameLoops leaf_frame[2];  // [estimate]
  TileLoops<double> tiles_in_double;
  TileLoops<float> tiles_in_single[4];  // [TileForm]
};

/// The loops of kernel K. `of` is defined by the kernel's unit, <name>_isa.cpp; its pointers are
/// null where the build does not have it.
template <class K>
struct PairLoopsOf {
  template <simd::Isa>
  static PairLoops of();
};

/// Loops over coordinates alone.
struct CoordinateLoops {
  void (*split)(const double*, Index, double, double, float*, float*);

  template <simd::Isa>
  static CoordinateLoops of();
};

}  // namespace octopole

// The pair loops of each kernel and instruction set, as functions to dispatch to.
#pragma once

#include "kernels/pair_loop.hpp"
#include "simd/built.hpp"

namespace octopole {

/// One-sided loops. Here and below, `kernel` points to the kernel's struct.
template <class Real>
struct OneSidedLoops {
  void (*potential)(const void* kernel, const TargetArrays<Real>&, const SourceArrays<Real>&, Real*);
  void (*gradient)(const void* kernel, const TargetArrays<Real>&, const SourceArrays<Real>&, Real*, Real*,
                   Real*, Real*);
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
  Symmetric* symmetric[2];  // [gradient]
};

/// The symmetric loops in double, which sum both sides of pairs.
struct SymmetricLoops {
  using Loop = void(const void* kernel, const SymmetricArrays<double>&, const SymmetricArrays<double>&,
                    double);
  Loop* loops[2];  // [gradient]
};

/// The loops over points relative to the centres of their leaves.
struct LeafFrameLoops {
  using Loop = void(const void* kernel, const LeafFrameArrays&, const DoubleSums&, const LeafFrame&,
                    const LeafFramePartner*, Index, const ClosePairs&);
  using SelfLoop = void(const void* kernel, const LeafFrameArrays&, const DoubleSums&, const LeafFrame&,
                        const ClosePairs&);
  Loop* loops[2][2];  // [estimate][gradient]
  SelfLoop* self_loops[2][2];
};

/// The loops that store the values of tiles: values[(part * b.count + j) * a.count + i] is f of point i of a
/// and point j of b, or with the gradient, for parts 1 to 3, its derivatives with respect to a. In forms
/// other than `any` pairs that are too close have zeros, and are reported.
template <class Real>
struct TileLoops {
  using Loop = void(const void* kernel, const TilePoints<Real>& a, const TilePoints<Real>& b, Real* values,
                    const ClosePairs& close);
  Loop* loops[2];  // [gradient]
};

struct PairLoops {
  OneSidedLoops<double> in_double;
  OneSidedLoops<float> in_single;
  SplitLoops split;
  SymmetricLoops symmetric;
  LeafFrameLoops leaf_frame;
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

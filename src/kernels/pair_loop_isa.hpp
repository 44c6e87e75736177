// The pair loops of each kernel and instruction set, as functions to dispatch to.
#pragma once

#include <cstddef>
#include <iterator>

#include "kernels/derivatives.hpp"
#include "kernels/pair_loop.hpp"
#include "simd/built.hpp"

namespace octopole {

/// What loops other than those of tiles sum for scalar kernels: the potential of charges, with the gradient,
/// with the Hessian; the potential of dipoles, and of both.
struct PairTask {
  SourceKind kind;
  int order;  ///< of the highest derivative
};
inline constexpr PairTask kPairTasks[] = {{SourceKind::charges, 0},
                                          {SourceKind::charges, 1},
                                          {SourceKind::charges, 2},
                                          {SourceKind::dipoles, 0},
                                          {SourceKind::charges_and_dipoles, 0}};
inline constexpr std::size_t kPairTaskCount = std::size(kPairTasks);
/// What they sum for vector kernels: the result due to their strengths; with all derivatives and, if there is
/// one, the pressure; with the pressure alone.
constexpr int vector_tasks(bool has_pressure) {
  return has_pressure ? 3 : 2;
}
constexpr ResultLayout vector_layout(int task, bool has_pressure) {
  return {3, task == 1 ? 1 : 0, has_pressure && task > 0};
}
/// The number of a task.
constexpr int pair_task(SourceKind kind, const ResultLayout& results) {
  if (results.components > 1) return results.order >= 1 ? 1 : results.pressure ? 2 : 0;
  return kind == SourceKind::dipoles ? 3 : kind == SourceKind::charges_and_dipoles ? 4 : results.order;
}

// Loops by task. Here and below, `kernel` points to the kernel's struct.

/// One-sided loops.
template <class Real>
struct OneSidedLoops {
  using Loop = void(const void* kernel, const TargetArrays<Real>&, const SourceArrays<Real>&,
                    Real* const* results);
  Loop* loops[kPairTaskCount];
};

/// The loops over points with split coordinates; one-sided ones of scalar kernels only for the first two
/// tasks.
struct SplitLoops {
  using OneSided = void(const void* kernel, const TargetArrays<float>&, const LowParts<float>&,
                        const SourceArrays<float>&, const LowParts<float>&, const CloseGuard&,
                        float* const* results);
  using Symmetric = void(const void* kernel, const SymmetricArrays<float>&, const LowParts<float>&,
                         const ResultArrays<double>&, const SymmetricArrays<float>&, const LowParts<float>&,
                         const CloseGuard&);
  OneSided* one_sided[kPairTaskCount];
  Symmetric* symmetric[kPairTaskCount];
};

/// The symmetric loops in double, which sum both sides of pairs.
struct SymmetricLoops {
  using Loop = void(const void* kernel, const SymmetricArrays<double>&, const SymmetricArrays<double>&,
                    double);
  Loop* loops[kPairTaskCount];
};

/// The loops over points relative to the centres of their leaves.
struct LeafFrameLoops {
  using Loop = void(const void* kernel, const LeafFrameArrays&, const ResultArrays<double>&, const LeafFrame&,
                    const LeafFramePartner*, Index, const ClosePairs&);
  using SelfLoop = void(const void* kernel, const LeafFrameArrays&, const ResultArrays<double>&,
                        const LeafFrame&, const ClosePairs&);
  Loop* loops[kPairTaskCount];
  SelfLoop* self_loops[kPairTaskCount];
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

// The vectorised sum over pairs, used by P2P, P2M, P2L, M2P and L2P.
#pragma once

#include <array>

#include "base/types.hpp"
#include "kernels/derivatives.hpp"
#include "octopole/kernels.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Sources in structure-of-arrays form; no alignment or padding is required. Tiles (TileSums) read the parts
/// of sources of this kind, in this number of vectors: part p of vector v, counted from the kind's first
/// part, begins at strengths + (p * vectors + v) * strength_stride. Other loops read a single vector, and
/// those that compute derivatives, or split coordinates for targets alone, only charges. Vector kernels have
/// three strengths of kind `charges`.
template <class Real>
struct SourceArrays {
  const Real* x;
  const Real* y;
  const Real* z;
  const Real* strengths;
  Index count;
  Index strength_stride = 0;
  int vectors = 1;
  SourceKind kind = SourceKind::charges;
};

template <class Real>
struct TargetArrays {
  const Real* x;
  const Real* y;
  const Real* z;
  Index count;
};

/// Low parts of split coordinates, the rounding errors of the high parts: a point is at high + low.
template <class Real>
struct LowParts {
  const Real* x;
  const Real* y;
  const Real* z;
};

/// The arrays of results; those that the layout does not have are null.
template <class T>
struct ResultArrays {
  std::array<T*, kMaxResults> parts{};
  ResultLayout layout{};
};

/// Points with strengths of one kind, as in SourceArrays with one vector, and the arrays of their results.
/// With dipoles there are no derivatives.
template <class Real>
struct SymmetricArrays {
  const Real* x;
  const Real* y;
  const Real* z;
  const Real* strengths;
  Index count;
  ResultArrays<Real> results{};
  Index strength_stride = 0;
  SourceKind kind = SourceKind::charges;
};

/// potential[i] += sum_j f(x_i - y_j) q_j for every target i, without the kernel's constant; also for
/// dipoles, which have the opposite sign in `sources`. Coincident points contribute nothing. Vectorised over
/// targets with the widest instruction set of the machine (simd::active_isa()); the order of the sum over j
/// does not depend on it. Single-threaded.
template <class Real>
void pair_potential(const AnyKernel& kernel, const TargetArrays<Real>& targets,
                    const SourceArrays<Real>& sources, Real* potential);

/// As pair_potential; also adds the gradient with respect to the target to gx, gy, gz.
template <class Real>
void pair_gradient(const AnyKernel& kernel, const TargetArrays<Real>& targets,
                   const SourceArrays<Real>& sources, Real* potential, Real* gx, Real* gy, Real* gz);

/// As pair_potential for these results: adds result r to parts[r].
template <class Real>
void pair_sums(const AnyKernel& kernel, const TargetArrays<Real>& targets, const SourceArrays<Real>& sources,
               const ResultLayout& results, Real* const* parts);

/// Splits coordinates into two floats: high[i] + low[i] = (from[i] - centre) * inverse to twice the precision
/// of float.
void split_coordinates(const double* from, Index count, double centre, double inverse, float* high,
                       float* low);

/// Callback for the pairs that a loop leaves out because they are too close for its precision: the indices of
/// target and source, or of a point of the leaf and one of a partner. The caller sums these pairs in double.
struct ClosePairs {
  void (*take)(void* to, Index a, Index b);
  void* to;
};

/// Pairs whose squared distance is below `least`, a normal number, are left out and reported.
struct CloseGuard {
  float least;
  ClosePairs pairs;
};

/// As pair_potential for split coordinates, each low part at most half a unit in the last place of its high
/// part: differences of coordinates below 1 are accurate to 2^-48 or to the relative precision of Real,
/// whichever is worse. `close` defines which pairs are too close for that, coincident ones included, and
/// receives them. Squared distances must be finite.
void pair_potential_split(const AnyKernel& kernel, const TargetArrays<float>& targets,
                          const LowParts<float>& target_low, const SourceArrays<float>& sources,
                          const LowParts<float>& source_low, const CloseGuard& close, float* potential);

/// As pair_potential_split; also adds the gradient with respect to the target to gx, gy, gz. The kernel's
/// gradient factor must be a normal number at all distances except those left out.
void pair_gradient_split(const AnyKernel& kernel, const TargetArrays<float>& targets,
                         const LowParts<float>& target_low, const SourceArrays<float>& sources,
                         const LowParts<float>& source_low, const CloseGuard& close, float* potential,
                         float* gx, float* gy, float* gz);

/// As these two, for these results: adds result r to parts[r].
void pair_sums_split(const AnyKernel& kernel, const TargetArrays<float>& targets,
                     const LowParts<float>& target_low, const SourceArrays<float>& sources,
                     const LowParts<float>& source_low, const CloseGuard& close, const ResultLayout& results,
                     float* const* parts);

/// How a tile of pairs represents coordinates: one number each, for points whose distances are accurate in
/// this precision; two floats; or one float relative to the centre of a leaf, also with the estimate of
/// 1/sqrt (NearForm).
enum class TileForm : int { any, two_floats, one_float, estimate };

/// Maximum number of points of side b of a tile.
inline constexpr Index kTilePoints = 16;

/// The points of one side of a tile.
template <class Real>
struct TilePoints {
  const Real* x;
  const Real* y;
  const Real* z;
  Index count;         // of side a: a multiple of kPaddedPoints
  LowParts<Real> low;  // only read with two floats
  const Real* least;   // of side a by point, not read in form `any`: closer pairs, squared, are left out
};

/// Symmetric sum over the pairs of two distinct sets: adds `scale` times the results (those of a's layout) at
/// each point of a due to all of b, and at each of b due to all of a. 1/r is computed once for both sides.
/// Single-threaded.
void pair_symmetric(const AnyKernel& kernel, const SymmetricArrays<double>& a,
                    const SymmetricArrays<double>& b, double scale);

/// Arrays that are accessed in whole vectors are padded to a multiple of this number of points.
inline constexpr Index kPaddedPoints = 16;
constexpr Index padded(Index count) {
  return (count + kPaddedPoints - 1) / kPaddedPoints * kPaddedPoints;
}

/// As pair_symmetric, unscaled, for split coordinates (see pair_potential_split). The arrays are padded: a's
/// points with zero charges at finite positions, whose results are arbitrary; b's result arrays with elements
/// to which zeros are added. a's results are added to `to_a` (padded; its own result arrays are not used),
/// b's to its own.
void pair_symmetric_split(const AnyKernel& kernel, const SymmetricArrays<float>& a,
                          const LowParts<float>& a_low, const ResultArrays<double>& to_a,
                          const SymmetricArrays<float>& b, const LowParts<float>& b_low,
                          const CloseGuard& close);

/// Points by leaf in single precision, with strengths in one vector. Coordinates are relative to the centre
/// of the point's leaf, in units of the leaf's half side; dipoles are in the unit of the sums.
using LeafFrameArrays = SourceArrays<float>;

/// A leaf in whose frame pairs are summed: its points, and how close a pair may be, in units of its half
/// side.
struct LeafFrame {
  Index first, count;
  float least;            // pairs with smaller squared distances are left out and reported
  double scale;           // factor of potentials, to the units of the sums
  double gradient_scale;  // factor of gradients
};

/// Another leaf's points, and the transformation to the leaf's frame: p of the partner is at ratio * p +
/// (x, y, z). If ratio > 1, the least distance is larger by this factor.
struct LeafFramePartner {
  Index first, count;
  float ratio, x, y, z;
};

/// Symmetric sum over the pairs of a leaf and its partners: adds the results of both sides, scaled, to
/// `sums`. Those of the leaf's points are accumulated in single precision over all partners, in their order:
/// the rounding depends on the set of partners. With `estimate`, 1/sqrt may have an error of up to 2^-13.
/// `sums` have no derivatives if there are dipoles. Single-threaded.
void pair_symmetric_leaf_frame(const AnyKernel& kernel, const LeafFrameArrays& points,
                               const ResultArrays<double>& sums, const LeafFrame& leaf,
                               const LeafFramePartner* partners, Index partner_count, bool estimate,
                               const ClosePairs& close);

/// As pair_symmetric_leaf_frame for all pairs of distinct points within the leaf.
void pair_self_leaf_frame(const AnyKernel& kernel, const LeafFrameArrays& points,
                          const ResultArrays<double>& sums, const LeafFrame& leaf, bool estimate,
                          const ClosePairs& close);

}  // namespace octopole
#pragma GCC visibility pop

// The vectorised sum over pairs: the subroutine of P2P, P2M, P2L, M2P and L2P.
#pragma once

#include <string_view>

#include "base/types.hpp"
#include "octopole/kernels.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Sources in structure-of-arrays form; no alignment or padding is asked for.
template <class Real>
struct SourceArrays {
  const Real* x;
  const Real* y;
  const Real* z;
  const Real* charge;
  Index count;
};

template <class Real>
struct TargetArrays {
  const Real* x;
  const Real* y;
  const Real* z;
  Index count;
};

/// What rounding to Real has left off coordinates: a point is the sum of its coordinates and of these.
template <class Real>
struct LowParts {
  const Real* x;
  const Real* y;
  const Real* z;
};

/// Points with charges and the places of what they receive; the gradient's are null where none is wanted.
template <class Real>
struct MutualArrays {
  const Real* x;
  const Real* y;
  const Real* z;
  const Real* charge;
  Index count;
  Real* potential;
  Real* gx;
  Real* gy;
  Real* gz;
};

/// potential[i] += sum_j f(x_i - y_j) q_j for every target i, without the kernel's constant. Coincident
/// points contribute nothing. Vectorised over targets with the widest instructions that the machine has
/// (simd::active_isa()); the order of the sum over j does not depend on them. Single-threaded.
template <class K, class Real>
void pair_potential(const K& kernel, const TargetArrays<Real>& targets, const SourceArrays<Real>& sources,
                    Real* potential);

/// As pair_potential, and adds the gradient with respect to the target to gx, gy, gz.
template <class K, class Real>
void pair_gradient(const K& kernel, const TargetArrays<Real>& targets, const SourceArrays<Real>& sources,
                   Real* potential, Real* gx, Real* gy, Real* gz);

/// Coordinates in two parts: high[i] + low[i] = (from[i] - centre) * inverse to twice the precision of float.
void split_coordinates(const double* from, Index count, double centre, double inverse, float* high,
                       float* low);

/// Receives the pairs that a loop has left out because they are too close for its precision: the numbers of
/// their points, a target's and a source's, or a leaf's and a partner's. The caller sums them in double.
struct ClosePairs {
  void (*take)(void* to, Index a, Index b);
  void* to;
};

/// Pairs whose squared distance is below `least`, a normal number, are left out and reported.
struct CloseGuard {
  float least;
  ClosePairs pairs;
};

/// As pair_potential for points given in two parts each, the second at most half a unit in the last place of
/// the first: differences of coordinates below 1 are exact to 2^-48 and to the relative precision of Real,
/// whichever is worse. Which pairs are closer than that serves, coincident ones included, `close` says and
/// receives. Squared distances must be finite. For float only.
template <class K, class Real>
void pair_potential_split(const K& kernel, const TargetArrays<Real>& targets,
                          const LowParts<Real>& target_low, const SourceArrays<Real>& sources,
                          const LowParts<Real>& source_low, const CloseGuard& close, Real* potential);

/// As pair_potential_split, and adds the gradient with respect to the target to gx, gy, gz. The kernel's
/// gradient factor must be a normal number at all distances but those left out.
template <class K, class Real>
void pair_gradient_split(const K& kernel, const TargetArrays<Real>& targets, const LowParts<Real>& target_low,
                         const SourceArrays<Real>& sources, const LowParts<Real>& source_low,
                         const CloseGuard& close, Real* potential, Real* gx, Real* gy, Real* gz);

/// Both sides of the pairs between two distinct sets: adds `scale` times what each point of a receives from
/// all of b, and each of b from all of a, to their potentials (and gradients, where a has places for one).
/// One 1/r serves both sides. For double only. Single-threaded.
template <class K, class Real>
void pair_mutual(const K& kernel, const MutualArrays<Real>& a, const MutualArrays<Real>& b, Real scale);

/// Arrays for whole vectors reach up to the next multiple of this many points.
inline constexpr Index kPaddedPoints = 16;
constexpr Index padded(Index count) {
  return (count + kPaddedPoints - 1) / kPaddedPoints * kPaddedPoints;
}

/// Sums in double, padded; the gradient's are null where none is wanted.
struct WideSums {
  double* potential;
  double* gx;
  double* gy;
  double* gz;
};

/// As pair_mutual, unscaled, for points in two parts (see pair_potential_split). The arrays are padded:
/// behind a's points lie charges of zero at finite places, which may receive anything; behind b's places of
/// results, which receive zeros. What a's points receive is added to `to_a` (a's own places of results are
/// not used), what b's receive to b's. For float only.
template <class K, class Real>
void pair_mutual_split(const K& kernel, const MutualArrays<Real>& a, const LowParts<Real>& a_low,
                       const WideSums& to_a, const MutualArrays<Real>& b, const LowParts<Real>& b_low,
                       const CloseGuard& close);

/// Points by leaf in single precision, relative to their own leaf's centre in its half sides, with charges.
using LocalArrays = SourceArrays<float>;

/// A leaf that acts on others: its points, and in its half sides how close a pair may be.
struct LocalLeaf {
  Index first, count;
  float least;            // pairs whose squared distance is smaller are left out, and reported
  double scale;           // of potentials
  double gradient_scale;  // and of gradients, to the units of the sums
};

/// Another leaf's points, and where they lie: p of the partner is ratio p + (x, y, z) seen from the leaf.
/// Where the ratio is above 1, the least distance is that many times larger.
struct LocalPartner {
  Index first, count;
  float ratio, x, y, z;
};

/// Both sides of the pairs between a leaf and its partners: adds what the points of either receive, scaled,
/// to their places among `sums`. What the leaf's points receive is added up in single precision over all
/// partners, in their order: its rounding depends on which they are. With `estimate` 1/sqrt
/// may be as far off as 2^-13. Single-threaded.
template <class K>
void pair_mutual_local(const K& kernel, const LocalArrays& points, const WideSums& sums,
                       const LocalLeaf& leaf, const LocalPartner* partners, Index partner_count,
                       bool estimate, const ClosePairs& close);

/// The same for all pairs of distinct points within the leaf.
template <class K>
void pair_self_local(const K& kernel, const LocalArrays& points, const WideSums& sums, const LocalLeaf& leaf,
                     bool estimate, const ClosePairs& close);

}  // namespace octopole
#pragma GCC visibility pop

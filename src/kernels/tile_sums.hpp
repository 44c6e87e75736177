// Sums over pairs for several vectors of charges, for dipoles, and for Hessians: the kernel and its
// derivatives are evaluated once a pair, for tiles of pairs in memory, which are then multiplied with the
// strengths of the sources.
#pragma once

#include "base/aligned.hpp"
#include "kernels/derivatives.hpp"
#include "kernels/pair_loop.hpp"
#include "kernels/tile_product.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// What is summed: the derivatives up to `order` of the potential due to sources of one kind, in a number of
/// vectors.
struct TileTask {
  SourceKind kind = SourceKind::charges;
  int vectors = 1;
  int order = 0;  ///< at most 2
};

/// Points with strengths and sums. Side a is padded to a multiple of kPaddedPoints, with copies of a point
/// for instance, whose strengths are zero; its sums there are arbitrary.
template <class Real>
struct TileSide {
  TilePoints<Real> points;
  /// Part p of vector v, counted from the first part of the kind, is vector p * vectors + v. Dipoles of side
  /// b have the opposite sign.
  Vectors<const Real> strengths;
  Vectors<Real> sums;  // part p of vector v is vector p * vectors + v; data may be null: none
};

/// The sums of one thread, with a buffer for a tile.
template <class Real>
class TileSums {
 public:
  /// For all pairs of a and b, adds to the sums of each side the derivatives of the potential due to the
  /// sources of the other, without the kernel's constant: parts as in kernels/derivatives.hpp, with respect
  /// to a point of a, and with the opposite sign of first derivatives at b. Coincident points contribute
  /// nothing. In forms other than `any` pairs that are too close are left out and reported to `close`, with
  /// points of a, padding included, and of b.
  void add(const AnyKernel& kernel, TileForm form, const TileTask& task, const TileSide<Real>& a,
           const TileSide<Real>& b, const ClosePairs& close = {});

 private:
  AlignedVector<Real> values_;
};

}  // namespace octopole
#pragma GCC visibility pop

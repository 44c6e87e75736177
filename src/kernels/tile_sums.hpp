// Sums over pairs for several vectors of charges: the kernel is evaluated once a pair, for tiles of pairs in
// memory, which are then multiplied with the charges of all vectors.
#pragma once

#include "base/aligned.hpp"
#include "kernels/pair_loop.hpp"
#include "kernels/tile_product.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Points with charges and sums. Side a is padded to a multiple of kPaddedPoints, with copies of a point for
/// instance, whose charges are zero; its sums there are arbitrary.
template <class Real>
struct TileSide {
  TilePoints<Real> points;
  Vectors<const Real> charges;  // of the vectors
  Vectors<Real> sums;           // part p of vector v is vector p * vectors + v; data may be null: none
};

/// The sums of one thread, with a buffer for a tile.
template <class Real>
class TileSums {
 public:
  /// For all pairs of a and b, adds to the sums of each side the potential due to the charges of the other,
  /// without the kernel's constant; with `gradient`, as parts 1 to 3, the gradient at a, and minus the
  /// gradient at b. Coincident points contribute nothing. In forms other than `any` pairs that are too close
  /// are left out and reported to `close`, with points of a, padding included, and of b.
  void add(const AnyKernel& kernel, TileForm form, int vectors, bool gradient, const TileSide<Real>& a,
           const TileSide<Real>& b, const ClosePairs& close = {});

 private:
  AlignedVector<Real> values_;
};

}  // namespace octopole
#pragma GCC visibility pop

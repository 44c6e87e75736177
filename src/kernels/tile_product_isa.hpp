// The products of tiles of each instruction set, as functions to dispatch to.
#pragma once

#include "kernels/tile_product.hpp"
#include "simd/built.hpp"

namespace octopole {

template <class Real>
struct TileProductLoops {
  using Loop = void(Index rows, Index columns, const Real* a, int count, const Vectors<const Real>& x,
                    const Vectors<Real>& y);
  Loop* add;
  Loop* add_transposed;

  /// Defined by the unit of the instruction set; null pointers where the build does not have it.
  template <simd::Isa>
  static TileProductLoops of();
};

}  // namespace octopole

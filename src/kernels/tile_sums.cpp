#include "kernels/tile_sums.hpp"

#include <algorithm>
#include <type_traits>

#include "kernels/pair_loop_isa.hpp"

namespace octopole {
namespace {

/// Points of side a of a tile. With kTilePoints of side b, its values are 16 KB, with the gradient 32 KB: in
/// or near the first-level cache. Fewer would cost more in sums over lanes.
template <class Real>
constexpr Index tile_rows(bool gradient) {
  constexpr Index kBytes = Index{16} << 10;
  return kBytes / kTilePoints / static_cast<Index>(sizeof(Real)) / (gradient ? 2 : 1);
}

template <class Real>
TilePoints<Real> part_of(const TilePoints<Real>& points, Index first, Index count) {
  const auto from = [first](const Real* values) { return values ? values + first : nullptr; };
  return {points.x + first,
          points.y + first,
          points.z + first,
          count,
          {from(points.low.x), from(points.low.y), from(points.low.z)},
          from(points.least)};
}

template <class T>
Vectors<T> from(const Vectors<T>& vectors, Index first) {
  return {vectors.data + first, vectors.stride};
}

/// Reports pairs with indices among all points.
struct OfTile {
  const ClosePairs& close;
  Index a, b;  // the tile's first points
  static void take(void* to, Index i, Index j) {
    const OfTile& tile = *static_cast<const OfTile*>(to);
    tile.close.take(tile.close.to, tile.a + i, tile.b + j);
  }
};

template <class Real>
auto* tile_loop(const AnyKernel& kernel, TileForm form, bool gradient) {
  if constexpr (std::is_same_v<Real, float>)
    return kernel.pair_loops().tiles_in_single[static_cast<int>(form)].loops[gradient];
  else
    return kernel.pair_loops().tiles_in_double.loops[gradient];
}

}  // namespace

template <class Real>
void TileSums<Real>::add(const AnyKernel& kernel, TileForm form, int vectors, bool gradient,
                         const TileSide<Real>& a, const TileSide<Real>& b, const ClosePairs& close) {
  const int parts = gradient ? 4 : 1;
  const Index most_rows = tile_rows<Real>(gradient);
  values_.resize(static_cast<std::size_t>(parts * most_rows * kTilePoints));
  const auto loop = tile_loop<Real>(kernel, form, gradient);
  const auto sums_of = [vectors](const TileSide<Real>& side, int part, Index first) {
    const Vectors<Real>& sums = side.sums;
    return Vectors<Real>{sums.data + Index{part} * vectors * sums.stride + first, sums.stride};
  };
  for (Index j = 0; j < b.points.count; j += kTilePoints) {
    const TilePoints<Real> columns = part_of(b.points, j, std::min(kTilePoints, b.points.count - j));
    for (Index i = 0; i < a.points.count; i += most_rows) {
      const TilePoints<Real> rows = part_of(a.points, i, std::min(most_rows, a.points.count - i));
      OfTile of_tile{close, i, j};
      loop(kernel.state(), rows, columns, values_.data(), {OfTile::take, &of_tile});
      for (int part = 0; part < parts; ++part) {
        const Real* const values = values_.data() + part * rows.count * columns.count;
        if (a.sums.data)
          add_product(rows.count, columns.count, values, vectors, from(b.charges, j), sums_of(a, part, i));
        if (b.sums.data)
          add_transposed_product(rows.count, columns.count, values, vectors, from(a.charges, i),
                                 sums_of(b, part, j));
      }
    }
  }
}

template class TileSums<double>;
template class TileSums<float>;

}  // namespace octopole

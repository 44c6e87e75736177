#include "kernels/tile_sums.hpp"

#include <algorithm>
#include <array>
#include <type_traits>

#include "kernels/pair_loop_isa.hpp"

namespace octopole {
namespace {

/// Points of side a of a tile. With kTilePoints of side b, the values of a tile are 16 KB, with derivatives
/// 32 KB or a little more: in or near the first-level cache. Fewer would cost more in sums over lanes.
template <class Real>
constexpr Index tile_rows(int order) {
  constexpr std::array<Index, kMaxDerivative + 1> kRowsOfFloats = {256, 128, 48, 32};
  const Index rows = kRowsOfFloats[static_cast<std::size_t>(order)];
  return std::is_same_v<Real, float> ? rows
                                     : std::max(kPaddedPoints, rows / 2 / kPaddedPoints * kPaddedPoints);
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

/// The vectors from number `vector` on, from element `first` on.
template <class T>
Vectors<T> from(const Vectors<T>& vectors, Index vector, Index first) {
  return {vectors.data + vector * vectors.stride + first, vectors.stride};
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
auto* tile_loop(const AnyKernel& kernel, TileForm form, int order) {
  if constexpr (std::is_same_v<Real, float>)
    return kernel.pair_loops().tiles_in_single[static_cast<int>(form)].loops[order];
  else
    return kernel.pair_loops().tiles_in_double.loops[order];
}

}  // namespace

template <class Real>
void TileSums<Real>::add(const AnyKernel& kernel, TileForm form, const TileTask& task,
                         const TileSide<Real>& a, const TileSide<Real>& b, const ClosePairs& close) {
  const SourceParts sources(task.kind);
  const int vectors = task.vectors, results = kPartsUpTo[static_cast<std::size_t>(task.order)],
            order = task.order + sources.order();
  const Index most_rows = tile_rows<Real>(order);
  values_.resize(
      static_cast<std::size_t>(kPartsUpTo[static_cast<std::size_t>(order)] * most_rows * kTilePoints));
  const auto loop = tile_loop<Real>(kernel, form, order);
  for (Index j = 0; j < b.points.count; j += kTilePoints) {
    const TilePoints<Real> columns = part_of(b.points, j, std::min(kTilePoints, b.points.count - j));
    for (Index i = 0; i < a.points.count; i += most_rows) {
      const TilePoints<Real> rows = part_of(a.points, i, std::min(most_rows, a.points.count - i));
      OfTile of_tile{close, i, j};
      loop(kernel.state(), rows, columns, values_.data(), {OfTile::take, &of_tile});
      for (int source = 0; source < sources.count(); ++source)
        for (int result = 0; result < results; ++result) {
          const Index part = product_of_parts(result, sources.first + source),
                      strengths = Index{source} * vectors, sums = Index{result} * vectors;
          const Real* const values = values_.data() + part * rows.count * columns.count;
          if (a.sums.data)
            add_product(rows.count, columns.count, values, vectors, from(b.strengths, strengths, j),
                        from(a.sums, sums, i));
          if (b.sums.data)
            add_transposed_product(rows.count, columns.count, values, vectors,
                                   from(a.strengths, strengths, i), from(b.sums, sums, j));
        }
    }
  }
}

template class TileSums<double>;
template class TileSums<float>;

}  // namespace octopole

// The products of tiles, compiled once per instruction set. All in an unnamed namespace: units share no
// instantiation.
#include "kernels/tile_product_isa.hpp"

#include "simd/fold_impl.hpp"
#include "simd/vec.hpp"

#ifdef OCTOPOLE_ISA_BUILT
namespace octopole {
namespace {

/// The matrix and vectors of a product, from some vector on.
template <class Real>
struct Operands {
  Index rows, columns;
  const Real* a;
  Vectors<const Real> x;
  Vectors<Real> y;

  Operands from(Index vector) const {
    return {rows, columns, a, {x.data + vector * x.stride, x.stride}, {y.data + vector * y.stride, y.stride}};
  }
};

// Sums that stay in registers together.
inline constexpr int kSums = isa::kRegisters == 32 ? 16 : 8, kWidth = 2;

/// Rows i to i + Width vectors of the results of Count vectors.
template <int Count, int Width, class Real>
OCTOPOLE_INLINE void add_rows(const Operands<Real>& o, Index i) {
  using V = typename isa::Vec<Real>::type;
  constexpr int lanes = isa::Vec<Real>::lanes;
  V sum[Count][Width];
#pragma GCC unroll 8
  for (int v = 0; v < Count; ++v)
#pragma GCC unroll 4
    for (int w = 0; w < Width; ++w) sum[v][w] = simd::load<V>(o.y.data + v * o.y.stride + i + w * lanes);
  for (Index j = 0; j < o.columns; ++j) {
    V column[Width];
#pragma GCC unroll 4
    for (int w = 0; w < Width; ++w) column[w] = simd::load<V>(o.a + j * o.rows + i + w * lanes);
#pragma GCC unroll 8
    for (int v = 0; v < Count; ++v) {
      const V factor = simd::broadcast<V>(o.x.data[v * o.x.stride + j]);
#pragma GCC unroll 4
      for (int w = 0; w < Width; ++w) sum[v][w] += column[w] * factor;
    }
  }
#pragma GCC unroll 8
  for (int v = 0; v < Count; ++v)
#pragma GCC unroll 4
    for (int w = 0; w < Width; ++w) simd::store(o.y.data + v * o.y.stride + i + w * lanes, sum[v][w]);
}

template <int Count, class Real>
void add_vectors(const Operands<Real>& o) {
  constexpr int lanes = isa::Vec<Real>::lanes;
  Index i = 0;
  for (; i + kWidth * lanes <= o.rows; i += kWidth * lanes) add_rows<Count, kWidth>(o, i);
  for (; i < o.rows; i += lanes) add_rows<Count, 1>(o, i);
}

/// Sums per lane of Columns columns from j on, for Count vectors: to[(v * kTilePoints + j) * lanes].
template <int Count, int Columns, class Real>
OCTOPOLE_INLINE void sum_columns(const Operands<Real>& o, Index j, Real* to) {
  using V = typename isa::Vec<Real>::type;
  constexpr int lanes = isa::Vec<Real>::lanes;
  V sum[Count][Columns];
#pragma GCC unroll 8
  for (int v = 0; v < Count; ++v)
#pragma GCC unroll 4
    for (int c = 0; c < Columns; ++c) sum[v][c] = V{};
  for (Index i = 0; i < o.rows; i += lanes) {
    V column[Columns];
#pragma GCC unroll 4
    for (int c = 0; c < Columns; ++c) column[c] = simd::load<V>(o.a + (j + c) * o.rows + i);
#pragma GCC unroll 8
    for (int v = 0; v < Count; ++v) {
      const V factor = simd::load<V>(o.x.data + v * o.x.stride + i);
#pragma GCC unroll 4
      for (int c = 0; c < Columns; ++c) sum[v][c] += column[c] * factor;
    }
  }
#pragma GCC unroll 8
  for (int v = 0; v < Count; ++v)
#pragma GCC unroll 4
    for (int c = 0; c < Columns; ++c) simd::store(to + (v * kTilePoints + j + c) * lanes, sum[v][c]);
}

template <int Count, class Real>
void add_transposed_vectors(const Operands<Real>& o) {
  using V = typename isa::Vec<Real>::type;
  constexpr int lanes = isa::Vec<Real>::lanes;
  alignas(64) Real sums[Count * kTilePoints * lanes];
  Index j = 0;
  for (; j + kWidth <= o.columns; j += kWidth) sum_columns<Count, kWidth>(o, j, sums);
  if (j < o.columns) sum_columns<Count, 1>(o, j++, sums);
  for (; j % lanes != 0; ++j)  // beyond the last column
    for (Index v = 0; v < Count; ++v) simd::store(sums + (v * kTilePoints + j) * lanes, V{});
  for (Index v = 0; v < Count; ++v)
    for (j = 0; j < o.columns; j += lanes) {
      const Index left = o.columns - j;
      const V folded = sums_of_lanes<Real>(sums + (v * kTilePoints + j) * lanes);
      Real* const to = o.y.data + v * o.y.stride + j;
      if (left >= lanes) {
        simd::store(to, V(simd::load<V>(to) + folded));
        continue;
      }
      for (Index l = 0; l < left; ++l) to[l] += folded[l];
    }
}

/// Calls work(operands) for Count vectors at a time, then for half as many, and so on.
template <int Count, class Real, class Work>
OCTOPOLE_INLINE void each_group(const Operands<Real>& o, Index first, Index end, const Work& work) {
  for (; first + Count <= end; first += Count) work.template operator()<Count>(o.from(first));
  if constexpr (Count > 1) each_group<Count / 2>(o, first, end, work);
}

struct AddVectors {
  template <int Count, class Real>
  void operator()(const Operands<Real>& o) const {
    add_vectors<Count>(o);
  }
};
struct AddTransposedVectors {
  template <int Count, class Real>
  void operator()(const Operands<Real>& o) const {
    add_transposed_vectors<Count>(o);
  }
};

template <class Work, class Real>
void for_all_vectors(Index rows, Index columns, const Real* a, int count, const Vectors<const Real>& x,
                     const Vectors<Real>& y) {
  each_group<kSums / kWidth>(Operands<Real>{rows, columns, a, x, y}, 0, count, Work{});
}

}  // namespace
}  // namespace octopole
#endif

namespace octopole {

template <class Real>
template <simd::Isa>
TileProductLoops<Real> TileProductLoops<Real>::of() {
#ifdef OCTOPOLE_ISA_BUILT
  return {for_all_vectors<AddVectors, Real>, for_all_vectors<AddTransposedVectors, Real>};
#else
  return {};
#endif
}
template TileProductLoops<double> TileProductLoops<double>::of<simd::Isa::OCTOPOLE_ISA>();
template TileProductLoops<float> TileProductLoops<float>::of<simd::Isa::OCTOPOLE_ISA>();

}  // namespace octopole

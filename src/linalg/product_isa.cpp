// The matrix products, compiled once per instruction set. All in an unnamed namespace: units share no
// instantiation.
//
// Panels of A, kWidth vectors high and kDepth deep, are copied to contiguous memory, which stays in the
// first-level cache while it is multiplied with all columns of B; a tile of C stays in registers (Goto and
// van de Geijn, ACM Trans. Math. Softw. 34 (2008) 12).
#include "linalg/product_isa.hpp"

#include "simd/vec.hpp"

#ifdef OCTOPOLE_ISA_BUILT
namespace octopole::linalg {
namespace {

// Tiles of C: vectors per column, and columns. With one column of A and one number of B, they fill the
// registers.
inline constexpr int kWidth = 3, kColumns = isa::kRegisters == 32 ? 8 : 4;
inline constexpr Index kDepth = 128;  // of a panel of 24 KB

/// Sizes m x k of A, k x n of B and m x n of C, all packed and column-major.
template <class Real>
struct Matrices {
  Index m, n, k;
  const Real* a;
  const Real* b;
  Real* c;
};

/// Stores the vectors' first `rows` numbers to c[0 .. rows), or adds them to c unless First.
template <bool First, int Width, class V, class Real>
OCTOPOLE_INLINE void put(const V (&sum)[Width], Index rows, Real* c) {
  constexpr int lanes = isa::Vec<Real>::lanes;
#pragma GCC unroll 4
  for (int w = 0; w < Width; ++w) {
    const Index left = rows - w * lanes;
    if (left >= lanes) {
      Real* const to = c + w * lanes;
      simd::store(to, First ? sum[w] : V(simd::load<V>(to) + sum[w]));
      continue;
    }
    alignas(64) Real rest[lanes];
    simd::store(rest, sum[w]);
    for (Index i = 0; i < left; ++i) c[w * lanes + i] = First ? rest[i] : c[w * lanes + i] + rest[i];
  }
}

/// Computes a tile of C: `rows` rows in Width vectors by Columns columns.
template <bool First, int Width, int Columns, class Real>
OCTOPOLE_INLINE void tile(const Matrices<Real>& x, const Real* panel, Index rows, Index depth, const Real* b,
                          Real* c) {
  using V = typename isa::Vec<Real>::type;
  constexpr int lanes = isa::Vec<Real>::lanes;
  V sum[Columns][Width];
#pragma GCC unroll 8
  for (int j = 0; j < Columns; ++j)
#pragma GCC unroll 4
    for (int w = 0; w < Width; ++w) sum[j][w] = V{};
  for (Index l = 0; l < depth; ++l) {
    V column[Width];
#pragma GCC unroll 4
    for (int w = 0; w < Width; ++w) column[w] = simd::load<V>(panel + (l * Width + w) * lanes);
#pragma GCC unroll 8
    for (int j = 0; j < Columns; ++j) {
      const V factor = simd::broadcast<V>(b[j * x.k + l]);
#pragma GCC unroll 4
      for (int w = 0; w < Width; ++w) sum[j][w] += column[w] * factor;
    }
  }
#pragma GCC unroll 8
  for (int j = 0; j < Columns; ++j) put<First>(sum[j], rows, c + j * x.m);
}

/// Copies `depth` columns of A from `a` on; rows beyond the last one are zero.
template <int Width, class Real>
OCTOPOLE_INLINE void copy_panel(const Real* a, Index m, Index rows, Index depth, Real* panel) {
  using V = typename isa::Vec<Real>::type;
  constexpr int lanes = isa::Vec<Real>::lanes;
  constexpr Index height = Width * lanes;
  if (rows == height) {
    for (Index l = 0; l < depth; ++l)
#pragma GCC unroll 4
      for (int w = 0; w < Width; ++w)
        simd::store(panel + l * height + w * lanes, simd::load<V>(a + l * m + w * lanes));
    return;
  }
  for (Index l = 0; l < depth; ++l)
    for (Index i = 0; i < height; ++i) panel[l * height + i] = i < rows ? a[l * m + i] : Real{0};
}

/// Computes the columns of C from j on, in tiles of Columns, then of half as many, and so on.
template <bool First, int Width, int Columns, class Real>
OCTOPOLE_INLINE void tiles(const Matrices<Real>& x, const Real* panel, Index rows, Index depth, Index j,
                           const Real* b, Real* c) {
  for (; j + Columns <= x.n; j += Columns)
    tile<First, Width, Columns>(x, panel, rows, depth, b + j * x.k, c + j * x.m);
  if constexpr (Columns > 1) tiles<First, Width, Columns / 2>(x, panel, rows, depth, j, b, c);
}

template <bool First, int Width, class Real>
void panel_by_b(const Matrices<Real>& x, Index row, Index rows, Index l, Index depth, Real* panel) {
  copy_panel<Width>(x.a + l * x.m + row, x.m, rows, depth, panel);
  tiles<First, Width, kColumns>(x, panel, rows, depth, 0, x.b + l, x.c + row);
}

/// Computes `rows` rows of C, at most Width vectors.
template <int Width, class Real>
void rows_of_c(const Matrices<Real>& x, Index row, Index rows, Real* panel) {
  const auto depth = [&](Index l) { return x.k - l < kDepth ? x.k - l : kDepth; };
  panel_by_b<true, Width>(x, row, rows, 0, depth(0), panel);
  for (Index l = kDepth; l < x.k; l += kDepth) panel_by_b<false, Width>(x, row, rows, l, depth(l), panel);
}

template <class Real>
void product(Index m, Index n, Index k, const Real* a, const Real* b, Real* c) {
  constexpr Index lanes = isa::Vec<Real>::lanes, height = kWidth * lanes;
  alignas(64) Real panel[height * kDepth];
  const Matrices<Real> x{m, n, k, a, b, c};
  Index row = 0;
  for (; row + height <= m; row += height) rows_of_c<kWidth>(x, row, height, panel);
  const Index left = m - row;
  if (left > 2 * lanes)
    rows_of_c<3>(x, row, left, panel);
  else if (left > lanes)
    rows_of_c<2>(x, row, left, panel);
  else if (left > 0)
    rows_of_c<1>(x, row, left, panel);
}

}  // namespace
}  // namespace octopole::linalg
#endif

namespace octopole::linalg {

template <class Real>
template <simd::Isa>
ProductLoop<Real> ProductLoop<Real>::of() {
#ifdef OCTOPOLE_ISA_BUILT
  return {product<Real>};
#else
  return {};
#endif
}
template ProductLoop<double> ProductLoop<double>::of<simd::Isa::OCTOPOLE_ISA>();
template ProductLoop<float> ProductLoop<float>::of<simd::Isa::OCTOPOLE_ISA>();

}  // namespace octopole::linalg

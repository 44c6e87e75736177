#include "kernels/tile_product.hpp"

#include "kernels/tile_product_isa.hpp"
#include "simd/isa.hpp"

namespace octopole {

template <class Real>
void add_product(Index rows, Index columns, const Real* a, int count, const Vectors<const Real>& x,
                 const Vectors<Real>& y) {
  simd::active_loops<TileProductLoops<Real>>().add(rows, columns, a, count, x, y);
}
template void add_product(Index, Index, const double*, int, const Vectors<const double>&,
                          const Vectors<double>&);
template void add_product(Index, Index, const float*, int, const Vectors<const float>&,
                          const Vectors<float>&);

template <class Real>
void add_transposed_product(Index rows, Index columns, const Real* a, int count, const Vectors<const Real>& x,
                            const Vectors<Real>& y) {
  simd::active_loops<TileProductLoops<Real>>().add_transposed(rows, columns, a, count, x, y);
}
template void add_transposed_product(Index, Index, const double*, int, const Vectors<const double>&,
                                     const Vectors<double>&);
template void add_transposed_product(Index, Index, const float*, int, const Vectors<const float>&,
                                     const Vectors<float>&);

}  // namespace octopole

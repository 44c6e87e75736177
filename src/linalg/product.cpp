#include "linalg/product.hpp"

#include "linalg/product_table.hpp"
#include "simd/isa.hpp"

namespace octopole::linalg {

template <class Real>
void multiply(Index m, Index n, Index k, const Real* a, const Real* b, Real* c) {
  static const Product<Real> table[] = {product_baseline<Real>(), product_avx2<Real>(),
                                        product_avx512<Real>()};
  table[static_cast<int>(simd::active_isa())](m, n, k, a, b, c);
}
template void multiply(Index, Index, Index, const double*, const double*, double*);
template void multiply(Index, Index, Index, const float*, const float*, float*);

}  // namespace octopole::linalg

#include "linalg/product.hpp"

#include "linalg/product_isa.hpp"
#include "simd/isa.hpp"

namespace octopole::linalg {

template <class Real>
void multiply(Index m, Index n, Index k, const Real* a, const Real* b, Real* c) {
  simd::active_loops<ProductLoop<Real>>().multiply(m, n, k, a, b, c);
}
template void multiply(Index, Index, Index, const double*, const double*, double*);
template void multiply(Index, Index, Index, const float*, const float*, float*);

}  // namespace octopole::linalg

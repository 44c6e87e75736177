// Matrix products for avx2.
#include "linalg/product_table.hpp"
#include "simd/vec.hpp"

#ifdef OCTOPOLE_HAS_AVX2
namespace octopole {
namespace isa = simd::avx2;
}
#include "linalg/product_impl.hpp"
#endif

namespace octopole::linalg {

template <class Real>
Product<Real> product_avx2() {
#ifdef OCTOPOLE_HAS_AVX2
  return &product<Real>;
#else
  return nullptr;
#endif
}
template Product<double> product_avx2();
template Product<float> product_avx2();

}  // namespace octopole::linalg

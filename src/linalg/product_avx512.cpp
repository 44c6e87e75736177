// Matrix products for avx512.
#include "linalg/product_table.hpp"
#include "simd/vec.hpp"

#ifdef OCTOPOLE_HAS_AVX512
namespace octopole {
namespace isa = simd::avx512;
}
#include "linalg/product_impl.hpp"
#endif

namespace octopole::linalg {

template <class Real>
Product<Real> product_avx512() {
#ifdef OCTOPOLE_HAS_AVX512
  return &product<Real>;
#else
  return nullptr;
#endif
}
template Product<double> product_avx512();
template Product<float> product_avx512();

}  // namespace octopole::linalg

// Matrix products for baseline.
#include "simd/vec.hpp"

namespace octopole {
namespace isa = simd::baseline;
}
#include "linalg/product_impl.hpp"

namespace octopole::linalg {

template <class Real>
Product<Real> product_baseline() {
  return &product<Real>;
}
template Product<double> product_baseline();
template Product<float> product_baseline();

}  // namespace octopole::linalg

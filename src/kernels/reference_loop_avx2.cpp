// The loops of reference sums for AVX2.
#include "kernels/reference_loop_table.hpp"
#include "octopole/kernels.hpp"
#include "simd/vec.hpp"

#ifdef OCTOPOLE_HAS_AVX2
namespace octopole {
namespace isa = simd::avx2;
}
#include "kernels/reference_loop_impl.hpp"
#endif

namespace octopole {

template <class K>
ReferenceLoops<K> reference_loops_avx2() {
#ifdef OCTOPOLE_HAS_AVX2
  return reference_loops<K>();
#else
  return {};
#endif
}
template ReferenceLoops<Laplace> reference_loops_avx2();

}  // namespace octopole

// The loops of reference sums for AVX-512.
#include "kernels/reference_loop_table.hpp"
#include "octopole/kernels.hpp"
#include "simd/vec.hpp"

#ifdef OCTOPOLE_HAS_AVX512
namespace octopole {
namespace isa = simd::avx512;
}
#include "kernels/reference_loop_impl.hpp"
#endif

namespace octopole {

template <class K>
ReferenceLoops<K> reference_loops_avx512() {
#ifdef OCTOPOLE_HAS_AVX512
  return reference_loops<K>();
#else
  return {};
#endif
}
template ReferenceLoops<Laplace> reference_loops_avx512();

}  // namespace octopole

// The reference sums' loops for baseline.
#include "octopole/kernels.hpp"
#include "octopole/simd/vec.hpp"
#include "reference_loop_table.hpp"

namespace octopole {
namespace isa = simd::baseline;
}
#include "reference_loop_impl.hpp"

namespace octopole {

template <class K>
ReferenceLoops<K> reference_loops_baseline() {
  return reference_loops<K>();
}
template ReferenceLoops<Laplace> reference_loops_baseline();

}  // namespace octopole

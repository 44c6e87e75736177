// The loops of reference sums for the baseline instruction set.
#include "kernels/reference_loop_table.hpp"
#include "octopole/kernels.hpp"
#include "simd/vec.hpp"

namespace octopole {
namespace isa = simd::baseline;
}
#include "kernels/reference_loop_impl.hpp"

namespace octopole {

template <class K>
ReferenceLoops<K> reference_loops_baseline() {
  return reference_loops<K>();
}
template ReferenceLoops<Laplace> reference_loops_baseline();

}  // namespace octopole

// The pair loops for the baseline instruction set.
#include "octopole/kernels.hpp"
#include "simd/vec.hpp"

namespace octopole {
namespace isa = simd::baseline;
}
#include "kernels/leaf_frame_loop_impl.hpp"
#include "kernels/mutual_loop_impl.hpp"
#include "kernels/pair_loop_impl.hpp"
#include "kernels/split_loop_impl.hpp"

namespace octopole {

template <class K, class Real>
PairLoops<K, Real> pair_loops_baseline() {
  return {potential_loop<K, Real>, gradient_loop<K, Real>};
}
template PairLoops<Laplace, double> pair_loops_baseline();
template PairLoops<Laplace, float> pair_loops_baseline();

template <class K, class Real>
SplitPairLoops<K, Real> split_pair_loops_baseline() {
  return {split_potential_loop<K, Real>, split_gradient_loop<K, Real>, split_scaled,
          split_mutual_loop<false, K, Real>, split_mutual_loop<true, K, Real>};
}
template SplitPairLoops<Laplace, float> split_pair_loops_baseline();

template <class K, class Real>
MutualLoops<K, Real> mutual_loops_baseline() {
  return {whole_mutual_loop<false, K, Real>, whole_mutual_loop<true, K, Real>};
}
template MutualLoops<Laplace, double> mutual_loops_baseline();

template <class K>
LocalLoops<K> local_loops_baseline() {
  return {{{local_loop<false, false, K>, local_loop<true, false, K>},
           {local_loop<false, true, K>, local_loop<true, true, K>}},
          {{local_self_loop<false, false, K>, local_self_loop<true, false, K>},
           {local_self_loop<false, true, K>, local_self_loop<true, true, K>}}};
}
template LocalLoops<Laplace> local_loops_baseline();

}  // namespace octopole

// The pair loops for AVX2.
#include "kernels/pair_loop_table.hpp"
#include "octopole/kernels.hpp"
#include "simd/vec.hpp"

#ifdef OCTOPOLE_HAS_AVX2
namespace octopole {
namespace isa = simd::avx2;
}
#include "kernels/leaf_frame_loop_impl.hpp"
#include "kernels/mutual_loop_impl.hpp"
#include "kernels/pair_loop_impl.hpp"
#include "kernels/split_loop_impl.hpp"
#endif

namespace octopole {

template <class K, class Real>
PairLoops<K, Real> pair_loops_avx2() {
#ifdef OCTOPOLE_HAS_AVX2
  return {potential_loop<K, Real>, gradient_loop<K, Real>};
#else
  return {nullptr, nullptr};
#endif
}
template PairLoops<Laplace, double> pair_loops_avx2();
template PairLoops<Laplace, float> pair_loops_avx2();

template <class K, class Real>
SplitPairLoops<K, Real> split_pair_loops_avx2() {
#ifdef OCTOPOLE_HAS_AVX2
  return {split_potential_loop<K, Real>, split_gradient_loop<K, Real>, split_scaled,
          split_mutual_loop<false, K, Real>, split_mutual_loop<true, K, Real>};
#else
  return {nullptr, nullptr, nullptr, nullptr, nullptr};
#endif
}
template SplitPairLoops<Laplace, float> split_pair_loops_avx2();

template <class K, class Real>
MutualLoops<K, Real> mutual_loops_avx2() {
#ifdef OCTOPOLE_HAS_AVX2
  return {whole_mutual_loop<false, K, Real>, whole_mutual_loop<true, K, Real>};
#else
  return {nullptr, nullptr};
#endif
}
template MutualLoops<Laplace, double> mutual_loops_avx2();

template <class K>
LocalLoops<K> local_loops_avx2() {
#ifdef OCTOPOLE_HAS_AVX2
  return {{{local_loop<false, false, K>, local_loop<true, false, K>},
           {local_loop<false, true, K>, local_loop<true, true, K>}},
          {{local_self_loop<false, false, K>, local_self_loop<true, false, K>},
           {local_self_loop<false, true, K>, local_self_loop<true, true, K>}}};
#else
  return {};
#endif
}
template LocalLoops<Laplace> local_loops_avx2();

}  // namespace octopole

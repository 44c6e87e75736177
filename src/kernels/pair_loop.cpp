#include "kernels/pair_loop.hpp"

#include "kernels/pair_loop_isa.hpp"
#include "octopole/kernels.hpp"
#include "simd/isa.hpp"

namespace octopole {

template <class K, class Real>
void pair_potential(const K& kernel, const TargetArrays<Real>& targets, const SourceArrays<Real>& sources,
                    Real* potential) {
  simd::active_loops<PairLoops<K, Real>>().potential(kernel, targets, sources, potential);
}

template <class K, class Real>
void pair_gradient(const K& kernel, const TargetArrays<Real>& targets, const SourceArrays<Real>& sources,
                   Real* potential, Real* gx, Real* gy, Real* gz) {
  simd::active_loops<PairLoops<K, Real>>().gradient(kernel, targets, sources, potential, gx, gy, gz);
}

void split_coordinates(const double* from, Index count, double centre, double inverse, float* high,
                       float* low) {
  simd::active_loops<SplitPairLoops<Laplace, float>>().split(from, count, centre, inverse, high, low);
}

template <class K, class Real>
void pair_potential_split(const K& kernel, const TargetArrays<Real>& targets,
                          const LowParts<Real>& target_low, const SourceArrays<Real>& sources,
                          const LowParts<Real>& source_low, const CloseGuard& close, Real* potential) {
  simd::active_loops<SplitPairLoops<K, Real>>().potential(kernel, targets, target_low, sources, source_low,
                                                          close, potential);
}

template <class K, class Real>
void pair_gradient_split(const K& kernel, const TargetArrays<Real>& targets, const LowParts<Real>& target_low,
                         const SourceArrays<Real>& sources, const LowParts<Real>& source_low,
                         const CloseGuard& close, Real* potential, Real* gx, Real* gy, Real* gz) {
  simd::active_loops<SplitPairLoops<K, Real>>().gradient(kernel, targets, target_low, sources, source_low,
                                                         close, potential, gx, gy, gz);
}

template <class K, class Real>
void pair_symmetric(const K& kernel, const SymmetricArrays<Real>& a, const SymmetricArrays<Real>& b,
                    Real scale) {
  const SymmetricLoops<K, Real>& loops = simd::active_loops<SymmetricLoops<K, Real>>();
  (a.gx ? loops.gradient : loops.potential)(kernel, a, b, scale);
}
template void pair_symmetric(const Laplace&, const SymmetricArrays<double>&, const SymmetricArrays<double>&,
                             double);

template <class K, class Real>
void pair_symmetric_split(const K& kernel, const SymmetricArrays<Real>& a, const LowParts<Real>& a_low,
                          const DoubleSums& to_a, const SymmetricArrays<Real>& b, const LowParts<Real>& b_low,
                          const CloseGuard& close) {
  const SplitPairLoops<K, Real>& loops = simd::active_loops<SplitPairLoops<K, Real>>();
  (to_a.gx ? loops.symmetric_gradient : loops.symmetric_potential)(kernel, a, a_low, to_a, b, b_low, close);
}
template void pair_symmetric_split(const Laplace&, const SymmetricArrays<float>&, const LowParts<float>&,
                                   const DoubleSums&, const SymmetricArrays<float>&, const LowParts<float>&,
                                   const CloseGuard&);

template <class K>
void pair_symmetric_leaf_frame(const K& kernel, const LeafFrameArrays& points, const DoubleSums& sums,
                               const LeafFrame& leaf, const LeafFramePartner* partners, Index partner_count,
                               bool estimate, const ClosePairs& close) {
  simd::active_loops<LeafFrameLoops<K>>().loops[estimate][sums.gx != nullptr](kernel, points, sums, leaf,
                                                                              partners, partner_count, close);
}
template void pair_symmetric_leaf_frame(const Laplace&, const LeafFrameArrays&, const DoubleSums&,
                                        const LeafFrame&, const LeafFramePartner*, Index, bool,
                                        const ClosePairs&);

template <class K>
void pair_self_leaf_frame(const K& kernel, const LeafFrameArrays& points, const DoubleSums& sums,
                          const LeafFrame& leaf, bool estimate, const ClosePairs& close) {
  simd::active_loops<LeafFrameLoops<K>>().self_loops[estimate][sums.gx != nullptr](kernel, points, sums, leaf,
                                                                                   close);
}
template void pair_self_leaf_frame(const Laplace&, const LeafFrameArrays&, const DoubleSums&,
                                   const LeafFrame&, bool, const ClosePairs&);

#define OCTOPOLE_INSTANTIATE(K, Real)                                                                       \
  template void pair_potential(const K&, const TargetArrays<Real>&, const SourceArrays<Real>&, Real*);      \
  template void pair_gradient(const K&, const TargetArrays<Real>&, const SourceArrays<Real>&, Real*, Real*, \
                              Real*, Real*);
OCTOPOLE_INSTANTIATE(Laplace, double)
OCTOPOLE_INSTANTIATE(Laplace, float)
#undef OCTOPOLE_INSTANTIATE
template void pair_potential_split(const Laplace&, const TargetArrays<float>&, const LowParts<float>&,
                                   const SourceArrays<float>&, const LowParts<float>&, const CloseGuard&,
                                   float*);
template void pair_gradient_split(const Laplace&, const TargetArrays<float>&, const LowParts<float>&,
                                  const SourceArrays<float>&, const LowParts<float>&, const CloseGuard&,
                                  float*, float*, float*, float*);

}  // namespace octopole

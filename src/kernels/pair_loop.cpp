#include "kernels/pair_loop.hpp"

#include <type_traits>

#include "kernels/pair_loop_isa.hpp"
#include "simd/isa.hpp"

namespace octopole {
namespace {

template <class Real>
const OneSidedLoops<Real>& one_sided(const AnyKernel& kernel) {
  if constexpr (std::is_same_v<Real, float>)
    return kernel.pair_loops().in_single;
  else
    return kernel.pair_loops().in_double;
}

}  // namespace

template <class Real>
void pair_sums(const AnyKernel& kernel, const TargetArrays<Real>& targets, const SourceArrays<Real>& sources,
               const ResultLayout& results, Real* const* parts) {
  one_sided<Real>(kernel).loops[pair_task(sources.kind, results)](kernel.state(), targets, sources, parts);
}
template void pair_sums(const AnyKernel&, const TargetArrays<double>&, const SourceArrays<double>&,
                        const ResultLayout&, double* const*);
template void pair_sums(const AnyKernel&, const TargetArrays<float>&, const SourceArrays<float>&,
                        const ResultLayout&, float* const*);

template <class Real>
void pair_potential(const AnyKernel& kernel, const TargetArrays<Real>& targets,
                    const SourceArrays<Real>& sources, Real* potential) {
  pair_sums(kernel, targets, sources, {1, 0}, &potential);
}
template void pair_potential(const AnyKernel&, const TargetArrays<double>&, const SourceArrays<double>&,
                             double*);
template void pair_potential(const AnyKernel&, const TargetArrays<float>&, const SourceArrays<float>&,
                             float*);

template <class Real>
void pair_gradient(const AnyKernel& kernel, const TargetArrays<Real>& targets,
                   const SourceArrays<Real>& sources, Real* potential, Real* gx, Real* gy, Real* gz) {
  Real* const parts[] = {potential, gx, gy, gz};
  pair_sums(kernel, targets, sources, {1, 1}, parts);
}
template void pair_gradient(const AnyKernel&, const TargetArrays<double>&, const SourceArrays<double>&,
                            double*, double*, double*, double*);
template void pair_gradient(const AnyKernel&, const TargetArrays<float>&, const SourceArrays<float>&, float*,
                            float*, float*, float*);

void split_coordinates(const double* from, Index count, double centre, double inverse, float* high,
                       float* low) {
  simd::active_loops<CoordinateLoops>().split(from, count, centre, inverse, high, low);
}

void pair_sums_split(const AnyKernel& kernel, const TargetArrays<float>& targets,
                     const LowParts<float>& target_low, const SourceArrays<float>& sources,
                     const LowParts<float>& source_low, const CloseGuard& close, const ResultLayout& results,
                     float* const* parts) {
  kernel.pair_loops().split.one_sided[pair_task(sources.kind, results)](kernel.state(), targets, target_low,
                                                                        sources, source_low, close, parts);
}

void pair_potential_split(const AnyKernel& kernel, const TargetArrays<float>& targets,
                          const LowParts<float>& target_low, const SourceArrays<float>& sources,
                          const LowParts<float>& source_low, const CloseGuard& close, float* potential) {
  pair_sums_split(kernel, targets, target_low, sources, source_low, close, {1, 0}, &potential);
}

void pair_gradient_split(const AnyKernel& kernel, const TargetArrays<float>& targets,
                         const LowParts<float>& target_low, const SourceArrays<float>& sources,
                         const LowParts<float>& source_low, const CloseGuard& close, float* potential,
                         float* gx, float* gy, float* gz) {
  float* const parts[] = {potential, gx, gy, gz};
  pair_sums_split(kernel, targets, target_low, sources, source_low, close, {1, 1}, parts);
}

void pair_symmetric(const AnyKernel& kernel, const SymmetricArrays<double>& a,
                    const SymmetricArrays<double>& b, double scale) {
  kernel.pair_loops().symmetric.loops[pair_task(a.kind, a.results.layout)](kernel.state(), a, b, scale);
}

void pair_symmetric_split(const AnyKernel& kernel, const SymmetricArrays<float>& a,
                          const LowParts<float>& a_low, const ResultArrays<double>& to_a,
                          const SymmetricArrays<float>& b, const LowParts<float>& b_low,
                          const CloseGuard& close) {
  kernel.pair_loops().split.symmetric[pair_task(a.kind, to_a.layout)](kernel.state(), a, a_low, to_a, b,
                                                                      b_low, close);
}

void pair_symmetric_leaf_frame(const AnyKernel& kernel, const LeafFrameArrays& points,
                               const ResultArrays<double>& sums, const LeafFrame& leaf,
                               const LeafFramePartner* partners, Index partner_count, bool estimate,
                               const ClosePairs& close) {
  kernel.pair_loops().leaf_frame[estimate].loops[pair_task(points.kind, sums.layout)](
      kernel.state(), points, sums, leaf, partners, partner_count, close);
}

void pair_self_leaf_frame(const AnyKernel& kernel, const LeafFrameArrays& points,
                          const ResultArrays<double>& sums, const LeafFrame& leaf, bool estimate,
                          const ClosePairs& close) {
  kernel.pair_loops().leaf_frame[estimate].self_loops[pair_task(points.kind, sums.layout)](
      kernel.state(), points, sums, leaf, close);
}

}  // namespace octopole

#include "kernels/any_kernel.hpp"

#include <cmath>
#include <new>
#include <type_traits>

#include "kernels/pair_loop_isa.hpp"
#include "kernels/reference_loop_isa.hpp"
#include "simd/isa.hpp"

namespace octopole {
namespace {

template <Kernel K>
PairValue at(const void* kernel, double r2, double inverse_r) {
  const K& k = *static_cast<const K*>(kernel);
  return {k.potential(r2, inverse_r), k.gradient_factor(r2, inverse_r)};
}

template <Kernel K>
void potentials(const void* kernel, Index count, const double* dx, const double* dy, const double* dz,
                double* values) {
  const K& k = *static_cast<const K*>(kernel);
  for (Index i = 0; i < count; ++i) {
    const double r2 = dx[i] * dx[i] + dy[i] * dy[i] + dz[i] * dz[i];
    values[i] = k.potential(r2, r2 > 0 ? 1 / std::sqrt(r2) : 0.0);
  }
}

template <Kernel K>
const KernelType& type_of() {
  static const KernelType type{K::name,
                               K::homogeneity,
                               K::constant,
                               at<K>,
                               potentials<K>,
                               simd::loops_by_isa<PairLoopsOf<K>>(),
                               simd::loops_by_isa<ReferenceLoopsOf<K>>()};
  return type;
}

}  // namespace

template <Kernel K>
AnyKernel::AnyKernel(const K& kernel) : type_(&type_of<K>()) {
  static_assert(std::is_trivially_copyable_v<K> && sizeof(K) <= kStateBytes && alignof(K) <= alignof(double));
  ::new (static_cast<void*>(state_)) K(kernel);
}

const PairLoops& AnyKernel::pair_loops() const {
  return type_->pair_loops[static_cast<int>(simd::active_isa())];
}

const ReferenceLoops& AnyKernel::reference_loops() const {
  return type_->reference_loops[static_cast<int>(simd::active_isa())];
}

// The list of kernels; each also has its loops instantiated in pair_loop_isa.cpp and reference_loop_isa.cpp.
template AnyKernel::AnyKernel(const Laplace&);

}  // namespace octopole

// The vectorised sum over pairs: the subroutine of P2P, P2M, P2L, M2P and L2P.
#pragma once

#include <string_view>

#include "octopole/base/types.hpp"
#include "octopole/kernels/kernel.hpp"

namespace octopole {

/// Sources in structure-of-arrays form; no alignment or padding is asked for.
template <class Real>
struct SourceArrays {
  const Real* x;
  const Real* y;
  const Real* z;
  const Real* charge;
  Index count;
};

template <class Real>
struct TargetArrays {
  const Real* x;
  const Real* y;
  const Real* z;
  Index count;
};

/// potential[i] += sum_j f(x_i - y_j) q_j for every target i, without the kernel's constant. Coincident
/// points contribute nothing. Vectorised over targets with the widest instructions that the machine has
/// (simd::active_isa()); the order of the sum over j does not depend on them. Single-threaded.
template <class K, class Real>
void pair_potential(const K& kernel, const TargetArrays<Real>& targets, const SourceArrays<Real>& sources,
                    Real* potential);

/// As pair_potential, and adds the gradient with respect to the target to gx, gy, gz.
template <class K, class Real>
void pair_gradient(const K& kernel, const TargetArrays<Real>& targets, const SourceArrays<Real>& sources,
                   Real* potential, Real* gx, Real* gy, Real* gz);

}  // namespace octopole

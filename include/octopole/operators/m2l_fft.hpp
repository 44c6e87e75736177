// M2L as a convolution on the surface grid, by FFT.
#pragma once

#include <span>

#include "octopole/base/aligned.hpp"
#include "octopole/operators/translations.hpp"
#include "octopole/operators/views.hpp"

namespace octopole {

/// The kernel's transforms: a (2p - 1)^3 grid holds every difference of two points of the p^3 grid exactly
/// once, so that a circular convolution is the linear one.
template <class Real>
struct M2lFft {
  int order = 0;
  Index frequencies = 0;  // complex numbers a transform: (2p - 1)^2 p
  // (frequencies, 343, 2): re and im of the transform of transfer vector (tx, ty, tz), target centre minus
  // source centre in node sides, at index (tx + 3) + 7 (ty + 3) + 49 (tz + 3); 0 for adjacent nodes.
  AlignedVector<Real> transforms;

  template <class F>
  void for_each_array(F&& f) {
    f("m2l_fft", transforms);
  }
};

template <Kernel K, class Real>
M2lFft<Real> make_m2l_fft(const K& kernel, const OperatorKey& key);

/// Adds the potential of all V-list multipoles to the downward check potentials of the children of `parents`
/// (all of one level) that have targets. Memory besides the arguments stays under about `workspace_bytes`
/// where one parent's needs allow it. Threaded; results do not depend on the threads or on workspace_bytes.
template <class Real>
void m2l_fft(const M2lFft<Real>& op, const Translations<Real>& t, std::span<const NodeIndex> parents,
             const SiblingView& nodes, const Real* multipoles, CheckRowsOf<Real> checks,
             std::size_t workspace_bytes = std::size_t{512} << 20);

}  // namespace octopole

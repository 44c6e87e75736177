// The precomputed matrices of the kernel-independent FMM, on the reference node (centre 0, half side 1).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/aligned.hpp"
#include "base/types.hpp"
#include "octopole/kernels.hpp"
#include "octopole/options.hpp"
#include "operators/surface.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Scale-free translation operators. Multipoles and locals are equivalent densities in the unit of the
/// charges; check potentials are those of the node scaled to half side 1, without the kernel's constant. In
/// these units a homogeneous kernel has one operator set for all levels, and operators contain no scale
/// factor. Matrices are column-major, as in BLAS.
template <class Real>
struct Translations {
  OperatorKey key;
  Surface<Real> upward_equivalent, upward_check, downward_equivalent, downward_check;
  // Check-to-equivalent as two factors: density = second * (first * potential).
  Index upward_rank = 0, downward_rank = 0;
  AlignedVector<Real> upward_first, upward_second;      // (rank x upward_check), (equivalent x rank)
  AlignedVector<Real> downward_first, downward_second;  // (rank x downward_check), (equivalent x rank)
  // M2M and L2L of octant 0; the other octants are its mirror images (see `mirror`).
  AlignedVector<Real> m2m, l2l;  // (equivalent x equivalent)
  // mirror[o][i]: index in octant 0's problem of surface point i of octant o's problem; an involution on the
  // equivalent surface.
  std::array<std::vector<std::int32_t>, 8> mirror;

  Index equivalent_size() const { return upward_equivalent.size(); }
  Index upward_check_size() const { return upward_check.size(); }
  Index downward_check_size() const { return downward_check.size(); }

  /// Calls f(name, vector&) for every array that is computed, not set by lay_out_surfaces: the arrays that a
  /// database stores. Sizes follow from the key and the two ranks.
  template <class F>
  void for_each_array(F&& f) {
    f("upward_first", upward_first);
    f("upward_second", upward_second);
    f("downward_first", downward_first);
    f("downward_second", downward_second);
    f("m2m", m2m);
    f("l2l", l2l);
  }
};

/// Relative truncation of the pseudo-inverses: pinv_tolerance, or if that is 0 the default, chosen by errors
/// of the whole chain of operators: 3e-14 in double (with 1e-14 errors are 2 times larger at order 10, with
/// 1e-13 1.5 times from order 12 on), 3e-8 in single precision (no difference from 1e-9 to 1e-7).
double effective_pinv_tolerance(const OperatorKey& key);

/// Builds the operators of `key` for the kernel, in double throughout, then rounds to Real. Threaded.
template <class Real>
Translations<Real> make_translations(const AnyKernel& kernel, const OperatorKey& key);

/// Sets the surfaces and mirrors of `key` in `t` (the part of make_translations before the numerical work).
template <class Real>
void lay_out_surfaces(const OperatorKey& key, Translations<Real>& t);

}  // namespace octopole
#pragma GCC visibility pop

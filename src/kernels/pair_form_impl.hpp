// What a pair of points adds to the results at both of them, by kernel and task: the body of all pair loops.
// Included by the units of kernels only (pair_loop_impl.hpp).
#pragma once

#include "kernels/derivatives.hpp"
#include "kernels/pair_loop_isa.hpp"
#include "simd/vec.hpp"

namespace octopole {
namespace {

// A form has the numbers of a point's strengths and results, their units, and add(). add() takes the
// difference d of points a and b, r2 = |d|^2 and inverse_r = 1 / |d|, adds to `to_a` the results at a due to
// the strengths of b and, with Both, to `to_b` those at b due to the strengths of a.

/// Scalar kernels: charges, dipoles or both; the potential and its derivatives up to `order`, in the parts of
/// kernels/derivatives.hpp. With Opposite, the dipoles of b have the opposite sign.
template <class K, SourceKind kind, int order>
struct ScalarForm {
  using KernelType = K;
  static constexpr SourceParts kParts{kind};
  static constexpr int kStrengths = kParts.count(), kResults = kPartsUpTo[order];
  static constexpr bool kCharges = kind != SourceKind::dipoles, kDipoles = kind != SourceKind::charges;
  static_assert(!kDipoles || order == 0, "derivatives of dipoles are summed by tiles");

  /// Exponent of the unit of length in a strength, and negative exponent in a result relative to the first.
  static constexpr int length_of_strength(int strength) { return order_of_part(kParts.first + strength); }
  static constexpr int order_of_result(int part) { return order_of_part(part); }

  template <bool Both, bool Opposite = false, class V>
  OCTOPOLE_INLINE static void add(const K& kernel, const V (&d)[3], const V& r2, const V& inverse_r,
                                  const V (&of_a)[kStrengths], const V (&of_b)[kStrengths],
                                  V (&to_a)[kResults], V (&to_b)[kResults]) {
    if constexpr (kCharges) {
      const V value = kernel.potential(r2, inverse_r);
      to_a[0] += value * of_b[0];
      if constexpr (Both) to_b[0] += value * of_a[0];
    }
    // Most kernels fall with r: with the sign turned, their factor needs no negation.
    if constexpr (kDipoles) {
      constexpr int p = kCharges ? 1 : 0;  // the first component of dipoles among the strengths
      const V falling = -kernel.gradient_factor(r2, inverse_r);
      const V g = Opposite ? V(-falling) : falling;
      to_a[0] += g * (d[0] * of_b[p] + d[1] * of_b[p + 1] + d[2] * of_b[p + 2]);
      if constexpr (Both) to_b[0] -= falling * (d[0] * of_a[p] + d[1] * of_a[p + 1] + d[2] * of_a[p + 2]);
    }
    if constexpr (order >= 1) {
      const V g = -kernel.gradient_factor(r2, inverse_r);
      const V ga = g * of_b[0];
      to_a[1] -= ga * d[0];
      to_a[2] -= ga * d[1];
      to_a[3] -= ga * d[2];
      if constexpr (Both) {
        const V gb = g * of_a[0];
        to_b[1] += gb * d[0];
        to_b[2] += gb * d[1];
        to_b[3] += gb * d[2];
      }
      if constexpr (order >= 2) {
        V second[6];
        second_derivatives(V(-g), kernel.hessian_factor(r2, inverse_r), V(d[0] * inverse_r),
                           V(d[1] * inverse_r), V(d[2] * inverse_r), second);
#pragma GCC unroll 8
        for (int c = 0; c < 6; ++c) {
          to_a[4 + c] += second[c] * of_b[0];
          if constexpr (Both) to_b[4 + c] += second[c] * of_a[0];
        }
      }
    }
  }
};

/// Vector kernels: three strengths, and the results of vector_layout().
template <class K, int task>
struct VectorForm {
  using KernelType = K;
  static constexpr ResultLayout kLayout = vector_layout(task, K::has_pressure);
  static constexpr int kStrengths = 3, kResults = kLayout.count();
  static constexpr int length_of_strength(int) { return 0; }
  static constexpr int order_of_result(int result) { return kLayout.order_of(result); }

  template <bool Both, bool Opposite = false, class V>
  OCTOPOLE_INLINE static void add(const K& kernel, const V (&d)[3], const V&, const V& inverse_r,
                                  const V (&of_a)[3], const V (&of_b)[3], V (&to_a)[kResults],
                                  V (&to_b)[kResults]) {
    add_side(kernel, d, inverse_r, of_b, of_b, to_a);
    if constexpr (Both) {
      const V opposite[3] = {-of_a[0], -of_a[1], -of_a[2]};
      if constexpr (K::parity > 0)
        add_side(kernel, d, inverse_r, of_a, opposite, to_b);
      else
        add_side(kernel, d, inverse_r, opposite, of_a, to_b);
    }
  }

 private:
  /// Pressure and derivatives have the opposite parity, and take strengths of their own.
  template <class V>
  OCTOPOLE_INLINE static void add_side(const K& kernel, const V (&d)[3], const V& inverse_r, const V (&f)[3],
                                       const V (&of_derivatives)[3], V (&to)[kResults]) {
    kernel.add(d, inverse_r, f, to);
    if constexpr (kLayout.pressure)
      kernel.add_pressure(d, inverse_r, of_derivatives, to + kLayout.first_of_pressure());
    if constexpr (kLayout.order >= 1)
      kernel.add_gradient(d, inverse_r, of_derivatives, to + kLayout.first_of_gradient());
  }
};

/// The form of a kernel's task (pair_loop_isa.hpp).
template <class K, int task>
struct PairForm;
template <Kernel K, int task>
struct PairForm<K, task> : ScalarForm<K, kPairTasks[task].kind, kPairTasks[task].order> {};
template <VectorKernel K, int task>
struct PairForm<K, task> : VectorForm<K, task> {};

/// Vectors of points that are processed together, and points of b whose sums per lane fit in or near the L1
/// cache: a multiple of the number of lanes of every instruction set.
template <class Form>
inline constexpr int kFormWidth = Form::kResults < 10 ? 2 : 1;
template <class Form>
inline constexpr Index kFormPiece = Form::kResults < 10 ? 128 : 32;

}  // namespace
}  // namespace octopole

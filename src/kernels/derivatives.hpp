// Partial derivatives of a kernel up to third order: their order in arrays, and the parts of strengths and
// results that they connect.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

#include "octopole/kernels.hpp"

namespace octopole {

/// Maximum order of the derivatives of a kernel: the Hessian of dipoles.
inline constexpr int kMaxDerivative = 3;

/// Number of distinct partial derivatives up to each order. They are called parts: 0 is the value, 1 to 3 are
/// x y z, 4 to 9 xx xy xz yy yz zz, 10 to 19 xxx xxy xxz xyy xyz xzz yyy yyz yzz zzz.
inline constexpr std::array<int, kMaxDerivative + 1> kPartsUpTo = {1, 4, 10, 20};

/// The first part of an order.
constexpr int first_part(int order) {
  return order == 0 ? 0 : kPartsUpTo[static_cast<std::size_t>(order - 1)];
}

constexpr int order_of_part(int part) {
  return part == 0 ? 0 : part < 4 ? 1 : part < 10 ? 2 : 3;
}

/// The part that differentiates part `a` by the axes of part `b` as well; the orders add up to at most
/// kMaxDerivative.
constexpr int product_of_parts(int a, int b) {
  // Within an order, parts ascend with the number of axes that are not x, then with that of z.
  int order = 0, beyond_x = 0, z = 0;
  for (const int part : {a, b}) {
    int at = part - first_part(order_of_part(part)), others = 0;
    while (at > others) at -= ++others;
    order += order_of_part(part);
    beyond_x += others;
    z += at;
  }
  return first_part(order) + beyond_x * (beyond_x + 1) / 2 + z;
}
static_assert(product_of_parts(0, 0) == 0 && product_of_parts(1, 1) == 4 && product_of_parts(2, 3) == 8 &&
              product_of_parts(6, 2) == 14 && product_of_parts(9, 3) == 19);

/// The parts of sources: a charge is part 0, the components of a dipole are parts 1 to 3.
struct SourceParts {
  int first, end;
  constexpr explicit SourceParts(SourceKind kind)
      : first(kind == SourceKind::dipoles ? 1 : 0), end(kind == SourceKind::charges ? 1 : 4) {}
  constexpr int count() const { return end - first; }
  constexpr int order() const { return end > 1 ? 1 : 0; }  ///< of the highest derivative
};

/// Order of the highest derivative in an output.
constexpr int order_of(Output output) {
  return output == Output::potential_gradient_and_hessian ? 2
         : output == Output::potential_and_gradient       ? 1
                                                          : 0;
}

/// Numbers per source: of scalar kernels charges, dipoles or both, of vector kernels three.
struct StrengthLayout {
  int components = 1;  ///< of the kernel's strengths: 1 or 3
  SourceKind kind = SourceKind::charges;
  constexpr int count() const { return components > 1 ? components : SourceParts(kind).count(); }
};

/// Numbers per target: of scalar kernels the derivatives up to an order; of vector kernels three, the
/// pressure, and the nine derivatives of the three.
struct ResultLayout {
  int components = 1;     ///< of the kernel's results: 1 or 3
  int order = 0;          ///< of the highest derivative
  bool pressure = false;  ///< of vector kernels
  constexpr int count() const {
    return components > 1 ? components + pressure + (order >= 1 ? 9 : 0)
                          : kPartsUpTo[static_cast<std::size_t>(order)];
  }
  /// Order of the derivative in a result; the pressure has the unit of a first derivative.
  constexpr int order_of(int result) const {
    if (components > 1) return result < components ? 0 : 1;
    return result < 4 ? order_of_part(result) : 2;
  }
  constexpr int first_of_pressure() const { return components; }
  constexpr int first_of_gradient() const { return components > 1 ? components + pressure : 1; }
};
/// Largest number of results of an evaluation.
inline constexpr int kMaxResults = ResultLayout{3, 1, true}.count();

/// The results of an output of a kernel with this number of components, and perhaps a pressure.
constexpr ResultLayout layout_of(int components, bool has_pressure, Output output) {
  return {components, order_of(output), has_pressure && output != Output::potential};
}
inline ResultLayout layout_of(const AnyKernel& kernel, Output output) {
  return layout_of(kernel.components(), kernel.has_pressure(), output);
}

// The derivatives of each order from the unit vector n = (x, y, z) of a pair's difference, in numbers or
// vectors.

/// The Hessian h n n^T + g.
template <class V>
[[gnu::always_inline]] inline void second_derivatives(const V& g, const V& h, const V& x, const V& y,
                                                      const V& z, V (&to)[6]) {
  const V hx = h * x, hy = h * y, hz = h * z;
  to[0] = hx * x + g;
  to[1] = hx * y;
  to[2] = hx * z;
  to[3] = hy * y + g;
  to[4] = hy * z;
  to[5] = hz * z + g;
}

/// The third derivatives t n_i n_j n_k + w (delta_ij n_k + delta_ik n_j + delta_jk n_i).
template <class V>
[[gnu::always_inline]] inline void third_derivatives(const V& t, const V& w, const V& x, const V& y,
                                                     const V& z, V (&to)[10]) {
  const V w3 = w + w + w, xx = t * x * x, yy = t * y * y, zz = t * z * z;
  to[0] = x * (xx + w3);
  to[1] = y * (xx + w);
  to[2] = z * (xx + w);
  to[3] = x * (yy + w);
  to[4] = t * x * y * z;
  to[5] = x * (zz + w);
  to[6] = y * (yy + w3);
  to[7] = z * (yy + w);
  to[8] = y * (zz + w);
  to[9] = z * (zz + w3);
}

/// All derivatives of a pair up to third order, without the constant, from the difference d of its points.
inline std::array<double, 20> derivatives_of(const RadialFactors& f, const std::array<double, 3>& d,
                                             double inverse_r) {
  const double x = d[0] * inverse_r, y = d[1] * inverse_r, z = d[2] * inverse_r;
  const double g = f.gradient_factor, h = f.hessian_factor;
  double second[6], third[10];
  second_derivatives(g, h, x, y, z, second);
  third_derivatives(f.third_factor, h * inverse_r, x, y, z, third);
  std::array<double, 20> all{f.potential, g * d[0], g * d[1], g * d[2]};
  std::copy(std::begin(second), std::end(second), all.begin() + 4);
  std::copy(std::begin(third), std::end(third), all.begin() + 10);
  return all;
}

}  // namespace octopole

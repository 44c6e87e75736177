// Partial derivatives of a kernel up to third order: their order in arrays, and the parts of strengths and
// results that they connect.
#pragma once

#include <array>
#include <cstddef>

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
  return output == Output::potential ? 0 : output == Output::potential_and_gradient ? 1 : 2;
}

/// All derivatives of a pair up to third order, without the constant, from the difference d of its points.
inline std::array<double, 20> derivatives_of(const RadialFactors& f, const std::array<double, 3>& d,
                                             double inverse_r) {
  const double x = d[0] * inverse_r, y = d[1] * inverse_r, z = d[2] * inverse_r;
  const double g = f.gradient_factor, h = f.hessian_factor, t = f.third_factor, w = h * inverse_r;
  return {f.potential,
          g * d[0],
          g * d[1],
          g * d[2],
          h * x * x + g,
          h * x * y,
          h * x * z,
          h * y * y + g,
          h * y * z,
          h * z * z + g,
          x * (t * x * x + 3 * w),
          y * (t * x * x + w),
          z * (t * x * x + w),
          x * (t * y * y + w),
          t * x * y * z,
          x * (t * z * z + w),
          y * (t * y * y + 3 * w),
          z * (t * y * y + w),
          y * (t * z * z + w),
          z * (t * z * z + 3 * w)};
}

}  // namespace octopole

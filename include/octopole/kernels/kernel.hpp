// What a kernel is.
#pragma once

#include <concepts>
#include <string_view>

#pragma GCC visibility push(default)
namespace octopole {

/// A kernel K(x, y) = constant * f(x - y) of the difference vector alone, with scalar sources and targets.
/// `potential` and `gradient_factor` are written once, for scalars and for SIMD vectors alike: of the
/// difference d they receive the squared length r2 and 1/|d| (0 where d = 0, so that coincident points
/// contribute nothing). The gradient is with respect to the target x: the factor g is such that grad f = g *
/// d.
template <class K>
concept Kernel = requires(const K kernel, double v) {
  { K::name } -> std::convertible_to<std::string_view>;
  { K::homogeneity } -> std::convertible_to<int>;  // f(s d) = s^homogeneity f(d)
  { K::constant } -> std::convertible_to<double>;
  { kernel.potential(v, v) } -> std::same_as<double>;        // (r2, inverse_r)
  { kernel.gradient_factor(v, v) } -> std::same_as<double>;  // (r2, inverse_r)
};

}  // namespace octopole
#pragma GCC visibility pop

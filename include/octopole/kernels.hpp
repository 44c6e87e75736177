// The concept of a kernel, and the kernels of the library.
#pragma once

#include <concepts>
#include <numbers>
#include <string_view>

#pragma GCC visibility push(default)
namespace octopole {

/// A kernel K(x, y) = constant * f(d), with d = x - y. Its functions take r2 = |d|^2 and inverse_r = 1 / |d|,
/// or 0 for coincident points.
template <class K>
concept Kernel = requires(const K kernel, double v) {
  { K::name } -> std::convertible_to<std::string_view>;
  { K::homogeneity } -> std::convertible_to<int>;  ///< f(s d) = s^homogeneity f(d)
  { K::constant } -> std::convertible_to<double>;
  { kernel.potential(v, v) } -> std::same_as<double>;        ///< f(d)
  { kernel.gradient_factor(v, v) } -> std::same_as<double>;  ///< grad f(d) = factor * d
};

/// Free-space Green's function of -Laplace in three dimensions: K(x, y) = 1 / (4 pi |x - y|). V is double or
/// a vector of numbers; the functions leave out `constant`.
struct Laplace {
  static constexpr std::string_view name = "laplace";
  static constexpr int homogeneity = -1;
  static constexpr double constant = 0.25 * std::numbers::inv_pi;

  /// 1 / r.
  template <class V>
  V potential(const V&, const V& inverse_r) const {
    return inverse_r;
  }
  /// -1 / r^3: the gradient with respect to x is this times x - y.
  template <class V>
  V gradient_factor(const V&, const V& inverse_r) const {
    return -(inverse_r * inverse_r * inverse_r);
  }
  /// Length of the gradient, 1 / r^2, for reference_sums.
  template <class V>
  V gradient_length(const V&, const V& inverse_r) const {
    return inverse_r * inverse_r;
  }
};
static_assert(Kernel<Laplace>);

}  // namespace octopole
#pragma GCC visibility pop

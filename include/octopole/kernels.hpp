// Kernels: what one is, and those that there are.
#pragma once

#include <concepts>
#include <numbers>
#include <string_view>

#pragma GCC visibility push(default)
namespace octopole {

template <class K>
concept Kernel = requires(const K kernel, double v) {
  { K::name } -> std::convertible_to<std::string_view>;
  { K::homogeneity } -> std::convertible_to<int>;  ///< f(s d) = s^homogeneity f(d)
  { K::constant } -> std::convertible_to<double>;
  { kernel.potential(v, v) } -> std::same_as<double>;        ///< (r2, inverse_r)
  { kernel.gradient_factor(v, v) } -> std::same_as<double>;  ///< (r2, inverse_r)
};

/// Free-space Green's function of -Laplace in three dimensions: K(x, y) = 1 / (4 pi |x - y|).
struct Laplace {
  static constexpr std::string_view name = "laplace";
  static constexpr int homogeneity = -1;
  static constexpr double constant = 0.25 * std::numbers::inv_pi;

  template <class V>
  V potential(const V&, const V& inverse_r) const {
    return inverse_r;
  }
  template <class V>
  V gradient_factor(const V&, const V& inverse_r) const {
    return -(inverse_r * inverse_r * inverse_r);
  }
  /// The length of the gradient, for reference_sums.
  template <class V>
  V gradient_length(const V&, const V& inverse_r) const {
    return inverse_r * inverse_r;
  }
};
static_assert(Kernel<Laplace>);

}  // namespace octopole
#pragma GCC visibility pop

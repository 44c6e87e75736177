// The concepts of scalar and vector kernels, the kernels of the library, and any of them as one type.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <numbers>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "octopole/options.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Functions of the lanes of a vector that kernels may call, in simd/math.hpp; V is a vector of GCC's vector
/// extensions. The overloads for numbers have the same bits on all processors.
namespace simd {
/// e^-x for x >= 0, with a relative error of at most 1e-13 in double and 2e-7 + 1e-7 x in single precision; 0
/// where it is below the smallest normal number, and for NaN.
template <class V>
V decay(const V& x);
double decay(double x);
}  // namespace simd

/// A parameter as a number or a vector with equal lanes.
template <class V>
V parameter(double value) {
  if constexpr (std::is_floating_point_v<V>)
    return static_cast<V>(value);
  else
    return V{} + static_cast<std::remove_cvref_t<decltype(V{}[0])>>(value);
}

/// A kernel K(x, y) = constant * f(d), with d = x - y. Its functions take r2 = |d|^2 and inverse_r = 1 / |d|,
/// or 0 for coincident points, as double or as vectors; they leave out `constant`. Parameters are members;
/// the kernel whose lengths are measured in another unit is a kernel of the same type.
template <class K>
concept Kernel = requires(const K kernel, double v) {
  { K::name } -> std::convertible_to<std::string_view>;
  { K::homogeneity } -> std::convertible_to<int>;
  { K::scale_free } -> std::convertible_to<bool>;  ///< whether in_units_of returns the kernel itself
  { K::constant } -> std::convertible_to<double>;
  /// Arithmetic of a pair's potential relative to Laplace's: {potential alone, with gradient}, measured.
  { K::pair_cost } -> std::convertible_to<std::array<double, 2>>;
  { kernel.in_units_of(v) } -> std::same_as<K>;  ///< g with f(s d) = s^homogeneity g(d) for the length s
  /// The kernel from which operators of a node with half side 1 are made: itself, or one that differs only
  /// where both are below any error beyond the node's neighbours, if operators of the kernel would over- or
  /// underflow.
  { kernel.for_operators() } -> std::same_as<K>;
  /// lambda >= 0 where f solves (laplacian - lambda^2) f = 0 away from the source, in the inverse of its
  /// lengths.
  { kernel.decay_rate() } -> std::same_as<double>;
  { kernel.parameters() } -> std::convertible_to<std::array<double, kKernelParameters>>;
  { K::parameter_names } -> std::convertible_to<std::span<const std::string_view>>;
  { K::with_parameters(kernel.parameters()) } -> std::same_as<K>;
  { kernel.potential(v, v) } -> std::same_as<double>;        ///< f(d)
  { kernel.gradient_factor(v, v) } -> std::same_as<double>;  ///< f' / r: grad f(d) = factor * d
  /// f'' - f' / r: the Hessian is this times n n^T, with n = d / r, plus gradient_factor times the identity.
  { kernel.hessian_factor(v, v) } -> std::same_as<double>;
  /// f^(3) - 3 f'' / r + 3 f' / r^2: the third derivative d_i d_j d_k f is this times n_i n_j n_k, plus
  /// hessian_factor / r times (delta_ij n_k + delta_ik n_j + delta_jk n_i).
  { kernel.third_factor(v, v) } -> std::same_as<double>;
};

/// Free-space Green's function of -Laplace in three dimensions: K(x, y) = 1 / (4 pi |x - y|).
struct Laplace {
  static constexpr std::string_view name = "laplace";
  static constexpr int homogeneity = -1;
  static constexpr bool scale_free = true;
  static constexpr double constant = 0.25 * std::numbers::inv_pi;
  static constexpr std::array<double, 2> pair_cost{1, 1};
  static constexpr std::array<std::string_view, 0> parameter_names{};

  Laplace in_units_of(double) const { return {}; }
  Laplace for_operators() const { return {}; }
  double decay_rate() const { return 0; }
  std::array<double, kKernelParameters> parameters() const { return {}; }
  static Laplace with_parameters(const std::array<double, kKernelParameters>&) { return {}; }
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
  /// 3 / r^3.
  template <class V>
  V hessian_factor(const V&, const V& inverse_r) const {
    return parameter<V>(3) * (inverse_r * inverse_r * inverse_r);
  }
  /// -15 / r^4.
  template <class V>
  V third_factor(const V&, const V& inverse_r) const {
    const V squared = inverse_r * inverse_r;
    return parameter<V>(-15) * (squared * squared);
  }
  /// Length of the gradient, 1 / r^2, for reference_sums.
  template <class V>
  V gradient_length(const V&, const V& inverse_r) const {
    return inverse_r * inverse_r;
  }
};
static_assert(Kernel<Laplace>);

/// Free-space Green's function of lambda^2 - Laplace in three dimensions, the screened Coulomb potential:
/// K(x, y) = exp(-lambda |x - y|) / (4 pi |x - y|). With lambda = 0 its values are those of Laplace.
struct Yukawa {
  static constexpr std::string_view name = "yukawa";
  static constexpr int homogeneity = -1;
  static constexpr bool scale_free = false;
  static constexpr double constant = 0.25 * std::numbers::inv_pi;
  static constexpr std::array<double, 2> pair_cost{2.3, 1.85};
  static constexpr std::array<std::string_view, 1> parameter_names{"screening"};

  /// lambda: the inverse of the screening length, in the inverse of the points' unit; finite, not negative.
  double screening = 1;

  Yukawa in_units_of(double length) const { return {screening * length}; }
  /// Check potentials are e^(-2 lambda) of the charges or less, and inverses have the reciprocal: at 30, both
  /// are within the range of floats, and M2L transfers e^-57 of a charge or less.
  Yukawa for_operators() const { return {screening < 30 ? screening : 30}; }
  double decay_rate() const { return screening; }
  std::array<double, kKernelParameters> parameters() const { return {screening}; }
  static Yukawa with_parameters(const std::array<double, kKernelParameters>& p) { return {p[0]}; }
  /// exp(-lambda r) / r.
  template <class V>
  V potential(const V& r2, const V& inverse_r) const {
    return inverse_r * decayed(r2, inverse_r);
  }
  /// -(lambda + 1 / r) exp(-lambda r) / r^2.
  template <class V>
  V gradient_factor(const V& r2, const V& inverse_r) const {
    return -(inverse_r * inverse_r * (inverse_r + parameter<V>(screening)) * decayed(r2, inverse_r));
  }
  /// (3 + 3 a + a^2) exp(-a) / r^3, with a = lambda r.
  template <class V>
  V hessian_factor(const V& r2, const V& inverse_r) const {
    const V a = parameter<V>(screening) * (r2 * inverse_r), three = parameter<V>(3);
    return inverse_r * inverse_r * inverse_r * (three + a * (three + a)) * decayed(r2, inverse_r);
  }
  /// -(15 + 15 a + 6 a^2 + a^3) exp(-a) / r^4.
  template <class V>
  V third_factor(const V& r2, const V& inverse_r) const {
    const V a = parameter<V>(screening) * (r2 * inverse_r), fifteen = parameter<V>(15);
    const V squared = inverse_r * inverse_r;
    return -(squared * squared * (fifteen + a * (fifteen + a * (parameter<V>(6) + a))) *
             decayed(r2, inverse_r));
  }
  template <class V>
  V gradient_length(const V& r2, const V& inverse_r) const {
    return inverse_r * (inverse_r + parameter<V>(screening)) * decayed(r2, inverse_r);
  }

 private:
  template <class V>
  V decayed(const V& r2, const V& inverse_r) const {
    return simd::decay(V(parameter<V>(screening) * (r2 * inverse_r)));
  }
};

/// How a vector kernel is composed of potentials of Laplace's kernel without its constant. With phi_j(x) =
/// sum f_j / r and psi(x) = sum (y . f) / r over sources at y with strengths f, where x and y are relative to
/// any common origin, u_i = a phi_i - b (sum_j x_j d_i phi_j - d_i psi) + c (curl phi)_i in units of the
/// kernel's constant, because r_i (r . f) / r^3 = -(r . f) d_i (1 / r). Four columns of charges; or three if
/// b = 0, and then also a = 0, else c = 0.
struct HarmonicColumns {
  double a = 0, b = 0, c = 0;
  int count() const { return b != 0 ? 4 : 3; }
};

/// Values of a kernel's parameter that are allowed: from low, itself included or not, to high, and finite.
struct ParameterRange {
  double low, high;
  bool includes_low;
};

/// A vector kernel u_i(x) = constant * sum_j K_ij(d) f_j, with d = x - y, for a strength f at y. Its
/// functions are those of scalar kernels, where they have the same names.
template <class K>
concept VectorKernel = requires(const K kernel, double v, const double (&from)[3], double* to) {
  { K::name } -> std::convertible_to<std::string_view>;
  { K::strengths } -> std::convertible_to<std::string_view>;  ///< names of strengths and result, in files
  { K::result } -> std::convertible_to<std::string_view>;
  { K::homogeneity } -> std::convertible_to<int>;  ///< K(s d) = s^homogeneity K(d)
  { K::parity } -> std::convertible_to<int>;       ///< K(-d) = parity K(d): 1 or -1
  { K::has_pressure } -> std::convertible_to<bool>;
  /// Time of a near pair relative to Laplace's potential: {both sides at once, one side}, measured.
  { K::pair_cost } -> std::convertible_to<std::array<double, 2>>;
  { kernel.constant() } -> std::convertible_to<double>;
  { kernel.columns() } -> std::same_as<HarmonicColumns>;
  { kernel.parameters() } -> std::convertible_to<std::array<double, kKernelParameters>>;
  { K::parameter_names } -> std::convertible_to<std::span<const std::string_view>>;
  { K::parameter_ranges } -> std::convertible_to<std::span<const ParameterRange>>;
  { K::with_parameters(kernel.parameters()) } -> std::same_as<K>;
  /// Of kernels with a pressure: that of the force is this times constant() times what add_pressure adds.
  { kernel.pressure_factor() } -> std::convertible_to<double>;
  /// Add to three, nine and one number due to f, with d, 1 / r and f as arguments: K(d) f; its derivatives
  /// d u_i / d x_k, at 3 i + k; and the pressure.
  { kernel.add(from, v, from, to) } -> std::same_as<void>;
  { kernel.add_gradient(from, v, from, to) } -> std::same_as<void>;
  { kernel.add_pressure(from, v, from, to) } -> std::same_as<void>;
};

/// Adds direct * f + d (d . f) / r^3 to u, the form of Stokes and elasticity. Cubes of 1 / r may overflow.
template <class V>
[[gnu::always_inline]] inline void add_point_force(const V& direct, const V (&d)[3], const V& inverse_r,
                                                   const V (&f)[3], V* u) {
  const V x = d[0] * inverse_r, y = d[1] * inverse_r, z = d[2] * inverse_r;
  const V along = (x * f[0] + y * f[1] + z * f[2]) * inverse_r;
  u[0] += direct * f[0];
  u[1] += direct * f[1];
  u[2] += direct * f[2];
  u[0] += along * x;
  u[1] += along * y;
  u[2] += along * z;
}

/// Adds the derivatives of direct * f / r + d (d . f) / r^3 to g.
template <class V>
[[gnu::always_inline]] inline void add_point_force_gradient(const V& direct, const V (&d)[3],
                                                            const V& inverse_r, const V (&f)[3], V* g) {
  // With n = d / r: (n_i f_k - direct f_i n_k + n . f (delta_ik - 3 n_i n_k)) / r^2.
  const V n[3] = {d[0] * inverse_r, d[1] * inverse_r, d[2] * inverse_r}, square = inverse_r * inverse_r;
  const V along = (n[0] * f[0] + n[1] * f[1] + n[2] * f[2]) * square, three = parameter<V>(3) * along;
  const V force[3] = {f[0] * square, f[1] * square, f[2] * square};
#pragma GCC unroll 3
  for (int i = 0; i < 3; ++i) {
    const V own = direct * force[i];
#pragma GCC unroll 3
    for (int k = 0; k < 3; ++k) g[3 * i + k] += n[i] * (force[k] - three * n[k]) - own * n[k];
    g[4 * i] += along;
  }
}

/// Free-space Green's function of the Stokes equations, the Stokeslet: the velocity at x of a fluid on which
/// the force f acts at y, u = (f / r + d (d . f) / r^3) / (8 pi viscosity), and its pressure
/// p = d . f / (4 pi r^3).
struct Stokes {
  static constexpr std::string_view name = "stokes", strengths = "forces", result = "velocity";
  static constexpr int homogeneity = -1, parity = 1;
  static constexpr bool has_pressure = true;
  static constexpr std::array<double, 2> pair_cost{2.5, 2.5};
  static constexpr std::array<std::string_view, 1> parameter_names{"viscosity"};
  static constexpr std::array<ParameterRange, 1> parameter_ranges{{{1e-300, 1e300, true}}};

  double viscosity = 1;  ///< dynamic viscosity; positive

  double constant() const { return 0.125 * std::numbers::inv_pi / viscosity; }
  HarmonicColumns columns() const { return {1, 1, 0}; }
  std::array<double, kKernelParameters> parameters() const { return {viscosity}; }
  static Stokes with_parameters(const std::array<double, kKernelParameters>& p) { return {p[0]}; }
  double pressure_factor() const { return 2 * viscosity; }
  template <class V>
  void add(const V (&d)[3], const V& inverse_r, const V (&f)[3], V* u) const {
    add_point_force(inverse_r, d, inverse_r, f, u);
  }
  template <class V>
  void add_gradient(const V (&d)[3], const V& inverse_r, const V (&f)[3], V* g) const {
    add_point_force_gradient(parameter<V>(1), d, inverse_r, f, g);
  }
  template <class V>
  void add_pressure(const V (&d)[3], const V& inverse_r, const V (&f)[3], V* p) const {
    const V x = d[0] * inverse_r, y = d[1] * inverse_r, z = d[2] * inverse_r;
    p[0] += (x * f[0] + y * f[1] + z * f[2]) * inverse_r * inverse_r;
  }
};
static_assert(VectorKernel<Stokes>);

/// Kelvin's solution of linear elasticity in an infinite solid: the displacement at x due to the force f at
/// y, u = ((3 - 4 nu) f / r + d (d . f) / r^3) / (16 pi G (1 - nu)), with shear modulus G and Poisson's ratio
/// nu.
struct Elasticity {
  static constexpr std::string_view name = "elasticity", strengths = "forces", result = "displacement";
  static constexpr int homogeneity = -1, parity = 1;
  static constexpr bool has_pressure = false;
  static constexpr std::array<double, 2> pair_cost{2.6, 2.6};
  static constexpr std::array<std::string_view, 2> parameter_names{"shear-modulus", "poisson"};
  static constexpr std::array<ParameterRange, 2> parameter_ranges{{{1e-300, 1e300, true}, {-1, 0.5, false}}};

  double shear_modulus = 1;  ///< positive
  double poisson = 0.25;     ///< Poisson's ratio, above -1 and at most 0.5

  double constant() const { return 0.0625 * std::numbers::inv_pi / (shear_modulus * (1 - poisson)); }
  HarmonicColumns columns() const { return {3 - 4 * poisson, 1, 0}; }
  std::array<double, kKernelParameters> parameters() const { return {shear_modulus, poisson}; }
  static Elasticity with_parameters(const std::array<double, kKernelParameters>& p) { return {p[0], p[1]}; }
  double pressure_factor() const { return 0; }
  template <class V>
  void add(const V (&d)[3], const V& inverse_r, const V (&f)[3], V* u) const {
    add_point_force(V(parameter<V>(3 - 4 * poisson) * inverse_r), d, inverse_r, f, u);
  }
  template <class V>
  void add_gradient(const V (&d)[3], const V& inverse_r, const V (&f)[3], V* g) const {
    add_point_force_gradient(parameter<V>(3 - 4 * poisson), d, inverse_r, f, g);
  }
  template <class V>
  void add_pressure(const V (&)[3], const V&, const V (&)[3], V*) const {}
};
static_assert(VectorKernel<Elasticity>);

/// The law of Biot and Savart: the velocity at x induced by the vorticity (times volume) w at y,
/// u = w x d / (4 pi r^3).
struct BiotSavart {
  static constexpr std::string_view name = "biot-savart", strengths = "vorticity", result = "velocity";
  static constexpr int homogeneity = -2, parity = -1;
  static constexpr bool has_pressure = false;
  static constexpr std::array<double, 2> pair_cost{2.3, 2.3};
  static constexpr std::array<std::string_view, 0> parameter_names{};
  static constexpr std::array<ParameterRange, 0> parameter_ranges{};

  double constant() const { return 0.25 * std::numbers::inv_pi; }
  HarmonicColumns columns() const { return {0, 0, 1}; }
  std::array<double, kKernelParameters> parameters() const { return {}; }
  static BiotSavart with_parameters(const std::array<double, kKernelParameters>&) { return {}; }
  double pressure_factor() const { return 0; }
  template <class V>
  void add(const V (&d)[3], const V& inverse_r, const V (&w)[3], V* u) const {
    const V g = inverse_r * inverse_r, x = g * (d[0] * inverse_r), y = g * (d[1] * inverse_r),
            z = g * (d[2] * inverse_r);
    u[0] += w[1] * z - w[2] * y;
    u[1] += w[2] * x - w[0] * z;
    u[2] += w[0] * y - w[1] * x;
  }
  template <class V>
  void add_gradient(const V (&d)[3], const V& inverse_r, const V (&w)[3], V* g) const {
    // With n = d / r: (e_ijk w_j - 3 (w x n)_i n_k) / r^3.
    const V cube = inverse_r * inverse_r * inverse_r;
    const V a[3] = {w[0] * cube, w[1] * cube, w[2] * cube};
    const V n[3] = {d[0] * inverse_r, d[1] * inverse_r, d[2] * inverse_r}, three = parameter<V>(3);
    const V turned[3] = {three * (a[1] * n[2] - a[2] * n[1]), three * (a[2] * n[0] - a[0] * n[2]),
                         three * (a[0] * n[1] - a[1] * n[0])};
#pragma GCC unroll 3
    for (int i = 0; i < 3; ++i) {
      const int j = (i + 1) % 3, k = (i + 2) % 3;
      g[3 * i + i] -= turned[i] * n[i];
      g[3 * i + j] -= turned[i] * n[j] + a[k];
      g[3 * i + k] -= turned[i] * n[k] - a[j];
    }
  }
  template <class V>
  void add_pressure(const V (&)[3], const V&, const V (&)[3], V*) const {}
};
static_assert(VectorKernel<BiotSavart>);

struct KernelType;      // kernels/any_kernel.hpp
struct PairLoops;       // kernels/pair_loop_isa.hpp
struct ReferenceLoops;  // kernels/reference_loop_isa.hpp

/// The radial functions of a pair, as the concept's functions of these names.
struct RadialFactors {
  double potential, gradient_factor, hessian_factor, third_factor;
};

/// A kernel's parameter, by its name in options and files.
struct NamedParameter {
  std::string_view name;
  double value;
};

/// A copy of a kernel of one of the types above. Functions that take an AnyKernel take any of these.
class AnyKernel {
 public:
  template <Kernel K>
  AnyKernel(const K& kernel);
  template <VectorKernel K>
  AnyKernel(const K& kernel);

  std::string_view name() const;
  int homogeneity() const;
  bool scale_free() const;
  double constant() const;
  /// As many parameters as there are names, then zeros.
  std::array<double, kKernelParameters> parameters() const;
  std::span<const std::string_view> parameter_names() const;
  /// The kernel with lengths in units of `length`, and that for operators; see the concept.
  AnyKernel in_units_of(double length) const;
  AnyKernel for_operators() const;

  /// Components of strengths and results: 1, or 3 of vector kernels.
  int components() const;
  /// Names of strengths and result: charges and potential, or those of the vector kernel.
  std::string_view strengths_name() const;
  std::string_view result_name() const;
  /// gradient, or that of the vector kernel's result: velocity_gradient, displacement_gradient.
  std::string gradient_name() const;
  /// The kernel of multipoles and locals: of vector kernels Laplace, of others the kernel itself.
  AnyKernel translation_kernel() const;
  /// Whether there is a pressure, and its factor; see the concept.
  bool has_pressure() const;
  double pressure_factor() const;
  /// Of vector kernels only.
  HarmonicColumns columns() const;
  /// Adds the results due to f at distance d to u[0..2], and unless null to the pressure and to the gradient
  /// (9 numbers), without the constant: of vector kernels only.
  void add_vector(const std::array<double, 3>& d, double inverse_r, const std::array<double, 3>& f, double* u,
                  double* pressure = nullptr, double* gradient = nullptr) const;

  /// Throws Error if a parameter is out of range.
  void check() const;

  // Of scalar kernels only:
  /// See the concept.
  double decay_rate() const;
  /// The radial functions without the constant, up to derivatives of this order; 0 beyond.
  RadialFactors at(double r2, double inverse_r, int order = 3) const;
  /// values[i] = f(dx[i], dy[i], dz[i]) without the constant, 0 for coincident points.
  void potentials(Index count, const double* dx, const double* dy, const double* dz, double* values) const;

  /// For the library: the loops of the instruction set in use, which take state() as their first argument.
  const PairLoops& pair_loops() const;
  const ReferenceLoops& reference_loops() const;
  const void* state() const { return state_; }

 private:
  friend AnyKernel named_kernel(std::string_view name, std::span<const NamedParameter> parameters);
  explicit AnyKernel(const KernelType* type) : type_(type) {}

  static constexpr std::size_t kStateBytes = 32;
  const KernelType* type_;
  alignas(double) std::byte state_[kStateBytes] = {};  // the kernel's struct
};

/// The kernel of this name. Throws Error if there is none, if it does not have one of the parameters or lacks
/// one, or if a parameter is out of range.
AnyKernel named_kernel(std::string_view name, std::span<const NamedParameter> parameters = {});
/// The names of all kernels.
std::vector<std::string_view> kernel_names();
/// The names of the parameters of a kernel. Throws Error if there is no kernel of this name.
std::span<const std::string_view> kernel_parameter_names(std::string_view name);

}  // namespace octopole
#pragma GCC visibility pop

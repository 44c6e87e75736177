#include "kernels/any_kernel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <new>
#include <type_traits>

#include "kernels/pair_loop_isa.hpp"
#include "kernels/reference_loop_isa.hpp"
#include "octopole/error.hpp"
#include "simd/isa.hpp"

namespace octopole {
namespace {

template <class K>
std::array<double, kKernelParameters> parameters(const void* kernel) {
  return static_cast<const K*>(kernel)->parameters();
}

template <class K>
void set_parameters(const std::array<double, kKernelParameters>& values, void* result) {
  ::new (result) K(K::with_parameters(values));
}

template <Kernel K>
void in_units_of(const void* kernel, double length, void* result) {
  ::new (result) K(static_cast<const K*>(kernel)->in_units_of(length));
}

template <Kernel K>
void for_operators(const void* kernel, void* result) {
  ::new (result) K(static_cast<const K*>(kernel)->for_operators());
}

template <Kernel K>
double decay_rate(const void* kernel) {
  return static_cast<const K*>(kernel)->decay_rate();
}

template <Kernel K>
RadialFactors at(const void* kernel, double r2, double inverse_r, int order) {
  const K& k = *static_cast<const K*>(kernel);
  RadialFactors f{k.potential(r2, inverse_r), 0, 0, 0};
  if (order >= 1) f.gradient_factor = k.gradient_factor(r2, inverse_r);
  if (order >= 2) f.hessian_factor = k.hessian_factor(r2, inverse_r);
  if (order >= 3) f.third_factor = k.third_factor(r2, inverse_r);
  return f;
}

template <Kernel K>
void potentials(const void* kernel, Index count, const double* dx, const double* dy, const double* dz,
                double* values) {
  const K& k = *static_cast<const K*>(kernel);
  for (Index i = 0; i < count; ++i) {
    const double r2 = dx[i] * dx[i] + dy[i] * dy[i] + dz[i] * dz[i];
    values[i] = k.potential(r2, r2 > 0 ? 1 / std::sqrt(r2) : 0.0);
  }
}

template <class K>
double constant(const void* kernel) {
  if constexpr (Kernel<K>)
    return K::constant;
  else
    return static_cast<const K*>(kernel)->constant();
}

template <VectorKernel K>
HarmonicColumns columns(const void* kernel) {
  return static_cast<const K*>(kernel)->columns();
}

template <VectorKernel K>
double pressure_factor(const void* kernel) {
  return static_cast<const K*>(kernel)->pressure_factor();
}

template <VectorKernel K>
void add_vector(const void* kernel, const double (&d)[3], double inverse_r, const double (&f)[3], double* u,
                double* pressure, double* gradient) {
  const K& k = *static_cast<const K*>(kernel);
  k.add(d, inverse_r, f, u);
  if (pressure) k.add_pressure(d, inverse_r, f, pressure);
  if (gradient) k.add_gradient(d, inverse_r, f, gradient);
}

template <Kernel K>
const KernelType& type_of() {
  static const KernelType type{.name = K::name,
                               .strengths = "charges",
                               .result = "potential",
                               .homogeneity = K::homogeneity,
                               .scale_free = K::scale_free,
                               .has_pressure = false,
                               .components = 1,
                               .columns_of_strength = 1,
                               .pair_cost = K::pair_cost,
                               .parameter_names = K::parameter_names,
                               .parameter_ranges = {},
                               .constant = constant<K>,
                               .parameters = parameters<K>,
                               .set_parameters = set_parameters<K>,
                               .in_units_of = in_units_of<K>,
                               .for_operators = for_operators<K>,
                               .decay_rate = decay_rate<K>,
                               .at = at<K>,
                               .potentials = potentials<K>,
                               .columns = nullptr,
                               .pressure_factor = nullptr,
                               .add_vector = nullptr,
                               .pair_loops = simd::loops_by_isa<PairLoopsOf<K>>(),
                               .reference_loops = simd::loops_by_isa<ReferenceLoopsOf<K>>()};
  return type;
}

template <VectorKernel K>
const KernelType& type_of() {
  static const KernelType type{.name = K::name,
                               .strengths = K::strengths,
                               .result = K::result,
                               .homogeneity = K::homogeneity,
                               .scale_free = true,
                               .has_pressure = K::has_pressure,
                               .components = 3,
                               .columns_of_strength = K{}.columns().count(),
                               .pair_cost = K::pair_cost,
                               .parameter_names = K::parameter_names,
                               .parameter_ranges = K::parameter_ranges,
                               .constant = constant<K>,
                               .parameters = parameters<K>,
                               .set_parameters = set_parameters<K>,
                               .in_units_of = nullptr,
                               .for_operators = nullptr,
                               .decay_rate = nullptr,
                               .at = nullptr,
                               .potentials = nullptr,
                               .columns = columns<K>,
                               .pressure_factor = pressure_factor<K>,
                               .add_vector = add_vector<K>,
                               .pair_loops = simd::loops_by_isa<PairLoopsOf<K>>(),
                               .reference_loops = nullptr};
  return type;
}

}  // namespace

template <Kernel K>
AnyKernel::AnyKernel(const K& kernel) : type_(&type_of<K>()) {
  static_assert(std::is_trivially_copyable_v<K> && sizeof(K) <= kStateBytes && alignof(K) <= alignof(double));
  ::new (static_cast<void*>(state_)) K(kernel);
}

template <VectorKernel K>
AnyKernel::AnyKernel(const K& kernel) : type_(&type_of<K>()) {
  static_assert(std::is_trivially_copyable_v<K> && sizeof(K) <= kStateBytes && alignof(K) <= alignof(double));
  ::new (static_cast<void*>(state_)) K(kernel);
}

// The list of kernels. The loops of each are compiled by a unit of its own, <name>_isa.cpp.
template AnyKernel::AnyKernel(const Laplace&);
template AnyKernel::AnyKernel(const Yukawa&);
template AnyKernel::AnyKernel(const Stokes&);
template AnyKernel::AnyKernel(const Elasticity&);
template AnyKernel::AnyKernel(const BiotSavart&);
namespace {
std::array<const KernelType*, 5> kernel_types() {
  return {&type_of<Laplace>(), &type_of<Yukawa>(), &type_of<Stokes>(), &type_of<Elasticity>(),
          &type_of<BiotSavart>()};
}
}  // namespace

const KernelType* kernel_type(std::string_view name) {
  for (const KernelType* type : kernel_types())
    if (type->name == name) return type;
  return nullptr;
}

std::vector<std::string_view> kernel_names() {
  std::vector<std::string_view> names;
  for (const KernelType* type : kernel_types()) names.push_back(type->name);
  return names;
}

std::span<const std::string_view> kernel_parameter_names(std::string_view name) {
  const KernelType* type = kernel_type(name);
  if (!type)
    throw Error(fmt::format("there is no kernel '{}'", name),
                fmt::format("choose one of {}", fmt::join(kernel_names(), ", ")));
  return type->parameter_names;
}

AnyKernel named_kernel(std::string_view name, std::span<const NamedParameter> parameters) {
  const std::span names = kernel_parameter_names(name);
  for (const NamedParameter& given : parameters)
    if (std::find(names.begin(), names.end(), given.name) == names.end())
      throw Error(fmt::format("the kernel {} has no parameter '{}'", name, given.name));
  std::array<double, kKernelParameters> values{};
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto given = std::find_if(parameters.begin(), parameters.end(),
                                    [&](const NamedParameter& p) { return p.name == names[i]; });
    if (given == parameters.end())
      throw Error(fmt::format("the kernel {} needs the parameter '{}'", name, names[i]));
    values[i] = given->value;
  }
  AnyKernel kernel(kernel_type(name));
  kernel.type_->set_parameters(values, kernel.state_);
  kernel.check();
  return kernel;
}

std::string_view AnyKernel::name() const {
  return type_->name;
}
int AnyKernel::homogeneity() const {
  return type_->homogeneity;
}
bool AnyKernel::scale_free() const {
  return type_->scale_free;
}
double AnyKernel::constant() const {
  return type_->constant(state_);
}
std::array<double, kKernelParameters> AnyKernel::parameters() const {
  return type_->parameters(state_);
}

std::span<const std::string_view> AnyKernel::parameter_names() const {
  return type_->parameter_names;
}

int AnyKernel::components() const {
  return type_->components;
}

std::string_view AnyKernel::strengths_name() const {
  return type_->strengths;
}

std::string_view AnyKernel::result_name() const {
  return type_->result;
}

std::string AnyKernel::gradient_name() const {
  return type_->components > 1 ? std::string(type_->result) + "_gradient" : "gradient";
}

AnyKernel AnyKernel::translation_kernel() const {
  return type_->components > 1 ? AnyKernel(Laplace{}) : *this;
}

HarmonicColumns AnyKernel::columns() const {
  return type_->columns(state_);
}

bool AnyKernel::has_pressure() const {
  return type_->has_pressure;
}

double AnyKernel::pressure_factor() const {
  return type_->has_pressure ? type_->pressure_factor(state_) : 0;
}

void AnyKernel::add_vector(const std::array<double, 3>& d, double inverse_r, const std::array<double, 3>& f,
                           double* u, double* pressure, double* gradient) const {
  const double from[3] = {d[0], d[1], d[2]}, strength[3] = {f[0], f[1], f[2]};
  type_->add_vector(state_, from, inverse_r, strength, u, pressure, gradient);
}

AnyKernel AnyKernel::in_units_of(double length) const {
  AnyKernel result = *this;
  if (!type_->scale_free) type_->in_units_of(state_, length, result.state_);
  return result;
}

AnyKernel AnyKernel::for_operators() const {
  AnyKernel result = *this;
  type_->for_operators(state_, result.state_);
  return result;
}

double AnyKernel::decay_rate() const {
  return type_->decay_rate(state_);
}

void AnyKernel::check() const {
  const auto values = parameters();
  for (std::size_t i = 0; i < parameter_names().size(); ++i) {
    const double value = values[i];
    if (type_->parameter_ranges.empty()) {
      if (!(value >= 0) || !std::isfinite(value))
        throw Error(fmt::format("{} = {}: the parameters of the kernel {} must be finite and not negative",
                                parameter_names()[i], value, name()));
      continue;
    }
    const ParameterRange& range = type_->parameter_ranges[i];
    if (!(value > range.low || (range.includes_low && value == range.low)) || !(value <= range.high))
      throw Error(fmt::format("{} = {}: of the kernel {} it must be {} {} and at most {}",
                              parameter_names()[i], value, name(), range.includes_low ? "at least" : "above",
                              range.low, range.high));
  }
}

RadialFactors AnyKernel::at(double r2, double inverse_r, int order) const {
  return type_->at(state_, r2, inverse_r, order);
}
void AnyKernel::potentials(Index count, const double* dx, const double* dy, const double* dz,
                           double* values) const {
  type_->potentials(state_, count, dx, dy, dz, values);
}

const PairLoops& AnyKernel::pair_loops() const {
  return type_->pair_loops[static_cast<int>(simd::active_isa())];
}
const ReferenceLoops& AnyKernel::reference_loops() const {
  return type_->reference_loops[static_cast<int>(simd::active_isa())];
}

}  // namespace octopole

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

template <Kernel K>
std::array<double, kKernelParameters> parameters(const void* kernel) {
  return static_cast<const K*>(kernel)->parameters();
}

template <Kernel K>
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

template <Kernel K>
const KernelType& type_of() {
  static const KernelType type{K::name,
                               K::homogeneity,
                               K::scale_free,
                               K::constant,
                               K::pair_cost,
                               K::parameter_names,
                               parameters<K>,
                               set_parameters<K>,
                               in_units_of<K>,
                               for_operators<K>,
                               at<K>,
                               potentials<K>,
                               simd::loops_by_isa<PairLoopsOf<K>>(),
                               simd::loops_by_isa<ReferenceLoopsOf<K>>()};
  return type;
}

}  // namespace

template <Kernel K>
AnyKernel::AnyKernel(const K& kernel) : type_(&type_of<K>()) {
  static_assert(std::is_trivially_copyable_v<K> && sizeof(K) <= kStateBytes && alignof(K) <= alignof(double));
  ::new (static_cast<void*>(state_)) K(kernel);
}

// The list of kernels. The loops of each are compiled by a unit of its own, <name>_isa.cpp.
template AnyKernel::AnyKernel(const Laplace&);
template AnyKernel::AnyKernel(const Yukawa&);
namespace {
std::array<const KernelType*, 2> kernel_types() {
  return {&type_of<Laplace>(), &type_of<Yukawa>()};
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
  return type_->constant;
}
std::array<double, kKernelParameters> AnyKernel::parameters() const {
  return type_->parameters(state_);
}

std::span<const std::string_view> AnyKernel::parameter_names() const {
  return type_->parameter_names;
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

void AnyKernel::check() const {
  const auto values = parameters();
  for (std::size_t i = 0; i < parameter_names().size(); ++i)
    if (!(values[i] >= 0) || !std::isfinite(values[i]))
      throw Error(fmt::format("{} = {}: the parameters of the kernel {} must be finite and not negative",
                              parameter_names()[i], values[i], name()));
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

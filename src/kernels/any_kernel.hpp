// What is known of a kernel's type at run time, behind AnyKernel.
#pragma once

#include <string>

#include "octopole/error.hpp"
#include "octopole/kernels.hpp"

namespace octopole {

/// One object for each kernel in the list of any_kernel.cpp. `kernel` points to its struct; the loops are
/// tables by instruction set.
struct KernelType {
  std::string_view name, strengths, result;
  int homogeneity;
  bool scale_free;
  bool has_pressure;
  int components;           // 1, or 3 of vector kernels, which lack what is of scalar kernels, and conversely
  int columns_of_strength;  // of multipoles: 1, or of vector kernels 3 or 4
  std::array<double, 2> pair_cost;
  std::span<const std::string_view> parameter_names;
  std::span<const ParameterRange> parameter_ranges;  // of vector kernels; others: not negative
  double (*constant)(const void* kernel);
  std::array<double, kKernelParameters> (*parameters)(const void* kernel);
  void (*set_parameters)(const std::array<double, kKernelParameters>& parameters, void* result);
  void (*in_units_of)(const void* kernel, double length, void* result);
  void (*for_operators)(const void* kernel, void* result);
  double (*decay_rate)(const void* kernel);
  RadialFactors (*at)(const void* kernel, double r2, double inverse_r, int order);
  void (*potentials)(const void* kernel, Index count, const double* dx, const double* dy, const double* dz,
                     double* values);
  HarmonicColumns (*columns)(const void* kernel);
  double (*pressure_factor)(const void* kernel);
  void (*add_vector)(const void* kernel, const double (&d)[3], double inverse_r, const double (&f)[3],
                     double* u, double* pressure, double* gradient);
  const PairLoops* pair_loops;
  const ReferenceLoops* reference_loops;
};

/// The type of this name; null if there is none.
const KernelType* kernel_type(std::string_view name);

/// Throws Failure, Error or AgreedError, if the kernel does not have the output.
template <class Failure>
void check_output(const KernelType& kernel, Output output) {
  const auto refuse = [&](const std::string& what, const std::string& others) {
    throw Failure("the kernel " + std::string(kernel.name) + " has no " + what,
                  "ask for its " + std::string(kernel.result) + ", or that and its gradient" + others);
  };
  if (output == Output::potential_and_pressure && !kernel.has_pressure)
    refuse("pressure", kernel.components == 1 ? " and Hessian" : "");
  if (output == Output::potential_gradient_and_hessian && kernel.components > 1)
    refuse("second derivatives", kernel.has_pressure ? " or pressure" : "");
}

/// Sets the values of the kernel's parameters in what resolve() returned for its name.
inline void set_kernel_parameters(const AnyKernel& kernel, Parameters& parameters) {
  parameters.kernel_parameters = kernel.parameters();
  parameters.operators.kernel_parameters = kernel.translation_kernel().parameters();
}

/// Whether one set of operators serves all levels; also of a key that names no kernel.
inline bool is_scale_free(const OperatorKey& key) {
  const KernelType* type = kernel_type(key.kernel);
  return !type || type->scale_free;
}

}  // namespace octopole

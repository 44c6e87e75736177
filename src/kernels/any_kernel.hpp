// What is known of a kernel's type at run time, behind AnyKernel.
#pragma once

#include "octopole/kernels.hpp"

namespace octopole {

/// One object for each kernel in the list of any_kernel.cpp. `kernel` points to its struct; the loops are
/// tables by instruction set.
struct KernelType {
  std::string_view name;
  int homogeneity;
  bool scale_free;
  double constant;
  std::array<double, 2> pair_cost;
  std::span<const std::string_view> parameter_names;
  std::array<double, kKernelParameters> (*parameters)(const void* kernel);
  void (*set_parameters)(const std::array<double, kKernelParameters>& parameters, void* result);
  void (*in_units_of)(const void* kernel, double length, void* result);
  void (*for_operators)(const void* kernel, void* result);
  RadialFactors (*at)(const void* kernel, double r2, double inverse_r, int order);
  void (*potentials)(const void* kernel, Index count, const double* dx, const double* dy, const double* dz,
                     double* values);
  const PairLoops* pair_loops;
  const ReferenceLoops* reference_loops;
};

/// The type of this name; null if there is none.
const KernelType* kernel_type(std::string_view name);

/// Whether one set of operators serves all levels; also of a key that names no kernel.
inline bool is_scale_free(const OperatorKey& key) {
  const KernelType* type = kernel_type(key.kernel);
  return !type || type->scale_free;
}

}  // namespace octopole

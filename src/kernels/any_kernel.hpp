// A kernel as one run-time object, for everything above kernels/.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/types.hpp"
#include "octopole/kernels.hpp"

#pragma GCC visibility push(default)
namespace octopole {

struct PairLoops;       // kernels/pair_loop_isa.hpp
struct ReferenceLoops;  // kernels/reference_loop_isa.hpp

/// f and f' of a pair: the gradient is gradient_factor * d.
struct PairValue {
  double potential, gradient_factor;
};

/// What is known of a kernel's type. `kernel` points to its struct; the loops are tables by instruction set.
struct KernelType {
  std::string_view name;
  int homogeneity;
  double constant;
  PairValue (*at)(const void* kernel, double r2, double inverse_r);
  void (*potentials)(const void* kernel, Index count, const double* dx, const double* dy, const double* dz,
                     double* values);
  const PairLoops* pair_loops;
  const ReferenceLoops* reference_loops;
};

/// A copy of a kernel of any type that any_kernel.cpp lists (concept Kernel in octopole/kernels.hpp).
class AnyKernel {
 public:
  template <Kernel K>
  AnyKernel(const K& kernel);  // implicit: functions take any kernel

  std::string_view name() const { return type_->name; }
  int homogeneity() const { return type_->homogeneity; }
  double constant() const { return type_->constant; }

  /// f and f' without the constant, as the functions of the concept.
  PairValue at(double r2, double inverse_r) const { return type_->at(state_, r2, inverse_r); }
  /// values[i] = f(dx[i], dy[i], dz[i]) without the constant, 0 for coincident points.
  void potentials(Index count, const double* dx, const double* dy, const double* dz, double* values) const {
    type_->potentials(state_, count, dx, dy, dz, values);
  }

  /// The loops of simd::active_isa(), which take state() as their first argument.
  const PairLoops& pair_loops() const;
  const ReferenceLoops& reference_loops() const;
  const void* state() const { return state_; }

 private:
  static constexpr std::size_t kStateBytes = 32;
  const KernelType* type_;
  alignas(double) std::byte state_[kStateBytes] = {};  // the kernel's struct
};

}  // namespace octopole
#pragma GCC visibility pop

// The error of a field, measured against direct summation.
//
// Two measures, both ratios of L2 norms over the sampled targets. Relative to the scale, s_i = sum_j |q_j| /
// (4 pi r_ij) for potentials, sum_j |q_j| / (4 pi r_ij^2) for gradients and sum_j |q_j| / (2 pi r_ij^3) for
// Hessians, errors are below 10^-digits for all charges: this is what digits promise. In general s_i is sum_j
// |q_j| |K| with the distance's first and second derivative of K(r) for gradients and Hessians; dipoles add
// sum_j |d_j| with one derivative more. Relative to the result they are so if charges do not cancel more
// than random charges do; if |u| is a small part of s, no method that rounds can promise it.
#pragma once

#include <mpi.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "octopole/field.hpp"
#include "octopole/kernels.hpp"
#include "octopole/options.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// How verify sums pairs: in double; or `one_step`, in double but for 1/sqrt, which is accurate to 6e-9 (one
/// step from the hardware's estimate); or with positions of 31 bits and floats, at half the cost. The latter
/// is accurate to 1e-7 of the root mean square contribution, and to 2e-6 for pairs that are close relative to
/// the extent of all points; pairs closer than 1/4096 of the extent are summed in double. `estimated` is
/// cheaper still, with positions as floats and the hardware's 1/sqrt if it has 14 bits: accurate to 3e-5, and
/// to 2e-4 for close pairs. Second derivatives, those of dipoles included, have several times these errors.
enum class ReferenceForm { in_double, one_step, in_single, estimated };

/// Errors of the potential, of the gradient as vectors, of the Hessian or a vector kernel's gradient as
/// matrices (Frobenius norm), or of the pressure, at the sampled targets. They are infinite if a value of the
/// field is not finite.
struct FieldError {
  double relative_l2 = 0;      ///< ||u - reference|| / ||reference||
  double scaled_l2 = 0;        ///< ||u - reference|| / ||s||
  double scaled_l2_bound = 0;  ///< upper bound of scaled_l2 of all targets, with kConfidence (see verify)
  double cancellation = 0;     ///< ||reference|| / ||s||: 1 for the potential of charges of one sign
};

/// Result of verify, the same on all ranks.
struct Verification {
  Index samples = 0, targets = 0;  ///< numbers of targets: sampled, and on all ranks
  int vectors = 1;                 ///< of strengths: if several, errors are those of a weighted sum of all
  FieldError potential;
  std::optional<FieldError> gradient;  ///< if the field has one
  std::optional<FieldError> hessian;   ///< likewise
  std::optional<FieldError> pressure;  ///< likewise
  double max = 0;          ///< largest |u - reference| of the potential over the root mean square reference
  double worse_share = 0;  ///< at most this share of all targets has a larger error, with kConfidence
  Index worst_target = 0;  ///< the target of `max`: its index in the global order (rank after rank)
  std::array<double, 3> worst_place{};  ///< its coordinates
};

/// Confidence level of the bounds.
inline constexpr double kConfidence = 0.95;

/// Compares `field` with direct sums over all sources of all ranks at `samples` targets, which `seed` chooses
/// without repetition, independently of the number of ranks. The arguments are what this rank passed to
/// set_points and evaluate, sources (n, 3), charges (n, field.vectors) and targets (m, 3; the sources again
/// if sources = targets), and the field that it received. Of several vectors of charges it verifies
/// their sum with weights from 0.5 to 1.5 at random over each vector's sum of |q|: fields are linear in the
/// charges, and the error of one vector shows with about its share, 1 / vectors. `samples` is capped at the
/// number of targets; scaled_l2_bound is then scaled_l2, and worse_share 0. Otherwise scaled_l2_bound is the
/// one-sided bound of a ratio of means (Cochran 1977, Sampling Techniques, sections 2.11 and 6.4): with e_i
/// the errors, R^2 = sum e_i^2 / sum s_i^2 and d_i = e_i^2 - R^2 s_i^2, the variance of R^2 is (1 - n/N) sum
/// d_i^2 / (n (n - 1) mean(s_i^2)^2); Student's quantile with n - 1 degrees of freedom times its root is
/// added to R^2. It assumes errors without rare large ones; worse_share, 1 - (1 - kConfidence)^(1/n), does
/// not. Throws the same Error on all ranks if lengths do not match on any of them, if only some ranks have a
/// gradient, a Hessian or a pressure, or if `samples` or the number of vectors is below 1 or differs.
/// Collective.
Verification verify(MPI_Comm parent, const AnyKernel& kernel, std::span<const double> sources,
                    std::span<const double> charges, std::span<const double> targets, const Field& field,
                    Index samples, std::uint64_t seed = 1, ReferenceForm form = ReferenceForm::in_double);

/// As above for charges, dipoles or both.
Verification verify(MPI_Comm parent, const AnyKernel& kernel, std::span<const double> sources,
                    const Strengths& strengths, std::span<const double> targets, const Field& field,
                    Index samples, std::uint64_t seed = 1, ReferenceForm form = ReferenceForm::in_double);

/// Whether scaled_l2 of the potential, and of gradient, Hessian and pressure if there are any, is below
/// 10^-digits.
bool reaches(const Verification& verification, int digits);

/// Number of targets of a self-check: with 64 and kConfidence, at most 4.6 % of all targets are worse than
/// the worst of these.
inline constexpr Index kSelfCheckSamples = 64;

/// The cheapest form that is accurate enough to judge an evaluation with these parameters.
ReferenceForm self_check_form(const Parameters& parameters);

}  // namespace octopole
#pragma GCC visibility pop

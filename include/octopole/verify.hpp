// The error of a field, measured against direct summation.
//
// Two measures, both ratios of L2 norms over the sampled targets. Relative to the scale, s_i = sum_j |q_j| /
// (4 pi r_ij) for potentials and sum_j |q_j| / (4 pi r_ij^2) for gradients, errors stay below 10^-digits
// whatever the charges: that is what digits promise. Relative to the result itself they also do where charges
// do not cancel by more than they do at random; where |u| is a small part of s, no method that rounds can
// promise that.
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

/// How verify sums pairs: in double, or with positions of 31 bits and floats at half the cost. The latter is
/// good to 1e-7 of the root mean square contribution, but for pairs that are close on the scale of all points
/// (2e-6): those nearer than 1/4096 of their extent are summed in double. Estimated is cheaper still, with
/// positions of a float and the hardware's 1/sqrt where that has 14 bits: good to 3e-5, and 2e-4 of close
/// pairs.
enum class ReferenceForm { in_double, in_single, estimated };

/// Of the potential, or of the gradient as vectors. All are infinite where a value is not finite.
struct FieldError {
  double relative_l2 = 0;      ///< ||u - reference|| / ||reference||
  double scaled_l2 = 0;        ///< ||u - reference|| / ||s||
  double scaled_l2_bound = 0;  ///< scaled_l2 of all targets is below this with kConfidence (see verify)
  double cancellation = 0;     ///< ||reference|| / ||s||: 1 where all charges have one sign
};

struct Verification {
  Index samples = 0, targets = 0;
  FieldError potential;
  std::optional<FieldError> gradient;  ///< where the field has one
  double max = 0;                      ///< largest |u - reference| over the root mean square of the reference
  double worse_share =
      0;  ///< with kConfidence at most this share of all targets has a larger |u - reference|
  Index worst_target = 0;  ///< where: number in the global order of targets (rank after rank), and place
  std::array<double, 3> worst_place{};
};

inline constexpr double kConfidence = 0.95;

/// Sums `samples` targets, chosen without repetition by `seed` alike for any number of ranks, directly over
/// all sources of all ranks. Arguments as on this rank in set_points and evaluate. samples is capped at the
/// number of targets, and then all bounds are what they bound. Else scaled_l2_bound is the one-sided bound of
/// a ratio of means (Cochran 1977, Sampling Techniques, sections 2.11 and 6.4): with e_i the errors, R^2 =
/// sum e_i^2 / sum s_i^2 and d_i = e_i^2 - R^2 s_i^2, the variance of R^2 is (1 - n/N) sum d_i^2 / (n (n - 1)
/// mean(s_i^2)^2); Student's quantile with n - 1 degrees of freedom times its root is added to R^2. It takes
/// errors to be distributed without rare large ones; worse_share, 1 - (1 - kConfidence)^(1/n), does not.
/// Results are the same on all ranks. Throws Error on all ranks where lengths do not fit on any of them,
/// where only some ranks have a gradient, or where samples are fewer than 1 or differ. Collective.
Verification verify(MPI_Comm parent, const Laplace& kernel, std::span<const double> sources,
                    std::span<const double> charges, std::span<const double> targets, const Field& field,
                    Index samples, std::uint64_t seed = 1, ReferenceForm form = ReferenceForm::in_double);

/// Whether the errors of all that has been computed are below 10^-digits of the scale.
bool reaches(const Verification& verification, int digits);

/// Targets of a self-check: with 64, at most 4.6 % of all can be worse than the worst of these unnoticed.
inline constexpr Index kSelfCheckSamples = 64;

/// The cheaper form where it is good enough to judge an evaluation with these parameters.
ReferenceForm self_check_form(const Parameters& parameters);

}  // namespace octopole
#pragma GCC visibility pop

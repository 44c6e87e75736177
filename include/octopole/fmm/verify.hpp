// The error of a field, measured against direct summation in double.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "octopole/fmm/fmm.hpp"

#pragma GCC visibility push(default)
namespace octopole {

struct Verification {
  Index samples = 0;
  double relative_l2 = 0;  // ||u - reference|| / ||reference|| over the samples
  double max = 0;          // largest |u - reference| over the root mean square of the reference
  Index worst_target = 0;  // where: number in the global order of targets (rank after rank), and place
  std::array<double, 3> worst_place{};
  std::optional<double>
      gradient_relative_l2;  // over all three components; present where the field has a gradient
};

/// Sums `samples` targets, chosen without repetition by `seed` alike for any number of ranks, directly over
/// all sources of all ranks. Arguments as on this rank in set_points and evaluate. samples is capped at the
/// number of targets. Collective.
Verification verify(const mpi::Comm& comm, const Laplace& kernel, std::span<const double> sources,
                    std::span<const double> charges, std::span<const double> targets, const Field& field,
                    Index samples, std::uint64_t seed = 1);

}  // namespace octopole
#pragma GCC visibility pop

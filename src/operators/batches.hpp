// Columns for matrix products over many nodes.
#pragma once

#include <algorithm>

#include "linalg/product.hpp"
#include "operators/translations.hpp"

namespace octopole {

/// Nodes (columns) of one matrix product. Which nodes share a batch depends on their list alone, not on the
/// threads.
inline constexpr Index kBatch = 64;

constexpr Index batch_count(Index items, Index per_batch) {
  return (items + per_batch - 1) / per_batch;
}

/// A thread's columns for one batch of check potentials to densities.
template <class Real>
struct Projection {
  Projection(Index check_points, Index inner_rank, Index points)
      : check(check_points),
        rank(inner_rank),
        equivalent(points),
        potential(static_cast<std::size_t>(check * kBatch)),
        projected(static_cast<std::size_t>(rank * kBatch)),
        density(static_cast<std::size_t>(equivalent * kBatch)) {}

  /// density = second * (first * potential) for the first `columns` columns.
  void apply(const AlignedVector<Real>& first, const AlignedVector<Real>& second, Index columns) {
    linalg::multiply(rank, columns, check, first.data(), potential.data(), projected.data());
    linalg::multiply(equivalent, columns, rank, second.data(), projected.data(), density.data());
  }

  Index check, rank, equivalent;
  AlignedVector<Real> potential, projected, density;
};

}  // namespace octopole

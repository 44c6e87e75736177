// Batches of nodes for matrix products.
#pragma once

#include <algorithm>

#include "linalg/product.hpp"
#include "operators/translations.hpp"

namespace octopole {

/// Maximum number of nodes (columns) per matrix product. Which nodes share a batch depends only on their
/// list, not on the threads.
inline constexpr Index kBatch = 64;

constexpr Index batch_count(Index items, Index per_batch) {
  return (items + per_batch - 1) / per_batch;
}

/// Per-thread columns to compute the densities of one batch from its check potentials.
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

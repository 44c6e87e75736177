// Columns for matrix products over many nodes.
#pragma once

#include <algorithm>

#include "octopole/linalg/product.hpp"
#include "octopole/operators/translations.hpp"

namespace octopole {

/// Nodes (columns) of one matrix product. Which nodes share a batch depends on their list alone, not on the
/// threads.
inline constexpr Index kBatch = 64;

constexpr Index batch_count(Index items, Index per_batch) {
  return (items + per_batch - 1) / per_batch;
}

/// density = second * (first * potential) for `columns` columns; `projected` holds rank x columns.
template <class Real>
void check_to_equivalent(Index check, Index rank, Index equivalent, const AlignedVector<Real>& first,
                         const AlignedVector<Real>& second, Index columns, const Real* potential,
                         Real* projected, Real* density) {
  linalg::multiply(rank, columns, check, first.data(), potential, projected);
  linalg::multiply(equivalent, columns, rank, second.data(), projected, density);
}

}  // namespace octopole

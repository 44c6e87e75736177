// Correction of the FMM's result for panels that are near each other.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "bem/panel_integrals.hpp"
#include "bem/panels.hpp"
#include "mpi/exchange.hpp"

#pragma GCC visibility push(default)
namespace octopole::bem {

/// The sparse matrix C_ij = (entry of the NearRule) - (contribution of the FMM's quadrature), non-zero for
/// near pairs; rows are this rank's panels, columns the panels near one of them. Hence P q = FMM(spread q) +
/// C q.
///
/// Columns are numbered per rank in global row order: panels of lower ranks, this rank's own (own_begin() + i
/// is panel i), those of higher ranks. A row's columns ascend, so sums do not depend on the number of ranks.
class NearCorrection {
 public:
  /// Finds the near pairs, fetches their panels from other ranks, and integrates. Keeps no reference to
  /// `panels`. Collective. Throws Error if the panels on this rank and near it number 2^31 or more.
  NearCorrection(const mpi::Comm& comm, const Panels& panels, const NearRule& rule,
                 mpi::Transport transport = mpi::kDefaultTransport);
  ~NearCorrection();
  NearCorrection(NearCorrection&&) noexcept;
  NearCorrection& operator=(NearCorrection&&) noexcept;

  /// Starts sending this rank's charges (n) to the ranks that need them; `charges` may change before add().
  /// Collective, like add(), which must follow; an FMM evaluation may come between the two.
  void start(std::span<const double> charges);
  /// potential[i] += sum_j C_ij q_j for this rank's panels. Threaded.
  void add(std::span<double> potential);
  /// Calls start() and add().
  void add(std::span<const double> charges, std::span<double> potential) {
    start(charges);
    add(potential);
  }
  /// result[j] += sum_i C_ij values_i, i over the panels of all ranks. Collective. Threaded.
  void add_transposed(std::span<const double> values, std::span<double> result);

  /// Diagonal entries P_ii (n).
  std::vector<double> diagonal() const;

  // The members below are not collective.

  Index rows() const;
  Index columns() const;
  Index own_begin() const;
  Index entries() const;
  /// Columns of row i, ascending, including own_begin() + i.
  std::span<const std::int32_t> row(Index i) const;
  /// Vertices (3, 3) of a column's panel, its global row and its centroid (3).
  const double* panel(Index column) const;
  Index global_row(Index column) const;
  const double* centroid(Index column) const;

  /// P_ij for two columns of this rank, near or far by the NearRule.
  double entry(Index row_column, Index column) const;
  /// Fills a dense block of P for preconditioning, column-major with leading dimension rows.size(): near
  /// entries as entry() gives them, up to the precision of the stored correction, far ones for a point charge
  /// at the panel's centroid. Both lists are columns of this rank (own ones: own_begin() + panel), in any
  /// order, without repetition.
  void block(std::span<const std::int32_t> rows, std::span<const std::int32_t> columns, double* values) const;

  const NearRule& rule() const;
  Index bytes() const;  // held by this rank
  /// Traffic of one start(); add() does two flops per entry.
  Traffic traffic() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace octopole::bem
#pragma GCC visibility pop

// What is added to the FMM's result for panels that are near each other.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "bem/near_rule.hpp"
#include "bem/panels.hpp"
#include "mpi/sparse_exchange.hpp"

#pragma GCC visibility push(default)
namespace octopole::bem {

/// The sparse matrix C_ij = (entry of the NearRule) - (what the FMM's quadrature contributes), non-zero for
/// near pairs; rows are this rank's panels, columns those that are near one of them. So P q = FMM(spread q) +
/// C q.
///
/// Columns are numbered on each rank in the order of the rows of all ranks: those owned by lower ranks, this
/// rank's own (own_begin() + i is panel i), those of higher ranks. A row's columns ascend, so sums do not
/// depend on the number of ranks.
class NearCorrection {
 public:
  /// Finds the pairs, fetches the panels of other ranks that are in them, and integrates. Nothing of `panels`
  /// is kept by reference. Collective. Throws Error where the panels of this rank and its neighbours are more
  /// than 2^31.
  NearCorrection(const mpi::Comm& comm, const Panels& panels, const NearRule& rule,
                 mpi::Transport transport = mpi::kDefaultTransport);
  ~NearCorrection();
  NearCorrection(NearCorrection&&) noexcept;
  NearCorrection& operator=(NearCorrection&&) noexcept;

  /// Starts to send this rank's charges (n) to the ranks that need them; `charges` may change before add().
  /// Collective, and so is add(), which must follow. Between the two may be an evaluation of the FMM.
  void start(std::span<const double> charges);
  /// potential[i] += sum_j C_ij q_j for this rank's panels. Threaded.
  void add(std::span<double> potential);
  /// Both at once.
  void add(std::span<const double> charges, std::span<double> potential) {
    start(charges);
    add(potential);
  }
  /// result[j] += sum_i C_ij values_i, i over the panels of all ranks. Collective. Threaded.
  void add_transposed(std::span<const double> values, std::span<double> result);

  /// P_ii (n).
  std::vector<double> diagonal() const;

  // The rest is not collective.

  Index rows() const;
  Index columns() const;
  Index own_begin() const;
  Index entries() const;
  /// Columns of row i, ascending, own_begin() + i among them.
  std::span<const std::int32_t> row(Index i) const;
  /// The vertices (3, 3) of a column's panel, its row among all ranks' and its centroid (3).
  const double* panel(Index column) const;
  Index global_row(Index column) const;
  const double* centroid(Index column) const;

  /// P_ij of two columns of this rank, near or far as the NearRule says.
  double entry(Index row_column, Index column) const;
  /// A dense block of P for preconditioning, column-major with leading dimension rows.size(): near entries
  /// are those of entry(), up to the precision of the stored correction, far ones that of a charge in the
  /// panel's centroid. Both lists are columns of this rank (own ones: own_begin() + panel), in any order,
  /// none twice.
  void block(std::span<const std::int32_t> rows, std::span<const std::int32_t> columns, double* values) const;

  const NearRule& rule() const;
  Index bytes() const;  // held by this rank
  /// Of one start(); add() does two flops an entry.
  Traffic traffic() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace octopole::bem
#pragma GCC visibility pop

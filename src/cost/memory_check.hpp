// Checks, in agreement of all ranks and before allocation, whether the memory that an Fmm is estimated to
// need is available.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cost/memory_estimate.hpp"
#include "mpi/comm.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Compares estimates with the available memory: Parameters::memory_limit, else the memory of the nodes
/// (base/machine), which all ranks of a node or of a cgroup share. All ranks reach the same decision.
class MemoryCheck {
 public:
  /// Finds the ranks of each node. `root`: see memory_bounds. Collective.
  MemoryCheck(const mpi::Comm& comm, const Parameters& parameters, std::string root = "");

  /// Throws Error on all ranks if the estimate of any rank exceeds the limit, or the sum over a node's ranks
  /// exceeds its free memory. The message names the worst node or rank, what is needed, what is available,
  /// and what to do. `when` says at which stage the estimate was made. Collective.
  void require(const MemoryEstimate& estimate, std::string_view when);

  /// Checks the memory of the operators before they are read or computed. Collective.
  void require_for_operators();

  /// Checks the memory of a program that will read or generate these numbers of points, with charges, on this
  /// rank and pass them to a new Fmm: input and Fmm together. Does nothing if Parameters::memory_limit is
  /// given, which limits the Fmm only. Collective.
  void require_before_reading(Index sources, Index targets, bool same);

  /// Begins a set-up while another one, of `replaced` bytes with any arrays of its evaluations, is kept.
  void begin(Index replaced);

  /// Checks the set-up begun before it allocates anything, from the numbers of points that each rank passes.
  /// Collective.
  void require_for_points(Index sources, Index targets, bool same);

  /// Checks the set-up begun at a later stage: adds the bytes of operators and of the replaced set-up to the
  /// estimate, and keeps the largest set_up so far. Collective.
  void require(const MemoryNeeds& needs, MemoryStage stage);

  /// The last estimate of the set-up begun.
  const MemoryEstimate& estimate() const { return estimate_; }

 private:
  struct Shortage {
    Index bytes = 0;
    std::string message;
  };
  Shortage beyond_limit(const MemoryEstimate& estimate) const;
  Shortage beyond_node(const MemoryEstimate& estimate) const;

  mpi::Comm comm_;
  Parameters parameters_;
  std::string root_;
  std::optional<mpi::Comm> node_;  // the ranks of this node, if its memory is checked
  MemoryEstimate estimate_;

  MemoryNeeds needs_of(Index sources, Index targets, bool same) const;  // collective
};

}  // namespace octopole
#pragma GCC visibility pop

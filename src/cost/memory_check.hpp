// Whether the memory that an Fmm is expected to need is there: agreed among the ranks, before it is
// allocated.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cost/memory_estimate.hpp"
#include "mpi/comm.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Compares estimates with what there is: Parameters::memory_limit, else what the nodes have
/// (base/node_memory), of which all ranks of a node, or of a cgroup, take their parts. Ranks always decide
/// alike.
class MemoryCheck {
 public:
  /// Finds the ranks of each node. `root`: see memory_bounds. Collective.
  MemoryCheck(const mpi::Comm& comm, const Parameters& parameters, std::string root = "");

  /// Throws Error on all ranks where the estimate of any rank is above the limit, or those of a node's ranks
  /// are above what it has left: names the worst node or rank, what is needed, what is there, and what to do.
  /// `when` tells what the estimate is made from. Collective.
  void require(const MemoryEstimate& estimate, std::string_view when);

  /// For the operators alone, before they are read or computed. Collective.
  void require_for_operators();

  /// For a program that is about to read, or make, points and charges of these numbers on this rank, and to
  /// pass them to a new Fmm: both together. Nothing where Parameters::memory_limit is given, which is the
  /// Fmm's. Collective.
  void require_before_reading(Index sources, Index targets, bool same);

  /// A set-up begins, while another of so many bytes, evaluations' arrays included, lives on.
  void begin(Index replaced);

  /// For the set-up begun, before anything of it is allocated: by the points that each rank passes.
  /// Collective.
  void require_for_points(Index sources, Index targets, bool same);

  /// For the set-up begun: adds operators and what is replaced to the estimate, keeps the largest set_up so
  /// far, and requires it. Collective.
  void require(const MemoryNeeds& needs, MemoryStage stage);

  /// The last one for the set-up begun.
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
  std::optional<mpi::Comm> node_;  // where its memory is looked at
  MemoryEstimate estimate_;

  MemoryNeeds needs_of(Index sources, Index targets, bool same) const;  // collective
};

}  // namespace octopole
#pragma GCC visibility pop

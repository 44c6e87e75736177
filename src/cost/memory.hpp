// Bytes of the arrays that a rank holds for evaluations.
#pragma once

#include <algorithm>
#include <span>

#include "cost/work_lists.hpp"
#include "octopole/options.hpp"
#include "octopole/summary.hpp"
#include "operators/m2l_fft.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// The numbers of points on which the lengths of arrays depend. `caller_*` are points that the rank passes.
struct PointNumbers {
  Index caller_sources = 0, caller_targets = 0;
  Index sources = 0, targets = 0;  // owned
  Index ghost_sources = 0;
  bool same = true, gradient = false;
};

/// Bytes by purpose. points: orders in both directions, coordinates. tree: the locally essential tree and its
/// boxes. lists: neighbours, U, V, W, X, partners (those of P2P twice if sources = targets, an upper bound),
/// work lists, M2L's plans. values: charges, multipoles, locals, check potentials, sums at targets.
/// partition: replicated on every rank. Counts elements in use, not capacities; excludes operators, M2L's
/// transforms (at most kM2lWorkspaceBytes, unless a single parent needs more), message buffers and MPI's own
/// buffers.
struct RankMemory {
  Index points = 0, tree = 0, lists = 0, values = 0, partition = 0;
  Index total() const { return points + tree + lists + values + partition; }
  bool operator==(const RankMemory&) const = default;
};

RankMemory rank_memory(const RankLists& lists, const WorkLists& work, std::span<const M2lFftPlan> plans,
                       const PointNumbers& numbers, const Parameters& parameters, int ranks);

/// Bytes replicated on every rank. `coarse_nodes`: number of coarse nodes of all ranks, if a collective sends
/// their multipoles. `count_tree`: bytes of the count tree during the set-up.
ReplicatedBytes replicated_bytes(const tree::Partition& partition, Index coarse_nodes, Index count_tree,
                                 const Parameters& parameters);

}  // namespace octopole
#pragma GCC visibility pop

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

/// What the arrays' lengths depend on, besides tree and lists. `callers` are points that the rank passes.
struct PointNumbers {
  Index caller_sources = 0, caller_targets = 0;
  Index sources = 0, targets = 0;  // owned
  Index ghost_sources = 0;
  bool same = true, gradient = false;
};

/// By what they are for. points: orders both ways, coordinates. tree: the locally essential tree and
/// its boxes. lists: neighbours, U, V, W, X, partners (once more where P2P in double pairs them up: at most),
/// work lists, M2L's plans. values: charges, multipoles, locals, check potentials, sums at targets.
/// partition: what is replicated on every rank. Elements in use, not capacities; without operators, M2L's
/// transforms (at most kM2lWorkspaceBytes, and as much again where a parent's own needs are larger), message
/// buffers and MPI's own.
struct RankMemory {
  Index points = 0, tree = 0, lists = 0, values = 0, partition = 0;
  Index total() const { return points + tree + lists + values + partition; }
  bool operator==(const RankMemory&) const = default;
};

RankMemory rank_memory(const RankLists& lists, const WorkLists& work, std::span<const M2lFftPlan> plans,
                       const PointNumbers& numbers, const Parameters& parameters, int ranks);

/// `coarse_nodes`: of all ranks, where they have a collective. `count_tree`: what the tree of the run is or
/// was.
ReplicatedBytes replicated_bytes(const tree::Partition& partition, Index coarse_nodes, Index count_tree,
                                 const Parameters& parameters);

}  // namespace octopole
#pragma GCC visibility pop

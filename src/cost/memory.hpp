// The memory of one rank's Fmm: bytes of its arrays, estimates of the maximum at each stage of the set-up
// from what is known by then, and the check, in agreement of all ranks and before allocation, whether it is
// available.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cost/operation_counts.hpp"
#include "mpi/comm.hpp"
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
  bool targets_are_sources = true;
  int results = 1;  // numbers per vector and target
};

/// Bytes by purpose. points: orders in both directions, coordinates. tree: the locally essential tree and its
/// boxes. lists: neighbours, U, V, W, X, lists by operator (that of P2P twice if sources = targets, an upper
/// bound), nodes of each operator, M2L's schedules. values: charges, multipoles, locals, check potentials,
/// sums at targets. partition: replicated on every rank. Counts elements in use, not capacities; excludes
/// operators, M2L's transforms (at most kM2lWorkspaceBytes, unless a single parent needs more), message
/// buffers and MPI's own buffers.
struct RankMemory {
  Index points = 0, tree = 0, lists = 0, values = 0, partition = 0;
  Index total() const { return points + tree + lists + values + partition; }
  bool operator==(const RankMemory&) const = default;
};

RankMemory rank_memory(const RankLists& lists, const OperatorNodes& operator_nodes,
                       std::span<const M2lSchedule> schedules, const PointNumbers& numbers,
                       const Parameters& parameters, int ranks);

/// Bytes replicated on every rank. `coarse_nodes`: number of coarse nodes of all ranks, if a collective sends
/// their multipoles. `count_tree`: bytes of the count tree during the set-up.
ReplicatedBytes replicated_bytes(const tree::Partition& partition, Index coarse_nodes, Index count_tree,
                                 const Parameters& parameters);

/// Pages of code and buffers of MPI and BLAS, which the first evaluation brings into memory; and the share
/// that gaps in the heap add to the bytes of arrays. Both are measured: docs/developers/memory.md.
inline constexpr Index kProcessBytes = Index{8} << 20;
inline constexpr double kHeapShare = 0.05;

/// Bytes of the operators of a key; and the maximum additional bytes while they are computed.
Index operator_bytes(const OperatorKey& key);
Index operator_scratch_bytes(const OperatorKey& key);

/// Records in one rank's message buffers, sent and received.
struct MovedRecords {
  Index sources = 0, targets = 0;  // between callers and owners; targets = 0 if they are the sources
  Index ghost_sources = 0;         // ghosts, and sources of this rank that are ghosts on others
  Index multipoles = 0;            // likewise for multipoles
  Index near_sums = 0;             // P2P sums of ghosts
};

/// Expected records, from a rank's own ghosts: it is assumed to send as many as it receives. For two leaves
/// on different ranks one rank computes both sums, so sums of about half of the ghosts are sent, and the same
/// number is received.
MovedRecords expected_ghost_records(Index ghost_sources, Index ghost_multipoles, bool targets_are_sources);

/// Input of an estimate, from tree, lists and numbers of points: the arrays of `memory`, M2L's workspace, and
/// the records that are sent.
struct MemoryNeeds {
  PointNumbers points;
  RankMemory memory;        // before the lists are built, only what is known then
  Index nodes = 0;          // of the locally essential tree
  Index v_bytes = 0;        // items of the V lists, which M2L by FFT releases
  Index m2l_workspace = 0;  // transforms of M2L by FFT
  MovedRecords moved;
};

/// The stage that the set-up has reached.
enum class MemoryStage : int { points, tree, lists, plan };

/// The estimate from what is known at `stage`; bytes of operators and of a replaced set-up are left 0.
MemoryEstimate estimate_memory(const MemoryNeeds& needs, const Parameters& parameters, int ranks,
                               MemoryStage stage);

/// Needs before the points are sorted: a lower bound without tree and lists. Every rank is assumed to own an
/// equal share.
MemoryNeeds needs_of_points(const PointNumbers& callers, Index sources, Index targets,
                            const Parameters& parameters, int ranks);

/// Needs once the tree is built: everything except what the lists hold.
MemoryNeeds needs_of_tree(const PointNumbers& points, const MovedRecords& moved,
                          const tree::EssentialTree& tree, const Parameters& parameters, int ranks);

/// Needs once the lists are built, before ghosts are requested: M2L's schedule and workspace are expected
/// values, and the rank is assumed to send as much as it receives.
MemoryNeeds needs_of_lists(const PointNumbers& points, const MovedRecords& moved, const RankLists& lists,
                           std::span<const std::uint8_t> ends, const tree::Partition& partition,
                           const Parameters& parameters, int threads);

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
  void require_before_reading(Index sources, Index targets, bool targets_are_sources);

  /// Begins a set-up while another one, of `replaced` bytes with any arrays of its evaluations, is kept.
  void begin(Index replaced);

  /// There will be this number of sets of operators in the set-up begun; until then, one. The ranks compute
  /// those of levels in turn (fmm/agreement), each with memory of its own for that.
  void expect_operator_sets(int sets);

  /// Checks the set-up begun before it allocates anything, from the numbers of points that each rank passes.
  /// Collective.
  void require_for_points(Index sources, Index targets, bool targets_are_sources);

  /// Checks the set-up begun at a later stage: adds the bytes of operators and of the replaced set-up to the
  /// estimate, and keeps the largest set_up so far. Collective.
  void require(const MemoryNeeds& needs, MemoryStage stage);

  /// Checks an evaluation with the points of the last set-up, if it has more vectors, or more numbers per
  /// source or target, than any before. Equal on all ranks. Collective.
  void require_for_evaluation(SourceKind kind, Output output, int vectors);

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
  Parameters given_;
  Parameters parameters_;  // with the most that an evaluation of the last set-up has been checked for
  std::string root_;
  std::optional<mpi::Comm> node_;  // the ranks of this node, if its memory is checked
  MemoryEstimate estimate_;
  MemoryNeeds needs_;        // of the last estimate
  Index level_scratch_ = 0;  // for the operators of a level, which this rank computes when its set-up is made

  MemoryNeeds needs_of(Index sources, Index targets, bool targets_are_sources) const;  // collective
};

}  // namespace octopole
#pragma GCC visibility pop

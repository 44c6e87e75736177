// What one rank's Fmm will hold at most, estimated as soon as something is known that it follows from.
#pragma once

#include <cstdint>
#include <span>

#include "cost/memory.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Pages of code and MPI's and BLAS's own buffers, which a first evaluation brings into memory; and what gaps
/// of the heap add to the bytes of arrays. Both measured: docs/developers/memory.md.
inline constexpr Index kProcessBytes = Index{8} << 20;
inline constexpr double kHeapShare = 0.05;

/// Bytes of the operators of a key; and the most that computing them takes besides.
Index operator_bytes(const OperatorKey& key);
Index operator_scratch_bytes(const OperatorKey& key);

/// Records in a rank's message buffers, of both directions.
struct MovedRecords {
  Index sources = 0, targets = 0;  // between callers and owners; targets 0 where they are the sources
  Index ghost_sources = 0;         // of ghosts, and of this rank that are others' ghosts
  Index multipoles = 0;            // the same of multipoles
  Index near_sums = 0;             // shares of P2P
};

/// From a rank's own needs: as much sent as received; of a pair of leaves across the border one rank makes
/// both sums, so that the shares of about half of the ghosts are sent, and as many received.
MovedRecords expected_ghost_records(Index ghost_sources, Index ghost_multipoles, bool same);

/// What follows from tree, lists and numbers: the arrays of `memory`, M2L's workspace, what travels.
struct MemoryNeeds {
  PointNumbers points;
  RankMemory memory;        // in an estimate before the lists without what is not known yet
  Index nodes = 0;          // of the locally essential tree
  Index v_bytes = 0;        // V's partners, which M2L by FFT does not keep
  Index m2l_workspace = 0;  // of the transforms
  MovedRecords moved;
};

/// How far the set-up is.
enum class MemoryStage : int { points, tree, lists, plan };

/// The estimate from what is known at `stage`; bytes of operators and of a replaced set-up are left 0.
MemoryEstimate estimate_memory(const MemoryNeeds& needs, const Parameters& parameters, int ranks,
                               MemoryStage stage);

/// Before anything is sorted: a lower bound without tree and lists. Every rank owns an equal share.
MemoryNeeds needs_of_points(const PointNumbers& callers, Index sources, Index targets,
                            const Parameters& parameters, int ranks);

/// Once the tree stands: all but what the lists hold.
MemoryNeeds needs_of_tree(const PointNumbers& points, const MovedRecords& moved,
                          const tree::EssentialTree& tree, const Parameters& parameters, int ranks);

/// Once the lists stand, before ghosts come: M2L's plan and workspace by expectation, as much sent as
/// received.
MemoryNeeds needs_of_lists(const PointNumbers& points, const MovedRecords& moved, const RankLists& lists,
                           std::span<const std::uint8_t> ends, const tree::Partition& partition,
                           const Parameters& parameters, int threads);

}  // namespace octopole
#pragma GCC visibility pop

// Estimates of the maximum memory of one rank's Fmm, at each stage from what is known by then.
#pragma once

#include <cstdint>
#include <span>

#include "cost/memory.hpp"

#pragma GCC visibility push(default)
namespace octopole {

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
MovedRecords expected_ghost_records(Index ghost_sources, Index ghost_multipoles, bool same);

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

/// Needs once the lists are built, before ghosts are requested: M2L's plan and workspace are expected values,
/// and the rank is assumed to send as much as it receives.
MemoryNeeds needs_of_lists(const PointNumbers& points, const MovedRecords& moved, const RankLists& lists,
                           std::span<const std::uint8_t> ends, const tree::Partition& partition,
                           const Parameters& parameters, int threads);

}  // namespace octopole
#pragma GCC visibility pop

// The nodes that each operator of a rank is applied to, the counts of its operations, and their time at a
// given throughput.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/profile.hpp"
#include "octopole/options.hpp"
#include "octopole/summary.hpp"
#include "operators/m2l_fft.hpp"
#include "tree/interaction_lists.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// The tree and lists of one rank, real or virtual.
struct RankLists {
  const tree::EssentialTree& tree;
  const tree::InteractionLists& lists;        // U, V, W, X as defined
  const tree::OperatorLists& operator_lists;  // pairs by operator
  int rank;
};

/// The nodes each operator is applied to, on one rank.
struct OperatorNodes {
  std::vector<NodeIndex> source_leaves;                // P2M: leaves that this rank owns, with sources
  std::vector<std::vector<NodeIndex>> source_parents;  // M2M by level: nodes with sources that this rank owns
  std::vector<std::vector<NodeIndex>> target_nodes;    // M2L, P2L by level: nodes with targets
  std::vector<std::vector<NodeIndex>>
      target_parents;  // L2L, M2L by FFT by level: those whose children have locals
  std::vector<NodeIndex>
      target_ends;  // L2P: where L2L ends, at leaves or where nothing below adds to the locals
  std::vector<NodeIndex> w_leaves;              // M2P: leaves with a list
  std::vector<std::vector<NodeIndex>> x_nodes;  // P2L by level: nodes with a list
  std::vector<NodeIndex> interior_leaves;       // P2P with only this rank's sources
  std::vector<NodeIndex> boundary_leaves;       // P2P with ghosts
};

/// Finds where L2L ends, by node: all V and X lists below are empty, as far as this rank's targets show. Each
/// rank sees its own part of a shared node, which is an end if it is one for all ranks with targets in it.
/// Locals of ends are evaluated directly at their targets: L2L would only add errors, which matter for the
/// gradient (eps u in a box of half side h is eps u / h in the gradient).
std::vector<std::uint8_t> find_ends(const RankLists& lists);

/// Finds the nodes of each operator from the `ends` agreed by all ranks. Sources from `own_sources` on are
/// ghosts, once they are placed.
OperatorNodes make_operator_nodes(const RankLists& lists, std::span<const std::uint8_t> ends,
                                  Index own_sources);

/// Counts of the operations of one evaluation.
struct OperationCounts {
  double sources = 0, source_leaves = 0;                       // P2M
  double m2m_children = 0, l2l_children = 0;                   // M2M, L2L
  double families_in = 0, families_out = 0, family_pairs = 0;  // M2L by FFT: forward, inverse, pairs
  double v_pairs = 0;                                          // M2L by SVD
  double local_nodes = 0;                                      // check potentials to locals
  double targets = 0;                                          // L2P
  double near_pairs = 0, near_gathers = 0, m2p_targets = 0, p2l_sources = 0;  // P2P; M2P, P2L per surface

  OperationCounts& operator+=(const OperationCounts& other);
  bool operator==(const OperationCounts&) const = default;
};
inline constexpr std::array kAllCounts = {
    &OperationCounts::sources,      &OperationCounts::source_leaves, &OperationCounts::m2m_children,
    &OperationCounts::l2l_children, &OperationCounts::families_in,   &OperationCounts::families_out,
    &OperationCounts::family_pairs, &OperationCounts::v_pairs,       &OperationCounts::local_nodes,
    &OperationCounts::targets,      &OperationCounts::near_pairs,    &OperationCounts::near_gathers,
    &OperationCounts::m2p_targets,  &OperationCounts::p2l_sources};

/// Counts of one rank by node of its tree, without families_in, which belong to no single node. P2M and M2M
/// are counted at the node whose multipole they form, everything else at the node that holds the targets
/// (family pairs and inverse transforms at the parent, L2L at the child, L2P at the leaf). Downward
/// operations of a node in which several ranks have targets are done, and counted, by each of them; P2M and
/// M2M only by the owner.
std::vector<OperationCounts> count_by_node(const RankLists& lists, const OperatorNodes& operator_nodes,
                                           const OperatorKey& key);

/// Number of families whose multipoles M2L by FFT transforms: the sum over the schedules' blocks. Without
/// schedules, the number of families in the lists, level by level, which is the same if a level's schedule
/// has one block.
double count_families_in(const RankLists& lists, const OperatorNodes& operator_nodes,
                         std::span<const M2lSchedule> schedules, const OperatorKey& key);

/// Counts of one rank's part of an evaluation: the sum of the above.
OperationCounts count_operations(const RankLists& lists, const OperatorNodes& operator_nodes,
                                 std::span<const M2lSchedule> schedules, const OperatorKey& key);

/// Operations by phase; `svd_rank` is the mean rank of M2L by SVD.
OperationsByPhase operations_of(const OperationCounts& counts, const OperatorKey& key, double svd_rank);

/// Expected mean rank of M2L by SVD, measured for Laplace at orders 6 to 14: about a seventh of the surface
/// points.
double expected_svd_rank(const OperatorKey& key);

/// The throughput of the parameters' kernel with their number of vectors, given `throughput`, that of Laplace
/// with one: an operation, counted for one vector, is then done for all of them.
Throughput throughput_for(const Parameters& parameters, Throughput throughput);

/// Seconds of one thread by phase, for the parameters' output. P2P exploits `targets_are_sources`.
std::array<double, kPhases> seconds_of(const OperationsByPhase& operations, const Parameters& parameters,
                                       const Throughput& throughput, bool targets_are_sources);

/// Seconds of one thread by phase, for the output and at the throughput of the parameters.
std::array<double, kPhases> predict_seconds(const OperationCounts& counts, const Parameters& parameters,
                                            bool targets_are_sources);

/// Seconds of all phases together.
double total(const std::array<double, kPhases>& seconds);

}  // namespace octopole
#pragma GCC visibility pop

// From points to a PointSetup, everything about them that does not depend on the charges: distribution, tree,
// lists, exchange plans.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "cost/leaf_cost.hpp"
#include "cost/load_balance.hpp"
#include "cost/memory.hpp"
#include "cost/operation_counts.hpp"
#include "cost/tuning.hpp"
#include "distributed/ghosts.hpp"
#include "distributed/point_exchange.hpp"
#include "fmm/observer.hpp"
#include "octopole/options.hpp"
#include "operators/m2l_fft.hpp"
#include "operators/p2p.hpp"
#include "operators/views.hpp"
#include "tree/morton.hpp"
#include "tree/near_pairs.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Coordinates in structure-of-arrays form, relative to the root cube's frame.
struct Coordinates {
  AlignedVector<double> x, y, z;
};

/// Sources relative to their leaves, for P2P, P2M and L2P; empty if P2P uses two floats.
struct LeafFrameCoordinates {
  NearForm form = NearForm::two_floats;
  double min_separation = kMinSeparation;
  AlignedVector<float> x, y, z;
  LeafFramePoints view(const std::vector<std::uint8_t>& leaf) const {
    return {form, static_cast<Index>(x.size()), x.data(), y.data(), z.data(), leaf.data(), min_separation};
  }
};

/// State made by set_points. Owned points are this rank's part of the Morton curve, ascending.
struct PointSetup {
  int rank = 0;
  Tuning tuning;  // n_crit and padding
  morton::RootCube cube;
  int levels = 0;      // of all ranks' trees, if each level has its own operators
  tree::Count points;  // of all ranks
  tree::Partition partition;
  tree::SharedNodes shared;        // that overlap this rank's part
  LoadBalanceResult load_balance;  // how the partition was found
  distributed::PointExchange source_exchange;
  std::optional<distributed::PointExchange> target_exchange;  // absent if sources = targets
  Coordinates sources;                                        // owned, then ghosts
  std::optional<Coordinates> targets;                         // owned; absent if sources = targets
  std::vector<tree::NodeKey> leaves;  // of this rank's part, complete, along the curve
  tree::EssentialTree tree;
  tree::InteractionLists lists;               // as defined; items of V only for M2L by SVD
  tree::OperatorLists operator_lists;         // pairs by operator
  std::optional<tree::NearPairs> near_pairs;  // if sources = targets: P2P without ghosts
  tree::BorderPairs border;                   // if sources = targets: P2P that needs ghosts
  distributed::RowExchange near_sums;         // sends sums of ghosts, receives those of own sources
  LeafFrameCoordinates leaf_frame_sources;    // if sources = targets
  std::vector<Box> boxes;                     // (nodes)
  distributed::Ghosts ghosts;
  distributed::Ancestors ancestors;
  OperatorNodes operator_nodes;
  std::vector<M2lSchedule> m2l;  // by level of the targets; empty for M2L by SVD
  OverfullLeaves overfull;
  MemoryEstimate memory;  // if it was checked
  std::array<double, kSetupStages> stage_seconds{};
  std::array<Traffic, kSetupExchanges> traffic{};  // of the exchanges of the set-up, on this rank

  distributed::PointExchange& results_exchange() {
    return target_exchange ? *target_exchange : source_exchange;
  }
  const distributed::PointExchange& results_exchange() const {
    return target_exchange ? *target_exchange : source_exchange;
  }
  RankLists rank_lists() const { return {tree, lists, operator_lists, rank}; }
  Index owned_sources() const { return source_exchange.owned_count(); }
  Index owned_targets() const { return results_exchange().owned_count(); }
  PointsByNode sources_by_node() const;
  PointsByNode targets_by_node() const;
  /// Number of sums: at owned targets, then those of this rank for ghosts.
  Index summed_points() const { return owned_targets() + (near_pairs ? ghosts.ghost_sources : 0); }
};

NearPairsView view_of(const tree::NearPairs& pairs);

/// Builds the set-up from interleaved coordinates (n, 3); without `targets`, sources = targets. Throws
/// AgreedError if coordinates are not three per point, or not finite, or if there are no points on any rank.
/// With a `memory` check, stages that would need more memory than is available throw Error on all ranks
/// before they allocate; absurdly overfull leaves (see cost/leaf_cost.hpp) throw also without it. Collective.
PointSetup set_points(const mpi::Comm& comm, const Parameters& parameters, std::span<const double> sources,
                      std::optional<std::span<const double>> targets, WorkObserver* observer = nullptr,
                      MemoryCheck* memory = nullptr);

}  // namespace octopole
#pragma GCC visibility pop

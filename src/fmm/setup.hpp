// Everything about the points that does not depend on the charges: distribution, tree, lists, exchange plans.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "cost/balance.hpp"
#include "cost/memory_check.hpp"
#include "cost/overfull.hpp"
#include "cost/tuning.hpp"
#include "cost/work_lists.hpp"
#include "distributed/distribute.hpp"
#include "distributed/ghosts.hpp"
#include "fmm/observer.hpp"
#include "octopole/options.hpp"
#include "operators/m2l_fft.hpp"
#include "operators/near_field.hpp"
#include "operators/views.hpp"
#include "tree/partners.hpp"
#include "tree/root_cube.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Coordinates in structure-of-arrays form, seen from the root cube's frame.
struct Coordinates {
  AlignedVector<double> x, y, z;
};

/// Sources relative to their leaves, for P2P, P2M and L2P; empty where P2P takes two floats.
struct LeafFrameCoordinates {
  NearForm form = NearForm::two_floats;
  double reach = kMinSeparation;
  AlignedVector<float> x, y, z;
  LeafFramePoints view(const std::vector<std::uint8_t>& leaf) const {
    return {form, static_cast<Index>(x.size()), x.data(), y.data(), z.data(), leaf.data(), reach};
  }
};

/// The state that set_points leaves. Owned points are this rank's part of the Morton curve, ascending.
struct PointSetup {
  int rank = 0;
  Tuning tuning;  // n_crit and padding
  morton::RootCube cube;
  tree::Count points;  // of all ranks
  tree::Partition partition;
  tree::SharedNodes shared;  // that overlap this rank's part
  Balance balance;           // how the partition was found
  distributed::PointExchange source_exchange;
  std::optional<distributed::PointExchange> target_exchange;  // absent where the targets are the sources
  Coordinates sources;                                        // owned, then ghosts
  std::optional<Coordinates> targets;  // owned; absent where the targets are the sources
  std::vector<tree::NodeKey> leaves;   // of this rank's part, complete, along the curve
  tree::EssentialTree tree;
  tree::InteractionLists lists;               // as they are defined; V's items for M2L by SVD alone
  tree::Partners partners;                    // as they are worked off
  std::optional<tree::NearPairs> near_pairs;  // P2P of sources that are the targets, without ghosts
  tree::BorderPairs border;                   // in the same case: P2P that waits for ghosts
  distributed::RowExchange near_sums;         // rows are sources: ghosts there, this rank's back
  LeafFrameCoordinates leaf_frame_sources;    // in the same case
  std::vector<Box> boxes;                     // (nodes)
  distributed::Ghosts ghosts;
  distributed::Ancestors ancestors;
  WorkLists work;
  std::vector<M2lFftPlan> m2l;  // by level of the targets; empty for M2L by SVD
  OverfullLeaves overfull;
  MemoryEstimate memory;  // where it was checked
  std::array<double, kSetupStages> stage_seconds{};
  std::array<Traffic, kSetupExchanges> traffic{};  // of the set-up's own exchanges, on this rank

  distributed::PointExchange& results_exchange() {
    return target_exchange ? *target_exchange : source_exchange;
  }
  const distributed::PointExchange& results_exchange() const {
    return target_exchange ? *target_exchange : source_exchange;
  }
  RankLists rank_lists() const { return {tree, lists, partners, rank}; }
  Index owned_sources() const { return source_exchange.owned_count(); }
  Index owned_targets() const { return results_exchange().owned_count(); }
  PointsByNode sources_by_node() const;
  PointsByNode targets_by_node() const;
  /// Sums at targets, and behind them those that this rank makes for ghosts.
  Index summed_points() const { return owned_targets() + (near_pairs ? ghosts.ghost_sources : 0); }
};

NearPairsView view_of(const tree::NearPairs& pairs);

/// Builds the set-up of interleaved coordinates (n, 3); no `targets` means that they are the sources.
/// Coordinates must be finite. Where there is a `memory` check, stages that would need more than there is
/// throw Error on all ranks before they allocate; leaves that overfull.hpp calls absurd throw in any case.
/// Collective.
PointSetup make_setup(const mpi::Comm& comm, const Parameters& parameters, std::span<const double> sources,
                      std::optional<std::span<const double>> targets, WorkObserver* observer = nullptr,
                      MemoryCheck* memory = nullptr);

}  // namespace octopole
#pragma GCC visibility pop

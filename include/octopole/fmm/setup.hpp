// Everything about the points that does not depend on the charges: distribution, tree, lists, exchange plans.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "octopole/fmm/balance.hpp"
#include "octopole/fmm/memory_check.hpp"
#include "octopole/fmm/observer.hpp"
#include "octopole/fmm/overfull.hpp"
#include "octopole/fmm/tuning.hpp"
#include "octopole/fmm/work_lists.hpp"
#include "octopole/morton/cube.hpp"
#include "octopole/operators/m2l_fft.hpp"
#include "octopole/operators/near_field.hpp"
#include "octopole/operators/views.hpp"
#include "octopole/options.hpp"
#include "octopole/parallel/distribute.hpp"
#include "octopole/parallel/ghosts.hpp"
#include "octopole/tree/partners.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Coordinates in structure-of-arrays form, seen from the root cube's frame.
struct Coordinates {
  AlignedVector<double> x, y, z;
};

/// Sources relative to their leaves, for P2P, P2M and L2P; empty where P2P takes two floats.
struct LocalCoordinates {
  NearForm form = NearForm::two_floats;
  double reach = kLocalReach;
  AlignedVector<float> x, y, z;
  LocalPoints view(const std::vector<std::uint8_t>& leaf) const {
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
  parallel::PointExchange source_exchange;
  std::optional<parallel::PointExchange> target_exchange;  // absent where the targets are the sources
  Coordinates sources;                                     // owned, then ghosts
  std::optional<Coordinates> targets;                      // owned; absent where the targets are the sources
  std::vector<tree::NodeKey> leaves;                       // of this rank's part, complete, along the curve
  tree::EssentialTree tree;
  tree::InteractionLists lists;               // as they are defined; V's items for M2L by SVD alone
  tree::Partners partners;                    // as they are worked off
  std::optional<tree::NearPairs> near_pairs;  // P2P of sources that are the targets, without ghosts
  tree::BorderPairs border;                   // in the same case: P2P that waits for ghosts
  parallel::RowExchange near_sums;            // rows are sources: ghosts there, this rank's back
  LocalCoordinates local_sources;             // in the same case
  std::vector<Box> boxes;                     // (nodes)
  parallel::Ghosts ghosts;
  parallel::Ancestors ancestors;
  WorkLists work;
  std::vector<M2lFftPlan> m2l;  // by level of the targets; empty for M2L by SVD
  OverfullLeaves overfull;
  MemoryEstimate memory;  // where it was checked
  std::array<double, kSetupStages> stage_seconds{};
  std::array<Traffic, kSetupExchanges> traffic{};  // of the set-up's own exchanges, on this rank

  parallel::PointExchange& results_exchange() { return target_exchange ? *target_exchange : source_exchange; }
  const parallel::PointExchange& results_exchange() const {
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

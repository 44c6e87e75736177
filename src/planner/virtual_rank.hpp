// One rank of a plan: its tree and lists, and what it sends and receives.
#pragma once

#include <map>
#include <vector>

#include "cost/rank_setup.hpp"
#include "distributed/ghosts.hpp"
#include "planner/plan.hpp"
#include "tree/virtual_part.hpp"

namespace octopole {

/// Numbers of records that a rank receives from, or sends to, others.
struct GhostPeers {
  std::vector<PeerCount> multipoles, points;
  std::vector<PeerCount> requests;  // of the set-up: one per node
};

/// Points whose near field is summed by a rank that does not own them.
struct BorderPeers {
  std::vector<PeerCount> sent, received;
};

/// Bytes per multipole in messages: to the ranks that have it as a ghost if `ghosts`, else to the parent's
/// owner.
std::size_t multipole_bytes(const Parameters& parameters, bool ghosts);

class VirtualRank {
 public:
  VirtualRank(const PlanRequest& request, const tree::Partition& partition, int rank);

  RankLists lists() const { return {tree_, lists_, partners_, rank_}; }
  std::span<const tree::NodeKey> leaves() const { return part_.leaves; }

  /// Where L2L ends, according to this rank's targets only.
  std::vector<std::uint8_t> ends;

  /// Whether no lower rank has targets in the node, in which this rank has targets.
  bool counts_here(tree::NodeKey node);

  /// What the rank needs from others; assigns places to ghost leaves.
  GhostPeers place_ghosts();
  /// What others need from the rank, by its own lists: see make_plan.
  GhostPeers asked_of_it();

  /// Counts everything except the traffic of ghosts and callers; after place_ghosts, and with the ends agreed
  /// by all ranks. `ancestors` is the traffic of the shared ancestors of all levels.
  RankPlan count(Traffic& ancestors);
  /// Points summed by another rank than their owner; after place_ghosts, if sources = targets.
  BorderPeers border() const;
  const tree::EssentialTree& tree() const { return tree_; }

 private:
  Index targets_in(tree::NodeKey node, int rank);
  tree::EssentialTree build_tree(tree::Keep keep);
  const std::vector<int>& users_of(tree::NodeKey key);
  MemoryEstimate estimate(const PointNumbers& numbers, const RankMemory& memory,
                          std::span<const M2lFftPlan> plans) const;
  GhostPeers asked_of(const tree::EssentialTree& tree, const tree::InteractionLists& own_lists);

  const PlanRequest& request_;
  const tree::Partition& partition_;
  int rank_;
  tree::NodeCounts counts_;
  tree::VirtualPart part_;
  tree::EssentialTree tree_;
  tree::InteractionLists lists_;
  tree::Partners partners_;
  Index ghost_sources_ = 0, ghost_multipoles_ = 0;   // numbers of records
  std::map<tree::NodeKey, std::vector<int>> users_;  // of shared nodes: ranks with targets in them
};

}  // namespace octopole

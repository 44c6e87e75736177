// One rank of a plan: its tree and lists, and what it sends and receives.
#pragma once

#include <map>
#include <vector>

#include "cost/rank_setup.hpp"
#include "distributed/ghosts.hpp"
#include "planner/plan.hpp"
#include "tree/virtual_part.hpp"

namespace octopole {

/// Records that a rank receives of, or sends to, others.
struct GhostPeers {
  std::vector<PeerCount> multipoles, points;
  std::vector<PeerCount> requests;  // of the set-up: a node each
};

/// Points whose near field is summed by another rank than theirs.
struct BorderPeers {
  std::vector<PeerCount> sent, received;
};

/// Of a record of one multipole as it travels to the ranks that have it as a ghost, else to a parent's owner.
std::size_t multipole_bytes(const Parameters& parameters, bool ghosts);

class VirtualRank {
 public:
  VirtualRank(const PlanRequest& request, const tree::Partition& partition, int rank);

  RankLists lists() const { return {tree_, lists_, partners_, rank_}; }
  std::span<const tree::NodeKey> leaves() const { return part_.leaves; }

  /// Where L2L ends, as this rank's targets alone show.
  std::vector<std::uint8_t> ends;

  /// Whether this is the lowest rank with targets in a node that it has targets in.
  bool counts_here(tree::NodeKey node);

  /// What it needs of others; gives ghost leaves their places.
  GhostPeers place_ghosts();
  /// What others need of it, by its own lists: see make_plan.
  GhostPeers asked_of_it();

  /// All but the traffic of ghosts and callers; after place_ghosts and with the ends that all ranks agree on.
  /// `ancestors` is the traffic of all levels' shared ancestors.
  RankPlan count(Traffic& ancestors);
  /// After place_ghosts, where the targets are the sources.
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
  Index ghost_sources_ = 0, ghost_multipoles_ = 0;   // records of these
  std::map<tree::NodeKey, std::vector<int>> users_;  // of shared nodes: ranks with targets in them
};

}  // namespace octopole

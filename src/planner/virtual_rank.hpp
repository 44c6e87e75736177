// A rank of a plan: its tree, its lists and its traffic; and visits of many ranks that agree with each other.
#pragma once

#include <algorithm>
#include <atomic>
#include <map>
#include <vector>

#include "base/threads.hpp"
#include "cost/rank_setup.hpp"
#include "distributed/ghosts.hpp"
#include "planner/forecast.hpp"
#include "tree/essential_tree.hpp"

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
  VirtualRank(const ForecastRequest& request, const tree::Partition& partition, int rank);

  RankLists lists() const { return {tree_, lists_, operator_lists_, rank_}; }
  std::span<const tree::NodeKey> leaves() const { return part_.leaves; }

  /// Where L2L ends, according to this rank's targets only.
  std::vector<std::uint8_t> ends;

  /// Whether no lower rank has targets in the node, in which this rank has targets.
  bool counts_here(tree::NodeKey node);

  /// What the rank needs from others; assigns places to ghost leaves.
  GhostPeers place_ghosts();
  /// What others need from the rank, by its own lists: see make_forecast.
  GhostPeers asked_of_it();

  /// Counts everything except the traffic of ghosts and callers; after place_ghosts, and with the ends agreed
  /// by all ranks. `ancestors` is the traffic of the shared ancestors of all levels.
  RankForecast count(Traffic& ancestors);
  /// Points summed by another rank than their owner; after place_ghosts, if sources = targets.
  BorderPeers border() const;
  const tree::EssentialTree& tree() const { return tree_; }

 private:
  Index targets_in(tree::NodeKey node, int rank);
  tree::EssentialTree build_tree(tree::Keep keep);
  const std::vector<int>& users_of(tree::NodeKey key);
  MemoryEstimate estimate(const PointNumbers& numbers, const RankMemory& memory,
                          std::span<const M2lSchedule> schedules) const;
  GhostPeers asked_of(const tree::EssentialTree& tree, const tree::InteractionLists& own_lists);

  const ForecastRequest& request_;
  const tree::Partition& partition_;
  int rank_;
  tree::NodeCounts counts_;
  tree::VirtualPart part_;
  tree::EssentialTree tree_;
  tree::InteractionLists lists_;
  tree::OperatorLists operator_lists_;
  Index ghost_sources_ = 0, ghost_multipoles_ = 0;   // numbers of records
  std::map<tree::NodeKey, std::vector<int>> users_;  // of shared nodes: ranks with targets in them
};

/// The ends of L2L in shared nodes, as agreed by all ranks with targets in them.
class Agreement {
 public:
  explicit Agreement(const tree::Partition& partition)
      : keys_(tree::shared_keys(partition)), flags_(keys_.size()) {
    for (auto& flag : flags_) flag = 1;
  }
  /// Adds the ends of a rank; false if a shared node is an end for it, because other ranks may disagree.
  bool add(const VirtualRank& rank) {
    bool certain = true;
    each(rank, [&](std::size_t place, NodeIndex node) {
      if (rank.ends[at(node)])
        certain = false;
      else
        flags_[place] = 0;
    });
    return certain;
  }
  void apply(VirtualRank& rank) const {
    each(rank, [&](std::size_t place, NodeIndex node) { rank.ends[at(node)] = flags_[place]; });
  }

 private:
  template <class F>
  void each(const VirtualRank& rank, F&& f) const {
    const tree::EssentialTree& tree = rank.lists().tree;
    for (NodeIndex node = 0; node < tree.size(); ++node) {
      if (!tree.has_target[at(node)] || tree.leaf[at(node)]) continue;
      const auto place = std::lower_bound(keys_.begin(), keys_.end(), tree.keys[at(node)]);
      if (place != keys_.end() && *place == tree.keys[at(node)])
        f(static_cast<std::size_t>(place - keys_.begin()), node);
    }
  }
  std::vector<tree::NodeKey> keys_;
  std::vector<std::atomic<std::uint8_t>> flags_;
};

/// Calls visit(i, rank) for all `ranks`, with the ends agreed by all; ranks whose own ends do not decide come
/// last, after all others have added theirs.
template <class Visit>
void visit_ranks(const ForecastRequest& request, const tree::Partition& partition, std::span<const int> ranks,
                 const Visit& visit) {
  Agreement agreement(partition);
  std::vector<std::uint8_t> waiting(ranks.size(), 0);
  const auto visit_some = [&](bool again) {
    parallel_for(static_cast<Index>(ranks.size()), 1, [&](Index number) {
      const auto i = static_cast<std::size_t>(number);
      if (again && !waiting[i]) return;
      VirtualRank rank(request, partition, ranks[i]);
      if (!again && !agreement.add(rank)) {
        waiting[i] = 1;
        return;
      }
      agreement.apply(rank);
      visit(i, rank);
    });
  };
  visit_some(false);
  if (std::count(waiting.begin(), waiting.end(), 1) > 0) visit_some(true);
}

}  // namespace octopole

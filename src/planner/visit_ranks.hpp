// Visits virtual ranks, one after another, as if they had agreed with each other.
#pragma once

#include <algorithm>
#include <atomic>

#include "base/threads.hpp"
#include "planner/virtual_rank.hpp"

namespace octopole {

/// The ends of L2L in shared nodes, as agreed by all ranks with targets in them.
class Agreement {
 public:
  explicit Agreement(const tree::Partition& partition)
      : keys_(tree::shared_keys(partition)), flags_(keys_.size()) {
    for (auto& flag : flags_) flag = 1;
  }
  /// Adds the ends of a rank; false if a shared node is an end for it, because other ranks may disagree.
  bool tell(const VirtualRank& rank) {
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
void visit_ranks(const PlanRequest& request, const tree::Partition& partition, std::span<const int> ranks,
                 const Visit& visit) {
  Agreement agreement(partition);
  std::vector<std::uint8_t> waiting(ranks.size(), 0);
  const auto look = [&](bool again) {
    parallel_for(static_cast<Index>(ranks.size()), 1, [&](Index number) {
      const auto i = static_cast<std::size_t>(number);
      if (again && !waiting[i]) return;
      VirtualRank rank(request, partition, ranks[i]);
      if (!again && !agreement.tell(rank)) {
        waiting[i] = 1;
        return;
      }
      agreement.apply(rank);
      visit(i, rank);
    });
  };
  look(false);
  if (std::count(waiting.begin(), waiting.end(), 1) > 0) look(true);
}

}  // namespace octopole

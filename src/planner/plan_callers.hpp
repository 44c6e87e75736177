// Traffic of charges to the owners and of results to the callers, in a plan.
#pragma once

#include <vector>

#include "planner/plan.hpp"
#include "tree/partition.hpp"

namespace octopole {

class CallerTraffic {
 public:
  CallerTraffic(const PlanRequest& request, const tree::Partition& partition);

  /// Adds the traffic of charges, potential and gradient of a rank, if the callers' points are listed. A
  /// charge has `real` bytes.
  void add(int rank, std::size_t real, std::array<Traffic, kExchanges>& traffic) const;

  /// Adds the expected traffic if the points are scattered; peers are all ranks, and not named.
  RankTraffic complete(RankTraffic traffic, int rank) const;

 private:
  struct Lists {
    std::vector<std::vector<PeerCount>> to_owners, from_callers;
  };
  static Lists list(const ListedPoints& points, const tree::Partition& partition);
  TrafficCounts expected(Index total, Index owned, Index bytes, bool outward) const;

  const PlanRequest& request_;
  std::optional<Lists> sources_, targets_;
  std::vector<tree::Count> owned_;  // by rank, if scattered
};

}  // namespace octopole

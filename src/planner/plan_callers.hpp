// Charges to the owners and results to the callers, in a plan.
#pragma once

#include <vector>

#include "planner/plan.hpp"
#include "tree/splitters.hpp"

namespace octopole {

class CallerTraffic {
 public:
  CallerTraffic(const PlanRequest& request, const tree::Partition& partition);

  /// Where the callers' points are listed: the traffic of charges, potential and gradient of a rank. Charges
  /// are of `real` bytes.
  void add(int rank, std::size_t real, std::array<Traffic, kExchanges>& traffic) const;

  /// Where they are scattered: the same, expected and without names of the peers, which are all ranks.
  RankTraffic complete(RankTraffic traffic, int rank) const;

 private:
  struct Lists {
    std::vector<std::vector<PeerCount>> to_owners, from_callers;
  };
  static Lists list(const ListedPoints& points, const tree::Partition& partition);
  TrafficCounts expected(Index total, Index owned, Index bytes, bool outward) const;

  const PlanRequest& request_;
  std::optional<Lists> sources_, targets_;
  std::vector<tree::Count> owned_;  // by rank, where scattered
};

}  // namespace octopole

#include "octopole/parallel/tree_exchange.hpp"

#include <algorithm>

namespace octopole::parallel {

std::vector<tree::NodeKey> balance_globally(const mpi::Comm& comm, const tree::CountTree& coarse,
                                            const tree::Partition& partition,
                                            std::vector<tree::NodeKey> splits, Traffic& traffic) {
  using tree::NodeKey;
  const std::vector<NodeKey> closed = tree::balance_closure(splits);
  // Split nodes of the count tree are known everywhere; every other node lies in one rank's part.
  std::vector<NodeKey> mine;
  std::vector<std::pair<int, NodeKey>> others;
  for (NodeKey key : closed) {
    const int owner = partition.owner(key);
    if (owner == comm.rank() || partition.range(comm.rank()).overlaps(key))
      mine.push_back(key);
    else if (!coarse.is_split(key))
      others.emplace_back(owner, key);
  }
  std::sort(others.begin(), others.end());
  std::vector<Index> counts(static_cast<std::size_t>(comm.size()), 0);
  std::vector<NodeKey> send;
  for (const auto& [owner, key] : others) {
    ++counts[static_cast<std::size_t>(owner)];
    send.push_back(key);
  }
  std::vector<NodeKey> received = comm.all_to_all(std::span<const NodeKey>(send), counts, nullptr, &traffic);
  std::sort(received.begin(), received.end());
  received.erase(std::unique(received.begin(), received.end()), received.end());
  return tree::merge_keys(mine, received);
}

tree::EssentialTree build_essential_tree(const mpi::Comm& comm, const tree::LocalPart& part,
                                         Traffic& traffic) {
  const tree::GhostRecords told = tree::records_for_others(part);
  const std::vector<tree::NodeRecord> heard =
      comm.all_to_all(std::span<const tree::NodeRecord>(told.records), told.counts, nullptr, &traffic);
  tree::EssentialTree essential;
  mpi::collectively(comm, [&] { essential = tree::build_essential_tree(part, heard); });
  return essential;
}

}  // namespace octopole::parallel

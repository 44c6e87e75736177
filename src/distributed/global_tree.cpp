#include "distributed/global_tree.hpp"

#include <algorithm>
#include <limits>

#include "distributed/index_map.hpp"

namespace octopole::distributed {
namespace {

void sum_over_ranks(const mpi::Comm& comm, std::vector<tree::Count>& counts) {
  static_assert(sizeof(tree::Count) == 2 * sizeof(Index));
  if (!counts.empty()) comm.allreduce(std::span<Index>(&counts[0].sources, 2 * counts.size()), MPI_SUM);
}

}  // namespace

tree::CountTree count_globally(const mpi::Comm& comm, std::span<const morton::Code> sources,
                               std::span<const morton::Code> targets, Index ncrit, int max_level) {
  std::vector<tree::Count> counts{{static_cast<Index>(sources.size()), static_cast<Index>(targets.size())}};
  sum_over_ranks(comm, counts);
  const Index share = counts[0].largest() / (parts_per_rank(comm.size()) * comm.size());
  tree::CountTree coarse(counts[0], std::max(ncrit, share), max_level);
  while (!coarse.frontier().empty()) {
    counts = tree::count_points(coarse.frontier(), sources, targets);
    sum_over_ranks(comm, counts);
    coarse.grow(counts);
  }
  return coarse;
}

tree::Partition divide_by_weight(const mpi::Comm& comm, std::span<const tree::NodeKey> leaves,
                                 std::span<const Index> weights) {
  Index mine = 0;
  for (const Index weight : weights) mine += weight;
  const Index before = comm.exclusive_sum(mine), total = comm.sum(mine);
  const std::vector<morton::Code> splitters =
      tree::splitters_among(leaves, weights, before, total, comm.size());
  return tree::partition_at(comm.gather_all(std::span<const morton::Code>(splitters)), comm.size());
}

tree::SharedNodes count_shared(const mpi::Comm& comm, const tree::Partition& partition,
                               std::span<const morton::Code> sources, std::span<const morton::Code> targets) {
  const std::vector<tree::NodeKey> keys = tree::shared_keys(partition);
  std::vector<tree::Count> counts = tree::count_points(keys, sources, targets);
  sum_over_ranks(comm, counts);
  tree::SharedNodes shared;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!partition.range(comm.rank()).overlaps(keys[i])) continue;
    shared.keys.push_back(keys[i]);
    shared.counts.push_back(counts[i]);
  }
  return shared;
}

std::vector<tree::NodeKey> two_to_one_globally(const mpi::Comm& comm, const tree::Partition& partition,
                                               std::vector<tree::NodeKey> splits, Traffic& traffic) {
  using tree::NodeKey;
  const std::vector<NodeKey> closed = tree::two_to_one_closure(splits);
  // All ranks know that shared nodes are split; every other node lies in one rank's part.
  std::vector<NodeKey> mine;
  std::vector<std::pair<int, NodeKey>> others;
  for (NodeKey key : closed) {
    const int owner = partition.owner(key);
    if (owner == comm.rank() || partition.range(comm.rank()).overlaps(key))
      mine.push_back(key);
    else if (!partition.is_shared(key))
      others.emplace_back(owner, key);
  }
  std::sort(others.begin(), others.end());
  ByRank<NodeKey> send(comm.size());
  for (const auto& [owner, key] : others) send.add(owner, key);
  std::vector<NodeKey> received = all_to_all(comm, send, &traffic).values;
  std::sort(received.begin(), received.end());
  received.erase(std::unique(received.begin(), received.end()), received.end());
  return tree::merge_keys(mine, received);
}

tree::EssentialTree build_essential_tree(const mpi::Comm& comm, const tree::LocalPart& part,
                                         Traffic& traffic) {
  const tree::GhostRecords sent = tree::records_for_others(part);
  const std::vector<tree::NodeRecord> received =
      comm.all_to_all(std::span<const tree::NodeRecord>(sent.records), sent.counts, nullptr, &traffic);
  tree::EssentialTree essential;
  mpi::collectively(comm, [&] { essential = tree::build_essential_tree(part, received); });
  return essential;
}

SharedOnce::SharedOnce(const mpi::Comm& comm, const tree::Partition& partition,
                       const tree::EssentialTree& tree)
    : rank_(comm.rank()), keys_(tree::shared_keys(partition)) {
  counting_.assign(keys_.size(), std::numeric_limits<int>::max());
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const NodeIndex node = tree.find(keys_[i]);
    if (node != kNoNode && tree.has_target[at(node)]) counting_[i] = rank_;
  }
  comm.allreduce(std::span<int>(counting_), MPI_MIN);
}

bool SharedOnce::counts_here(tree::NodeKey key) const {
  const auto place = std::lower_bound(keys_.begin(), keys_.end(), key);
  return place == keys_.end() || *place != key ||
         counting_[static_cast<std::size_t>(place - keys_.begin())] == rank_;
}

void agree_on_shared(const mpi::Comm& comm, const tree::Partition& partition, const tree::EssentialTree& tree,
                     std::vector<std::uint8_t>& flags) {
  const std::vector<tree::NodeKey> shared = tree::shared_keys(partition);
  std::vector<int> agreed(shared.size(), 1);
  std::vector<NodeIndex> nodes;
  for (std::size_t i = 0; i < shared.size(); ++i) {
    nodes.push_back(tree.find(shared[i]));
    if (nodes[i] != kNoNode && tree.has_target[at(nodes[i])]) agreed[i] = flags[at(nodes[i])];
  }
  comm.allreduce(std::span<int>(agreed), MPI_MIN);
  for (std::size_t i = 0; i < shared.size(); ++i)
    if (nodes[i] != kNoNode) flags[at(nodes[i])] = static_cast<std::uint8_t>(agreed[i]);
}

}  // namespace octopole::distributed

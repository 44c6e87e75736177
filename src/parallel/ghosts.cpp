#include "octopole/parallel/ghosts.hpp"

#include <algorithm>
#include <map>

namespace octopole::parallel {
namespace {

using tree::EssentialTree;
using tree::NodeKey;

// Partners in the lists that another rank owns, ascending, once each.
std::vector<NodeIndex> foreign_partners(const EssentialTree& tree, int rank, const tree::NodeLists& a,
                                        const tree::NodeLists& b) {
  std::vector<std::uint8_t> needed(tree.keys.size(), 0);
  for (const tree::NodeLists* lists : {&a, &b})
    for (NodeIndex node : lists->items)
      if (tree.owner[at(node)] != rank) needed[at(node)] = 1;
  std::vector<NodeIndex> nodes;
  for (NodeIndex node = 0; node < tree.size(); ++node)
    if (needed[at(node)]) nodes.push_back(node);
  return nodes;
}

struct NodesByRank {
  std::vector<NodeIndex> nodes;  // by rank, each rank's in the order of the requests
  std::vector<Index> counts;     // (ranks)
};

NodesByRank sort_by_owner(const EssentialTree& tree, std::vector<NodeIndex> nodes, int ranks) {
  std::stable_sort(nodes.begin(), nodes.end(),
                   [&](NodeIndex x, NodeIndex y) { return tree.owner[at(x)] < tree.owner[at(y)]; });
  NodesByRank sorted{std::move(nodes), std::vector<Index>(static_cast<std::size_t>(ranks), 0)};
  for (NodeIndex node : sorted.nodes) ++sorted.counts[at(tree.owner[at(node)])];
  return sorted;
}

// Asks the owners for nodes; returns the nodes that others ask of this rank, in the order in which they
// asked.
NodesByRank request(const mpi::Comm& comm, const EssentialTree& tree, const NodesByRank& wanted,
                    Traffic& traffic) {
  std::vector<NodeKey> keys;
  for (NodeIndex node : wanted.nodes) keys.push_back(tree.keys[at(node)]);
  NodesByRank asked;
  const std::vector<NodeKey> asked_keys =
      comm.all_to_all(std::span<const NodeKey>(keys), wanted.counts, &traffic, &asked.counts);
  mpi::collectively(comm, [&] {
    for (NodeKey key : asked_keys) {
      asked.nodes.push_back(tree.find(key));
      if (asked.nodes.back() == kNoNode)
        throw Error("another rank asked for a node that does not exist here", "please report this as a bug");
    }
  });
  return asked;
}

// One row list a rank that has any.
template <class AppendRows>
std::vector<PeerRows> rows_by_rank(const NodesByRank& nodes, AppendRows&& append) {
  std::vector<PeerRows> peers;
  std::size_t next = 0;
  for (std::size_t rank = 0; rank < nodes.counts.size(); ++rank) {
    if (nodes.counts[rank] == 0) continue;
    peers.push_back({static_cast<int>(rank), {}});
    for (Index i = 0; i < nodes.counts[rank]; ++i) append(nodes.nodes[next++], peers.back().rows);
  }
  return peers;
}

}  // namespace

Ghosts plan_ghosts(const mpi::Comm& comm, mpi::Transport transport, const tree::NodeLists& v,
                   const tree::Partners& partners, Index own_sources, EssentialTree& tree) {
  Ghosts ghosts;
  const auto node_row = [](NodeIndex node, std::vector<Index>& rows) { rows.push_back(node); };
  const auto point_rows = [&tree](NodeIndex leaf, std::vector<Index>& rows) {
    for (Index i = tree.source_begin[at(leaf)]; i < tree.source_end[at(leaf)]; ++i) rows.push_back(i);
  };

  const NodesByRank wanted =
      sort_by_owner(tree, foreign_partners(tree, comm.rank(), v, partners.m2p), comm.size());
  const NodesByRank asked = request(comm, tree, wanted, ghosts.requests);
  ghosts.multipoles =
      RowExchange(comm, transport, rows_by_rank(asked, node_row), rows_by_rank(wanted, node_row));

  const NodesByRank wanted_leaves =
      sort_by_owner(tree, foreign_partners(tree, comm.rank(), partners.p2p, partners.p2l), comm.size());
  Index next = own_sources;
  for (NodeIndex leaf : wanted_leaves.nodes) {
    tree.source_begin[at(leaf)] = next;
    next += tree.source_count[at(leaf)];
    tree.source_end[at(leaf)] = next;
  }
  ghosts.ghost_sources = next - own_sources;
  const NodesByRank asked_leaves = request(comm, tree, wanted_leaves, ghosts.requests);
  ghosts.points = RowExchange(comm, transport, rows_by_rank(asked_leaves, point_rows),
                              rows_by_rank(wanted_leaves, point_rows));
  return ghosts;
}

Ancestors plan_ancestors(const mpi::Comm& comm, mpi::Transport transport, const EssentialTree& tree) {
  // By child level: rows to send and to receive, by rank; nodes ascend on both sides.
  std::map<int, std::map<int, std::vector<Index>>> send, receive;
  std::uint64_t levels = 0;
  for (NodeIndex node = 0; node < tree.size(); ++node) {
    const NodeIndex parent = tree.parent[at(node)];
    const int level = tree.anchors[at(node)].level;
    if (level <= kFirstLevel || !tree.has_source[at(node)]) continue;
    const int here = tree.owner[at(node)], above = tree.owner[at(parent)];
    if (here == above) continue;
    if (here == comm.rank()) send[level][above].push_back(node);
    if (above == comm.rank()) receive[level][here].push_back(node);
    if (here == comm.rank() || above == comm.rank()) levels |= std::uint64_t{1} << level;
  }
  levels = comm.allreduce(levels, MPI_BOR);

  const auto peers = [](const std::map<int, std::vector<Index>>& rows) {
    std::vector<PeerRows> list;
    for (const auto& [rank, nodes] : rows) list.push_back({rank, nodes});
    return list;
  };
  Ancestors plan;
  for (int level = morton::kDepth; level > kFirstLevel; --level)
    if (levels >> level & 1)
      plan.steps.push_back({level, RowExchange(comm, transport, peers(send[level]), peers(receive[level]))});
  return plan;
}

}  // namespace octopole::parallel

#include "octopole/parallel/ghosts.hpp"

#include <algorithm>

namespace octopole::parallel {
namespace {

using tree::EssentialTree;
using tree::NodeKey;

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

NodesByRank wanted_nodes(const EssentialTree& tree, int rank, int ranks, const tree::NodeLists& a,
                         const tree::NodeLists& b) {
  std::vector<std::uint8_t> needed(tree.keys.size(), 0);
  for (const tree::NodeLists* lists : {&a, &b})
    for (NodeIndex node : lists->items)
      if (tree.owner[at(node)] != rank) needed[at(node)] = 1;
  NodesByRank wanted{{}, std::vector<Index>(static_cast<std::size_t>(ranks), 0)};
  for (NodeIndex node = 0; node < tree.size(); ++node)
    if (needed[at(node)]) wanted.nodes.push_back(node);
  std::stable_sort(wanted.nodes.begin(), wanted.nodes.end(),
                   [&](NodeIndex x, NodeIndex y) { return tree.owner[at(x)] < tree.owner[at(y)]; });
  for (NodeIndex node : wanted.nodes) ++wanted.counts[at(tree.owner[at(node)])];
  return wanted;
}

Index place_ghosts(const NodesByRank& leaves, Index own_sources, EssentialTree& tree) {
  Index next = own_sources;
  for (NodeIndex leaf : leaves.nodes) {
    tree.source_begin[at(leaf)] = next;
    next += tree.source_count[at(leaf)];
    tree.source_end[at(leaf)] = next;
  }
  return next - own_sources;
}

AncestorRows find_ancestor_rows(const EssentialTree& tree, int rank) {
  AncestorRows rows;
  for (NodeIndex node = 0; node < tree.size(); ++node) {
    const int level = tree.anchors[at(node)].level;
    if (level <= kFirstLevel || !tree.has_source[at(node)]) continue;
    const int here = tree.owner[at(node)], above = tree.owner[at(tree.parent[at(node)])];
    if (here == above) continue;
    if (here == rank) rows.send[level][above].push_back(node);
    if (above == rank) rows.receive[level][here].push_back(node);
  }
  return rows;
}

Ghosts plan_ghosts(const mpi::Comm& comm, mpi::Transport transport, const tree::NodeLists& v,
                   const tree::Partners& partners, Index own_sources, EssentialTree& tree) {
  Ghosts ghosts;
  const auto node_row = [](NodeIndex node, std::vector<Index>& rows) { rows.push_back(node); };
  const auto point_rows = [&tree](NodeIndex leaf, std::vector<Index>& rows) {
    for (Index i = tree.source_begin[at(leaf)]; i < tree.source_end[at(leaf)]; ++i) rows.push_back(i);
  };

  const NodesByRank wanted = wanted_nodes(tree, comm.rank(), comm.size(), v, partners.m2p);
  const NodesByRank asked = request(comm, tree, wanted, ghosts.requests);
  ghosts.multipoles =
      RowExchange(comm, transport, rows_by_rank(asked, node_row), rows_by_rank(wanted, node_row));

  const NodesByRank leaves = wanted_nodes(tree, comm.rank(), comm.size(), partners.p2p, partners.p2l);
  ghosts.ghost_sources = place_ghosts(leaves, own_sources, tree);
  const NodesByRank asked_leaves = request(comm, tree, leaves, ghosts.requests);
  ghosts.points =
      RowExchange(comm, transport, rows_by_rank(asked_leaves, point_rows), rows_by_rank(leaves, point_rows));
  return ghosts;
}

Ancestors plan_ancestors(const mpi::Comm& comm, mpi::Transport transport, const EssentialTree& tree) {
  AncestorRows rows = find_ancestor_rows(tree, comm.rank());
  std::uint64_t levels = 0;
  for (const auto* side : {&rows.send, &rows.receive})
    for (const auto& [level, peers] : *side) levels |= std::uint64_t{1} << level;
  levels = comm.allreduce(levels, MPI_BOR);

  const auto peers = [](const std::map<int, std::vector<Index>>& by_rank) {
    std::vector<PeerRows> list;
    for (const auto& [rank, nodes] : by_rank) list.push_back({rank, nodes});
    return list;
  };
  Ancestors plan;
  for (int level = morton::kDepth; level > kFirstLevel; --level)
    if (levels >> level & 1)
      plan.steps.push_back(
          {level, RowExchange(comm, transport, peers(rows.send[level]), peers(rows.receive[level]))});
  return plan;
}

}  // namespace octopole::parallel

#include "distributed/ghosts.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>

#include "distributed/index_map.hpp"

namespace octopole::distributed {
namespace {

using tree::EssentialTree;
using tree::NodeKey;

// A node of another rank or for another rank, and which of its data; requests name it by its key.
enum class Kind : std::int64_t { multipole, double_wire, sources };
struct GhostRow {
  NodeIndex node;
  Kind kind;
};
struct Request {
  NodeKey key;
  Kind kind;
};
using GhostMap = IndexMap<GhostRow>;

// By owner, then kind.
ByRank<GhostRow> by_owner(const EssentialTree& tree, const tree::GhostNeeds& needs, int ranks) {
  std::vector<GhostRow> rows;
  for (const NodeIndex node : needs.multipoles) rows.push_back({node, Kind::multipole});
  for (const NodeIndex node : needs.double_wire) rows.push_back({node, Kind::double_wire});
  for (const NodeIndex node : needs.sources) rows.push_back({node, Kind::sources});
  const auto owner = [&](const GhostRow& row) { return tree.owner[at(row.node)]; };
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const GhostRow& a, const GhostRow& b) { return owner(a) < owner(b); });
  ByRank<GhostRow> ghosts(ranks);
  for (const GhostRow& row : rows) ghosts.add(owner(row), row);
  return ghosts;
}

GhostMap map_ghosts(const mpi::Comm& comm, const EssentialTree& tree, const tree::GhostNeeds& needs,
                    Traffic& traffic) {
  return GhostMap(
      comm, by_owner(tree, needs, comm.size()),
      [&](const GhostRow& row) {
        return Request{tree.keys[at(row.node)], row.kind};
      },
      [&](const Request& request) {
        const NodeIndex node = tree.find(request.key);
        if (node == kNoNode)
          throw Error("another rank requested a node that does not exist here",
                      "please report this as a bug");
        return GhostRow{node, request.kind};
      },
      &traffic);
}

std::vector<PeerRows> multipole_rows(const ByRank<GhostRow>& ghosts) {
  std::vector<PeerRows> peers;
  ghosts.for_each([&](int rank, const GhostRow& ghost) {
    if (ghost.kind == Kind::multipole) peer_of(peers, rank).rows.push_back(ghost.node);
    if (ghost.kind == Kind::double_wire) peer_of(peers, rank).double_wire.push_back(ghost.node);
  });
  return peers;
}

std::vector<PeerRows> source_rows(const ByRank<GhostRow>& ghosts, const EssentialTree& tree) {
  std::vector<PeerRows> peers;
  ghosts.for_each([&](int rank, const GhostRow& ghost) {
    if (ghost.kind != Kind::sources) return;
    for (Index row = tree.source_begin[at(ghost.node)]; row < tree.source_end[at(ghost.node)]; ++row)
      peer_of(peers, rank).rows.push_back(row);
  });
  return peers;
}

}  // namespace

Index place_ghosts(std::span<const NodeIndex> leaves, Index own_sources, EssentialTree& tree) {
  Index next = own_sources;
  for (const NodeIndex leaf : leaves) {
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

CoarseMultipoles::CoarseMultipoles(const mpi::Comm& comm, const tree::EssentialTree& tree,
                                   std::span<const NodeIndex> own, std::span<const NodeIndex> wanted)
    : own_(own.begin(), own.end()), exchange_(comm, static_cast<Index>(own.size())) {
  std::vector<tree::NodeKey> mine;
  for (const NodeIndex node : own) mine.push_back(tree.keys[at(node)]);
  std::vector<tree::NodeKey> all(static_cast<std::size_t>(exchange_.total_records()));
  exchange_.run(mine.data(), all.data(), sizeof(tree::NodeKey));
  std::vector<Index> order(all.size());
  std::iota(order.begin(), order.end(), Index{0});
  const auto key = [&](Index record) { return all[static_cast<std::size_t>(record)]; };
  std::sort(order.begin(), order.end(), [&](Index a, Index b) { return key(a) < key(b); });
  mpi::collectively(comm, [&] {
    for (const NodeIndex node : wanted) {
      const tree::NodeKey sought = tree.keys[at(node)];
      const auto found = std::lower_bound(order.begin(), order.end(), sought,
                                          [&](Index record, tree::NodeKey k) { return key(record) < k; });
      if (found == order.end() || key(*found) != sought)
        throw Error("a coarse node that this rank needs has no owner", "please report this as a bug");
      wanted_.push_back({*found, node});
    }
  });
}

void CoarseMultipoles::gather(std::size_t record_bytes) {
  receive_.resize(static_cast<std::size_t>(exchange_.total_records()) * record_bytes);
  exchange_.run(send_.data(), receive_.data(), record_bytes);
}

void CoarseMultipoles::run_bytes(char* array, std::size_t row_bytes) {
  if (exchange_.total_records() == 0) return;
  send_.resize(own_.size() * row_bytes);
  pack_rows(array, own_, row_bytes, send_.data());
  gather(row_bytes);
#pragma omp parallel for schedule(static)
  for (const auto& wanted : wanted_)
    std::memcpy(array + static_cast<std::size_t>(wanted.row) * row_bytes,
                receive_.data() + static_cast<std::size_t>(wanted.record) * row_bytes, row_bytes);
}

void CoarseMultipoles::run_float_wire(double* array, Index width) {
  if (exchange_.total_records() == 0) return;
  const std::size_t record_bytes = static_cast<std::size_t>(width) * sizeof(float);
  send_.resize(own_.size() * record_bytes);
  for (std::size_t i = 0; i < own_.size(); ++i)
    row_to_floats(array + own_[i] * width, width, send_.data() + i * record_bytes);
  gather(record_bytes);
#pragma omp parallel for schedule(static)
  for (const auto& wanted : wanted_)
    row_from_floats(receive_.data() + static_cast<std::size_t>(wanted.record) * record_bytes, width,
                    array + wanted.row * width);
}

Ghosts plan_ghosts(const mpi::Comm& comm, mpi::Transport transport, const tree::Partition& partition,
                   const tree::MultipoleRule& rule, const tree::NodeLists& v,
                   const tree::OperatorLists& operator_lists, Index own_sources, EssentialTree& tree) {
  Ghosts ghosts;
  ghosts.float_wire = rule.float_wire;
  const std::vector<std::uint8_t> coarse = tree::find_coarse(tree, partition, rule.allgather_threshold);
  const tree::GhostNeeds needs =
      tree::find_ghost_needs(tree, comm.rank(), v, operator_lists, coarse, rule.float_wire);
  if (rule.allgather_threshold < comm.size())
    ghosts.coarse =
        CoarseMultipoles(comm, tree, tree::own_coarse_nodes(tree, comm.rank(), coarse), needs.coarse);

  const GhostMap map = map_ghosts(comm, tree, needs, ghosts.requests);
  ghosts.ghost_sources = place_ghosts(needs.sources, own_sources, tree);
  ghosts.multipoles = RowExchange(comm, transport, multipole_rows(map.owned()), multipole_rows(map.used()));
  ghosts.points = RowExchange(comm, transport, source_rows(map.owned(), tree), source_rows(map.used(), tree));
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
    list.reserve(by_rank.size());
    for (const auto& [rank, nodes] : by_rank) list.push_back({rank, nodes});
    return list;
  };
  Ancestors result;
  for (int level = morton::kDepth; level > kFirstLevel; --level)
    if (levels >> level & 1)
      result.steps.push_back(
          {level, RowExchange(comm, transport, peers(rows.send[level]), peers(rows.receive[level]))});
  return result;
}

}  // namespace octopole::distributed

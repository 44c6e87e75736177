#include "distributed/ghosts.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <numeric>

namespace octopole::distributed {
namespace {

using tree::EssentialTree;
using tree::NodeKey;

// A request of one rank to another: a node, and which of its data.
enum class Kind : std::int64_t { multipole, wide, sources };
constexpr std::size_t kKinds = 3;
struct Request {
  NodeKey key;
  Kind kind;
};

using NodesByKind = std::array<std::vector<NodeIndex>, kKinds>;

const std::vector<NodeIndex>& of(const NodesByKind& nodes, Kind kind) {
  return nodes[static_cast<std::size_t>(kind)];
}

// Requested nodes by rank, each list in the order of the requests.
using Requests = std::map<int, NodesByKind>;

Requests by_owner(const EssentialTree& tree, const tree::GhostNeeds& needs) {
  Requests wanted;
  const std::vector<NodeIndex>* lists[kKinds] = {&needs.multipoles, &needs.wide, &needs.sources};
  for (std::size_t kind = 0; kind < kKinds; ++kind)
    for (const NodeIndex node : *lists[kind]) wanted[tree.owner[at(node)]][kind].push_back(node);
  return wanted;
}

// Sends the requests to the owners; returns the nodes that other ranks request from this rank.
Requests ask(const mpi::Comm& comm, const EssentialTree& tree, const Requests& wanted, Traffic& traffic) {
  std::vector<Index> counts(static_cast<std::size_t>(comm.size()), 0), asked_counts;
  std::vector<Request> requests;
  for (const auto& [rank, nodes] : wanted)
    for (std::size_t kind = 0; kind < kKinds; ++kind)
      for (const NodeIndex node : nodes[kind]) {
        requests.push_back({tree.keys[at(node)], static_cast<Kind>(kind)});
        ++counts[static_cast<std::size_t>(rank)];
      }
  const std::vector<Request> heard =
      comm.all_to_all(std::span<const Request>(requests), counts, &asked_counts, &traffic);
  Requests asked;
  mpi::collectively(comm, [&] {
    auto request = heard.begin();
    for (int rank = 0; rank < comm.size(); ++rank)
      for (Index i = 0; i < asked_counts[static_cast<std::size_t>(rank)]; ++i, ++request) {
        const NodeIndex node = tree.find(request->key);
        if (node == kNoNode)
          throw Error("another rank asked for a node that does not exist here",
                      "please report this as a bug");
        asked[rank][static_cast<std::size_t>(request->kind)].push_back(node);
      }
  });
  return asked;
}

std::vector<PeerRows> multipole_rows(const Requests& requests) {
  std::vector<PeerRows> peers;
  for (const auto& [rank, nodes] : requests) {
    const auto &ordinary = of(nodes, Kind::multipole), &wide = of(nodes, Kind::wide);
    peers.push_back({rank, {ordinary.begin(), ordinary.end()}, {wide.begin(), wide.end()}});
  }
  return peers;
}

std::vector<PeerRows> source_rows(const Requests& requests, const EssentialTree& tree) {
  std::vector<PeerRows> peers;
  for (const auto& [rank, nodes] : requests) {
    peers.push_back({rank, {}});
    for (const NodeIndex leaf : of(nodes, Kind::sources))
      for (Index row = tree.source_begin[at(leaf)]; row < tree.source_end[at(leaf)]; ++row)
        peers.back().rows.push_back(row);
  }
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

void CoarseMultipoles::run_narrow(double* array, Index width) {
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
                   const tree::MultipoleRule& rule, const tree::NodeLists& v, const tree::Partners& partners,
                   Index own_sources, EssentialTree& tree) {
  Ghosts ghosts;
  ghosts.narrow = rule.narrow;
  const std::vector<std::uint8_t> coarse = tree::find_coarse(tree, partition, rule.coarse_users);
  const tree::GhostNeeds needs = tree::find_ghost_needs(tree, comm.rank(), v, partners, coarse, rule.narrow);
  if (rule.coarse_users < comm.size())
    ghosts.coarse =
        CoarseMultipoles(comm, tree, tree::own_coarse_nodes(tree, comm.rank(), coarse), needs.coarse);

  const Requests wanted = by_owner(tree, needs), asked = ask(comm, tree, wanted, ghosts.requests);
  ghosts.ghost_sources = place_ghosts(needs.sources, own_sources, tree);
  ghosts.multipoles = RowExchange(comm, transport, multipole_rows(asked), multipole_rows(wanted));
  ghosts.points = RowExchange(comm, transport, source_rows(asked, tree), source_rows(wanted, tree));
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
  Ancestors plan;
  for (int level = morton::kDepth; level > kFirstLevel; --level)
    if (levels >> level & 1)
      plan.steps.push_back(
          {level, RowExchange(comm, transport, peers(rows.send[level]), peers(rows.receive[level]))});
  return plan;
}

}  // namespace octopole::distributed

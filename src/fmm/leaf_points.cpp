#include "fmm/leaf_points.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "distributed/index_map.hpp"

namespace octopole {
namespace {

/// A target in the answer of a leaf's owner.
struct TargetRecord {
  Index number;
  double x, y, z;
};

const Coordinates& owned_coordinates(const PointSetup& s) {
  return s.targets ? *s.targets : s.sources;
}

/// The owned targets' numbers in the caller's global order.
AlignedVector<Index> owned_numbers(const mpi::Comm& comm, PointSetup& s) {
  distributed::PointExchange& exchange = s.results_exchange();
  AlignedVector<Index> mine(static_cast<std::size_t>(exchange.caller_count())),
      owned(static_cast<std::size_t>(exchange.owned_count()));
  std::iota(mine.begin(), mine.end(), comm.exclusive_sum(exchange.caller_count()));
  exchange.to_owners(mine.data(), owned.data());
  return owned;
}

TargetRecord record(const PointSetup& s, const AlignedVector<Index>& numbers, Index target) {
  const Coordinates& c = owned_coordinates(s);
  const auto t = static_cast<std::size_t>(target);
  const auto [x, y, z] = s.cube.place(c.x[t], c.y[t], c.z[t]);
  return {numbers[t], x, y, z};
}

void append(LeafPoints& leaves, const TargetRecord& r) {
  leaves.numbers.push_back(r.number);
  leaves.positions.insert(leaves.positions.end(), {r.x, r.y, r.z});
}

/// Targets of leaves of other ranks: their numbers by leaf, and all of them, leaf after leaf.
struct Answers {
  std::vector<Index> counts;
  std::vector<TargetRecord> targets;
};

/// Requests the targets of `ghosts` from the leaves' owners.
Answers ask_owners(const mpi::Comm& comm, const PointSetup& s, const AlignedVector<Index>& numbers,
                   distributed::ByRank<NodeIndex> ghosts) {
  const distributed::IndexMap<NodeIndex> leaves(
      comm, std::move(ghosts), [&](NodeIndex leaf) { return s.tree.keys[at(leaf)]; },
      [&](tree::NodeKey key) noexcept { return s.tree.find(key); });
  distributed::ByRank<Index> counts(comm.size());
  distributed::ByRank<TargetRecord> targets(comm.size());
  leaves.owned().for_each([&](int rank, NodeIndex leaf) {
    const Index begin = leaf == kNoNode ? 0 : s.tree.target_begin[at(leaf)],
                end = leaf == kNoNode ? 0 : s.tree.target_end[at(leaf)];
    counts.add(rank, end - begin);
    for (Index t = begin; t < end; ++t) targets.add(rank, record(s, numbers, t));
  });
  Answers answers;
  answers.counts = distributed::all_to_all(comm, counts).values;
  answers.targets = distributed::all_to_all(comm, targets).values;
  return answers;
}

std::vector<double> to_callers(distributed::PointExchange& exchange, const Coordinates& c,
                               const morton::RootCube& cube) {
  std::vector<double> points(3 * static_cast<std::size_t>(exchange.caller_count()));
  exchange.send_to_callers(
      [&](Index owned) {
        const auto i = static_cast<std::size_t>(owned);
        return cube.place(c.x[i], c.y[i], c.z[i]);
      },
      [&](Index i, const std::array<double, 3>& point) {
        std::copy_n(point.begin(), 3, points.data() + 3 * i);
      });
  return points;
}

}  // namespace

LeafPoints leaf_points(const mpi::Comm& comm, PointSetup& s) {
  const AlignedVector<Index> numbers = owned_numbers(comm, s);
  LeafPoints leaves;
  std::vector<std::int32_t> place(s.tree.keys.size(), -1);  // index of a node among the leaves, or -1
  std::vector<NodeIndex> owned, ghosts;
  mpi::collectively(comm, [&] {
    for (const tree::NodeKey key : s.leaves) {
      const NodeIndex node = s.tree.find(key);
      if (node == kNoNode || s.tree.target_begin[at(node)] == s.tree.target_end[at(node)]) continue;
      place[at(node)] = checked_cast<std::int32_t>(static_cast<Index>(owned.size()), "leaves of a rank");
      owned.push_back(node);
      for (Index t = s.tree.target_begin[at(node)]; t < s.tree.target_end[at(node)]; ++t)
        append(leaves, record(s, numbers, t));
      leaves.offsets.push_back(static_cast<Index>(leaves.numbers.size()));
    }
    leaves.owned = static_cast<Index>(owned.size());
    for (const NodeIndex node : owned)
      for (const NodeIndex u : s.lists.u.of(node))
        if (s.tree.owner[at(u)] != s.rank) ghosts.push_back(u);
    std::sort(ghosts.begin(), ghosts.end(), [&](NodeIndex a, NodeIndex b) {
      return std::pair(s.tree.owner[at(a)], a) < std::pair(s.tree.owner[at(b)], b);
    });
    ghosts.erase(std::unique(ghosts.begin(), ghosts.end()), ghosts.end());
  });
  distributed::ByRank<NodeIndex> by_owner(comm.size());
  for (const NodeIndex ghost : ghosts) by_owner.add(s.tree.owner[at(ghost)], ghost);
  const Answers answers = ask_owners(comm, s, numbers, std::move(by_owner));
  std::size_t next = 0;
  for (std::size_t g = 0; g < ghosts.size(); ++g) {
    if (answers.counts[g] == 0) continue;
    place[at(ghosts[g])] = checked_cast<std::int32_t>(leaves.leaves(), "leaves of a rank");
    for (Index i = 0; i < answers.counts[g]; ++i) append(leaves, answers.targets[next++]);
    leaves.offsets.push_back(static_cast<Index>(leaves.numbers.size()));
  }
  for (const NodeIndex node : owned) {
    for (const NodeIndex u : s.lists.u.of(node))
      if (u != node && place[at(u)] >= 0) leaves.neighbours.push_back(place[at(u)]);
    leaves.neighbour_offsets.push_back(static_cast<Index>(leaves.neighbours.size()));
  }
  return leaves;
}

std::vector<double> caller_sources(PointSetup& s) {
  return to_callers(s.source_exchange, s.sources, s.cube);
}

std::vector<double> caller_targets(PointSetup& s) {
  return to_callers(s.results_exchange(), owned_coordinates(s), s.cube);
}

}  // namespace octopole

#include "cost/work_lists.hpp"

#include <algorithm>

#include "distributed/ghosts.hpp"

namespace octopole {

std::vector<std::uint8_t> find_ends(const RankLists& lists) {
  const tree::EssentialTree& tree = lists.tree;
  std::vector<std::uint8_t> ends(tree.keys.size(), 1);
  for (NodeIndex node = tree.size() - 1; node > 0; --node) {
    if (!tree.has_target[at(node)]) continue;
    const bool quiet =
        ends[at(node)] && lists.lists.v.of(node).empty() && lists.partners.p2l.of(node).empty();
    if (!quiet) ends[at(tree.parent[at(node)])] = 0;
  }
  return ends;
}

WorkLists make_work_lists(const RankLists& lists, std::span<const std::uint8_t> ends, Index own_sources) {
  const tree::EssentialTree& tree = lists.tree;
  const tree::Partners& partners = lists.partners;
  WorkLists work;
  const std::size_t levels = static_cast<std::size_t>(std::max(tree.levels(), distributed::kFirstLevel));
  for (auto* by_level : {&work.source_parents, &work.target_nodes, &work.target_parents, &work.x_nodes})
    by_level->resize(levels);
  std::vector<std::uint8_t> done(tree.keys.size(), 0);  // an ancestor evaluates the locals for the targets
  for (NodeIndex node = 0; node < tree.size(); ++node) {
    const std::size_t level = static_cast<std::size_t>(tree.anchors[at(node)].level);
    const bool leaf = tree.leaf[at(node)], expands = level >= distributed::kFirstLevel;
    if (expands && tree.has_source[at(node)] && tree.owner[at(node)] == lists.rank) {
      if (leaf)
        work.source_leaves.push_back(node);
      else
        work.source_parents[level].push_back(node);
    }
    if (!tree.has_target[at(node)]) continue;
    if (level > distributed::kFirstLevel) {
      const std::size_t parent = at(tree.parent[at(node)]);
      done[at(node)] = done[parent] || ends[parent];
    }
    if (expands && !done[at(node)]) {
      work.target_nodes[level].push_back(node);
      if (ends[at(node)]) work.target_ends.push_back(node);
    }
    if (!leaf && !done[at(node)] && !(expands && ends[at(node)])) work.target_parents[level].push_back(node);
    if (!partners.p2l.of(node).empty()) work.x_nodes[level].push_back(node);
    if (!leaf) continue;
    if (!partners.m2p.of(node).empty()) work.w_leaves.push_back(node);
    const auto u = partners.p2p.of(node);
    if (u.empty()) continue;
    const bool interior = std::all_of(
        u.begin(), u.end(), [&](NodeIndex other) { return tree.source_end[at(other)] <= own_sources; });
    (interior ? work.interior_leaves : work.boundary_leaves).push_back(node);
  }
  return work;
}

}  // namespace octopole

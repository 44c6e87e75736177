#include "tree/partners.hpp"

#include <algorithm>

#include "tree/node_rows.hpp"

namespace octopole::tree {

Partners choose_partners(const EssentialTree& tree, const InteractionLists& lists, Index few_sources,
                         Index few_targets) {
  const auto direct_source = [&](NodeIndex partner) {
    return tree.leaf[at(partner)] && tree.source_count[at(partner)] <= few_sources;
  };
  const auto direct_target = [&](NodeIndex node) {
    return tree.leaf[at(node)] && tree.target_end[at(node)] - tree.target_begin[at(node)] <= few_targets;
  };
  const auto length = [](const NodeLists& list, NodeIndex node) {
    return static_cast<Index>(list.of(node).size());
  };
  Partners partners;
  partners.m2p = make_rows(
      tree.size(), [&](NodeIndex node) { return length(lists.w, node); },
      [&](NodeIndex node, NodeIndex* out) {
        const auto w = lists.w.of(node);
        return std::copy_if(w.begin(), w.end(), out, [&](NodeIndex other) { return !direct_source(other); });
      });
  partners.p2l = make_rows(
      tree.size(), [&](NodeIndex node) { return direct_target(node) ? 0 : length(lists.x, node); },
      [&](NodeIndex node, NodeIndex* out) {
        if (direct_target(node)) return out;
        const auto x = lists.x.of(node);
        return std::copy(x.begin(), x.end(), out);
      });
  partners.p2p = make_rows(
      tree.size(),
      [&](NodeIndex node) {
        return length(lists.u, node) + length(lists.w, node) +
               (direct_target(node) ? length(lists.x, node) : 0);
      },
      [&](NodeIndex node, NodeIndex* out) {
        NodeIndex* const begin = out;
        const auto u = lists.u.of(node), w = lists.w.of(node), x = lists.x.of(node);
        out = std::copy(u.begin(), u.end(), out);
        out = std::copy_if(w.begin(), w.end(), out, direct_source);
        if (direct_target(node)) out = std::copy(x.begin(), x.end(), out);
        std::sort(begin, out);
        return out;
      });
  return partners;
}

}  // namespace octopole::tree

#include "tree/essential_tree.hpp"

#include <algorithm>

#include "tree/interaction_lists.hpp"
#include "tree/octree.hpp"

namespace octopole::tree {
namespace {

// Number of sources in a node over all ranks.
Index global_sources(const LocalPart& part, NodeKey key) {
  if (part.partition.is_shared(key)) return part.shared.count(key).sources;
  return count_codes(part.sources, key.first_code(), key.end_code());
}

// Ranks other than `rank` that overlap the nodes around `centre`, ascending.
void ranks_around(const Partition& partition, NodeKey centre, int rank, std::vector<int>& ranks) {
  ranks.clear();
  for (int direction = 0; direction < 27; ++direction) {
    const auto node = centre.neighbour(direction);
    if (!node) continue;
    const auto [first, last] = partition.holders(*node);
    for (int r = first; r <= last; ++r)
      if (r != rank && partition.range(r).first < partition.range(r).end) ranks.push_back(r);
  }
  std::sort(ranks.begin(), ranks.end());
  ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
}

bool contains(std::span<const NodeKey> keys, NodeKey key) {
  return std::binary_search(keys.begin(), keys.end(), key);
}

struct Candidate {
  NodeKey key;
  Index sources;
  bool leaf;
  bool local;
};

std::vector<Candidate> own_nodes(const LocalPart& part) {
  const CodeRange range = part.range();
  std::vector<Candidate> nodes;
  if (range.overlaps(NodeKey::root()))
    nodes.push_back({NodeKey::root(), global_sources(part, NodeKey::root()), part.splits.empty(), true});
  const std::size_t first = nodes.size();
  nodes.resize(first + 8 * part.splits.size());
#pragma omp parallel for schedule(static)
  for (std::size_t s = 0; s < part.splits.size(); ++s)
    for (int octant = 0; octant < 8; ++octant) {
      const NodeKey key = part.splits[s].child(octant);
      Candidate& node = nodes[first + 8 * s + static_cast<std::size_t>(octant)];
      node = {key, 0, false, range.overlaps(key)};
      if (node.local) {
        node.sources = global_sources(part, key);
        node.leaf = !contains(part.splits, key);
      }
    }
  // Children of ascending splits are ascending; nodes outside the range are sent by other ranks.
  std::erase_if(nodes, [](const Candidate& node) { return !node.local; });
  return nodes;
}

// The parts of the curve in which this rank has targets: its leaves with targets, ascending.
std::vector<CodeRange> occupied_parts(const LocalPart& part, std::span<const Candidate> own) {
  std::vector<CodeRange> parts;
  for (const Candidate& node : own)
    if (node.leaf) parts.push_back({node.key.first_code(), node.key.end_code()});
  std::sort(parts.begin(), parts.end(),
            [](const CodeRange& a, const CodeRange& b) { return a.first < b.first; });
  std::erase_if(parts, [&](const CodeRange& leaf) {
    const auto target = std::lower_bound(part.targets.begin(), part.targets.end(), leaf.first);
    return target == part.targets.end() || *target >= leaf.end;
  });
  return parts;
}

// Whether the children of `parent`, nodes of another rank, may be in lists of this rank's nodes with targets,
// or `parent` overlaps the range.
bool concerns(NodeKey parent, CodeRange range, std::span<const CodeRange> occupied) {
  if (range.overlaps(parent)) return true;
  for (int direction = 0; direction < 27; ++direction) {
    const auto near = parent.neighbour(direction);
    if (!near || !range.overlaps(*near)) continue;
    const auto leaf = std::upper_bound(occupied.begin(), occupied.end(), near->first_code(),
                                       [](Code code, const CodeRange& r) { return code < r.end; });
    if (leaf != occupied.end() && leaf->first < near->end_code()) return true;
  }
  return false;
}

void link(EssentialTree& tree) {
  tree.children.assign(8 * tree.keys.size(), kNoNode);
  tree.parent.assign(tree.keys.size(), kNoNode);
  NodeIndex above = 0;  // parents are in the same order as children
  for (NodeIndex i = 1; i < tree.size(); ++i) {
    const NodeKey parent = tree.keys[static_cast<std::size_t>(i)].parent();
    while (tree.keys[static_cast<std::size_t>(above)] < parent) ++above;
    if (tree.keys[static_cast<std::size_t>(above)] != parent)
      throw Error("locally essential tree: a node arrived without its parent", "please report this as a bug");
    tree.parent[static_cast<std::size_t>(i)] = above;
    tree.children[8 * static_cast<std::size_t>(above) +
                  static_cast<std::size_t>(tree.keys[static_cast<std::size_t>(i)].octant())] = i;
  }
}

}  // namespace

NodeIndex EssentialTree::find(NodeKey key) const {
  const auto at = std::lower_bound(keys.begin(), keys.end(), key);
  return at != keys.end() && *at == key ? static_cast<NodeIndex>(at - keys.begin()) : kNoNode;
}

GhostRecords records_for_others(const LocalPart& part) {
  const std::size_t ranks = static_cast<std::size_t>(part.partition.ranks());
  GhostRecords result;
  result.counts.assign(ranks, 0);
  if (ranks == 1) return result;

  struct Addressed {
    int rank;
    NodeRecord record;
  };
  std::vector<Addressed> sent;
  std::vector<int> receivers;
  const auto send = [&](NodeKey key) {
    if (part.partition.owner(key) != part.rank) return;
    const Index sources = global_sources(part, key);
    if (sources == 0) return;
    const std::int64_t leaf = contains(part.splits, key) ? 0 : 1;
    for (int rank : receivers) sent.push_back({rank, {key, sources, leaf}});
  };
  if (part.partition.owner(NodeKey::root()) == part.rank) {
    ranks_around(part.partition, NodeKey::root(), part.rank, receivers);
    send(NodeKey::root());
  }
  for (NodeKey split : part.splits) {
    // Coarse nodes have a large number of ranks around them, which only the owners of their children need.
    bool owns_child = false;
    for (int octant = 0; octant < 8; ++octant)
      owns_child |= part.partition.owner(split.child(octant)) == part.rank;
    if (!owns_child) continue;
    ranks_around(part.partition, split, part.rank, receivers);
    for (int octant = 0; octant < 8 && !receivers.empty(); ++octant) send(split.child(octant));
  }
  std::stable_sort(sent.begin(), sent.end(),
                   [](const Addressed& a, const Addressed& b) { return a.rank < b.rank; });
  for (const Addressed& s : sent) {
    ++result.counts[static_cast<std::size_t>(s.rank)];
    result.records.push_back(s.record);
  }
  return result;
}

EssentialTree build_essential_tree(const LocalPart& part, std::span<const NodeRecord> ghosts, Keep keep) {
  std::vector<Candidate> nodes = own_nodes(part);
  const auto own = static_cast<std::ptrdiff_t>(nodes.size());
  const std::vector<CodeRange> occupied = occupied_parts(part, nodes);
  NodeKey parent = NodeKey::root();  // siblings are mostly consecutive
  bool wanted = true;
  for (const NodeRecord& ghost : ghosts) {
    if (keep == Keep::needed && ghost.key != NodeKey::root() && ghost.key.parent() != parent) {
      parent = ghost.key.parent();
      wanted = concerns(parent, part.range(), occupied);
    }
    if (wanted || ghost.key == NodeKey::root())
      nodes.push_back({ghost.key, ghost.sources, ghost.leaf != 0, false});
  }
  const auto by_key = [](const Candidate& a, const Candidate& b) { return a.key < b.key; };
  std::sort(nodes.begin() + own, nodes.end(), by_key);
  std::inplace_merge(nodes.begin(), nodes.begin() + own, nodes.end(),
                     by_key);  // stable: own nodes come first
  nodes.erase(std::unique(nodes.begin(), nodes.end(),
                          [](const Candidate& a, const Candidate& b) { return a.key == b.key; }),
              nodes.end());
  const auto targets_in = [&](NodeKey key) {
    return count_codes(part.targets, key.first_code(), key.end_code());
  };
  std::erase_if(nodes,
                [&](const Candidate& n) { return n.sources == 0 && (!n.local || targets_in(n.key) == 0); });

  EssentialTree tree;
  const std::size_t n = nodes.size();
  checked_cast<NodeIndex>(8 * n, "nodes of one rank's tree");
  tree.keys.resize(n);
  for (auto* flags : {&tree.leaf, &tree.has_source, &tree.has_target}) flags->resize(n);
  tree.owner.resize(n);
  tree.anchors.resize(n);
  for (auto* places :
       {&tree.source_begin, &tree.source_end, &tree.target_begin, &tree.target_end, &tree.source_count})
    places->assign(n, 0);
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < n; ++i) {
    const NodeKey key = nodes[i].key;
    tree.keys[i] = key;
    tree.leaf[i] = nodes[i].leaf;
    tree.has_source[i] = nodes[i].sources > 0;
    tree.source_count[i] = nodes[i].sources;
    tree.owner[i] = part.partition.owner(key);
    tree.anchors[i] = key.anchor();
    const auto place = [key](std::span<const Code> codes, Index& begin, Index& end) {
      begin = std::lower_bound(codes.begin(), codes.end(), key.first_code()) - codes.begin();
      end = begin +
            count_codes(codes.subspan(static_cast<std::size_t>(begin)), key.first_code(), key.end_code());
    };
    place(part.sources, tree.source_begin[i], tree.source_end[i]);
    place(part.targets, tree.target_begin[i], tree.target_end[i]);
    tree.has_target[i] = tree.target_end[i] > tree.target_begin[i];
  }
  const int levels = n == 0 ? 0 : tree.anchors.back().level + 1;
  for (int level = 0; level <= levels; ++level)  // the smallest key of a level is a 1 followed by zeros
    tree.level_begin.push_back(static_cast<NodeIndex>(
        std::lower_bound(tree.keys.begin(), tree.keys.end(), NodeKey{std::uint64_t{1} << (3 * level)}) -
        tree.keys.begin()));
  link(tree);
  return tree;
}

// ---- the same of any rank, by a single process.

namespace {

class Visit {
 public:
  Visit(NodeCounts& counts, const Partition& partition, int rank, bool two_to_one, VirtualPart& part)
      : counts_(counts),
        partition_(partition),
        rank_(rank),
        range_(partition.range(rank)),
        tree_(counts, two_to_one),
        part_(part) {}

  void run() {
    if (range_.first >= range_.end) return;
    const NodeKey root = NodeKey::root();
    const bool split = tree_.is_split(root);
    add_ghost(root, split);
    if (split) divide(root);
  }

 private:
  /// Visits the children of `node`, which is split and overlaps the range or has a neighbour that does.
  void divide(NodeKey node) {
    if (range_.overlaps(node)) part_.splits.push_back(node);
    for (int octant = 0; octant < 8; ++octant) {
      const NodeKey child = node.child(octant);
      const bool split = tree_.is_split(child);
      add_ghost(child, split);
      if (split && is_near(child)) divide(child);
    }
  }

  void add_ghost(NodeKey node, bool split) {
    if (partition_.owner(node) == rank_) return;
    const Index sources = counts_.count(node).sources;
    if (sources > 0) part_.ghosts.push_back({node, sources, split ? 0 : 1});
  }

  bool is_near(NodeKey node) const {
    if (range_.overlaps(node)) return true;
    for (int direction = 0; direction < 27; ++direction) {
      const auto other = node.neighbour(direction);
      if (other && range_.overlaps(*other)) return true;
    }
    return false;
  }

  NodeCounts& counts_;
  const Partition& partition_;
  int rank_;
  CodeRange range_;
  TwoToOneTree tree_;
  VirtualPart& part_;
};

}  // namespace

bool TwoToOneTree::is_split(NodeKey node) {
  if (counts_.refined(node)) return true;
  if (!two_to_one_ || node.level() + 1 >= counts_.max_level()) return false;
  const morton::Anchor here = node.anchor();
  bool deeper = false;  // whether a neighbour's child that does not touch the node is refined
  for (int direction = 0; direction < 27; ++direction) {
    const auto other = node.neighbour(direction);
    if (direction == 13 || !other || !counts_.refined(*other)) continue;
    for (int octant = 0; octant < 8; ++octant) {
      const NodeKey child = other->child(octant);
      if (!counts_.refined(child)) continue;
      if (morton::adjacent(here, child.anchor())) return true;
      deeper = true;
    }
  }
  if (!deeper) return false;
  const auto known = known_.find(node.bits);
  if (known != known_.end()) return known->second;
  const bool split = touched_by_split(node, here);
  known_.emplace(node.bits, split);
  return split;
}

bool TwoToOneTree::touched_by_split(NodeKey node, const morton::Anchor& here) {
  for (int direction = 0; direction < 27; ++direction) {
    const auto other = node.neighbour(direction);
    if (!other) continue;
    for (int octant = 0; octant < 8; ++octant) {
      const NodeKey child = other->child(octant);
      if (morton::adjacent(here, child.anchor()) && is_split(child)) return true;
    }
  }
  return false;
}

std::vector<Index> count_coarse_nodes(TwoToOneTree& tree, const Partition& partition,
                                      Index allgather_threshold) {
  std::vector<Index> counts(static_cast<std::size_t>(partition.ranks()), 0);
  if (allgather_threshold >= partition.ranks()) return counts;
  // As in find_coarse: children of nodes with more than allgather_threshold ranks around them.
  std::vector<NodeKey> crowded;
  const auto visit = [&](NodeKey node) {
    if (node.level() >= kFirstLevel && tree.counts().count(node).sources > 0)
      ++counts[static_cast<std::size_t>(partition.owner(node))];
    if (tree.is_split(node) && count_ranks_around(partition, node) > allgather_threshold)
      crowded.push_back(node);
  };
  visit(NodeKey::root());
  while (!crowded.empty()) {
    const NodeKey node = crowded.back();
    crowded.pop_back();
    for (int octant = 0; octant < 8; ++octant) visit(node.child(octant));
  }
  return counts;
}

VirtualPart find_part(NodeCounts& counts, const Partition& partition, int rank, bool two_to_one) {
  VirtualPart part;
  Visit(counts, partition, rank, two_to_one, part).run();
  std::sort(part.splits.begin(), part.splits.end());
  part.leaves = leaves_of(part.splits, partition.range(rank));
  const bool targets_are_sources = counts.targets_are_sources();
  for (const NodeKey leaf : part.leaves) {
    const Count count = counts.count(leaf);
    part.sources.insert(part.sources.end(), static_cast<std::size_t>(count.sources), leaf.first_code());
    if (!targets_are_sources)
      part.targets.insert(part.targets.end(), static_cast<std::size_t>(count.targets), leaf.first_code());
    part.points.sources += count.sources;
    part.points.targets += count.targets;
  }
  return part;
}

}  // namespace octopole::tree

#include "tree/count_tree.hpp"

#include <algorithm>

namespace octopole::tree {

Index count_codes(std::span<const Code> codes, Code first, Code end) {
  const auto low = std::lower_bound(codes.begin(), codes.end(), first);
  return std::lower_bound(low, codes.end(), end) - low;
}

std::vector<Count> count_points(std::span<const NodeKey> nodes, std::span<const Code> sources,
                                std::span<const Code> targets) {
  std::vector<Count> counts(nodes.size());
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Code first = nodes[i].first_code(), end = nodes[i].end_code();
    counts[i] = {count_codes(sources, first, end), count_codes(targets, first, end)};
  }
  return counts;
}

CountTree::CountTree(Count root, Index threshold, int max_level)
    : threshold_(threshold), max_level_(max_level) {
  nodes_.push_back(NodeKey::root());
  counts_.push_back(root);
  split_.push_back(0);
  find_frontier(0);
}

void CountTree::grow(std::span<const Count> counts) {
  const std::size_t first = nodes_.size(), size = first + frontier_.size();
  nodes_.reserve(size);  // exact, because every rank holds a copy of the tree
  counts_.reserve(size);
  split_.reserve(size);
  nodes_.insert(nodes_.end(), frontier_.begin(), frontier_.end());
  counts_.insert(counts_.end(), counts.begin(), counts.end());
  split_.resize(nodes_.size(), 0);
  find_frontier(first);
}

void CountTree::find_frontier(std::size_t first) {
  frontier_.clear();
  for (std::size_t i = first; i < nodes_.size(); ++i) {
    if (counts_[i].largest() <= threshold_ || nodes_[i].level() >= max_level_) continue;
    split_[i] = 1;
    for (int octant = 0; octant < 8; ++octant) frontier_.push_back(nodes_[i].child(octant));
  }
}

std::size_t CountTree::position(NodeKey key) const {
  return static_cast<std::size_t>(std::lower_bound(nodes_.begin(), nodes_.end(), key) - nodes_.begin());
}

bool CountTree::is_split(NodeKey key) const {
  const std::size_t i = position(key);
  return i < nodes_.size() && nodes_[i] == key && split_[i];
}

const Count& CountTree::count(NodeKey key) const {
  return counts_[position(key)];
}

std::vector<std::size_t> CountTree::leaves() const {
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (!split_[i]) result.push_back(i);
  std::sort(result.begin(), result.end(),
            [this](std::size_t a, std::size_t b) { return nodes_[a].first_code() < nodes_[b].first_code(); });
  return result;
}

std::size_t CountTree::bytes() const {
  return nodes_.capacity() * sizeof(NodeKey) + counts_.capacity() * sizeof(Count) + split_.capacity();
}

std::vector<NodeKey> CountTree::splits() const {
  std::vector<NodeKey> result;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (split_[i]) result.push_back(nodes_[i]);
  return result;
}

}  // namespace octopole::tree

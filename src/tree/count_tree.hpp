// Numbers of points in nodes of the octree: the replicated count tree, by which the domain is partitioned;
// point distributions from which trees can be planned with or without points; and the density of a sample.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/types.hpp"
#include "tree/morton.hpp"

#pragma GCC visibility push(default)
namespace octopole::tree {

using morton::Code;
using morton::NodeKey;

/// Numbers of sources and targets in a node.
struct Count {
  Index sources = 0;
  Index targets = 0;
  Index largest() const { return sources > targets ? sources : targets; }
  bool operator==(const Count&) const = default;
};

/// Number of the ascending `codes` in [first, end).
Index count_codes(std::span<const Code> codes, Code first, Code end);

/// Counts of `nodes`, from ascending source and target codes.
std::vector<Count> count_points(std::span<const NodeKey> nodes, std::span<const Code> sources,
                                std::span<const Code> targets);

/// Nodes in ascending key order: the root, and all eight children of every split node. A node is split if its
/// count exceeds the threshold and its level is below the maximum, so that the tree, which is identical on
/// all ranks, is a subtree of any tree with a smaller threshold.
class CountTree {
 public:
  /// Starts with only the root. `threshold` is the largest count of a node that is not split.
  CountTree(Count root, Index threshold, int max_level);

  /// The children of the nodes that must be split next (empty when the tree is complete). The caller counts
  /// their points over all ranks and passes the counts to grow(), in the same order.
  const std::vector<NodeKey>& frontier() const { return frontier_; }
  void grow(std::span<const Count> counts);

  std::span<const NodeKey> nodes() const { return nodes_; }
  std::span<const Count> counts() const { return counts_; }
  bool is_split(NodeKey key) const;
  /// The count of a node, which must be in the tree.
  const Count& count(NodeKey key) const;
  std::size_t position(NodeKey key) const;

  /// Positions in nodes() of the leaves, along the Morton curve.
  std::vector<std::size_t> leaves() const;
  /// The split nodes in ascending key order.
  std::vector<NodeKey> splits() const;
  /// Memory of the tree.
  std::size_t bytes() const;

 private:
  void find_frontier(std::size_t first);
  std::vector<NodeKey> nodes_;
  std::vector<Count> counts_;
  std::vector<std::uint8_t> split_;
  std::vector<NodeKey> frontier_;
  Index threshold_;
  int max_level_;
};

/// Positions of a node's sources and targets among all sources and targets along the Morton curve.
struct Places {
  Index source_begin = 0, source_end = 0;
  Index target_begin = 0, target_end = 0;
  Count count() const { return {source_end - source_begin, target_end - target_begin}; }
  bool operator==(const Places&) const = default;
};

/// A point distribution as seen by trees: a deterministic function from nodes to numbers of points, in which
/// the children's numbers add up to the parent's. Thread-safe.
class PointCounts {
 public:
  virtual ~PointCounts() = default;
  /// Whether sources = targets.
  virtual bool targets_are_sources() const = 0;
  virtual Places root() const = 0;
  /// Places of the eight children of a node with `places`.
  virtual std::array<Places, 8> divide(NodeKey node, const Places& places) const = 0;
};

/// Existing points: ascending codes, which must outlive the object.
class SortedPoints : public PointCounts {
 public:
  /// Without `targets`, sources = targets.
  explicit SortedPoints(std::span<const Code> sources,
                        std::optional<std::span<const Code>> targets = std::nullopt);
  bool targets_are_sources() const override { return !targets_; }
  Places root() const override;
  std::array<Places, 8> divide(NodeKey node, const Places& places) const override;

 private:
  std::span<const Code> sources_;
  std::optional<std::span<const Code>> targets_;
};

/// A sample that represents `points` points: its first s codes represent s * points / size of them, rounded
/// to the nearest integer.
class ScaledPoints : public PointCounts {
 public:
  /// Ascending codes, which must outlive the object; points >= the number of codes.
  ScaledPoints(std::span<const Code> sample, Index points) : sample_(sample), points_(points) {}
  bool targets_are_sources() const override { return true; }
  Places root() const override { return {0, points_, 0, points_}; }
  std::array<Places, 8> divide(NodeKey node, const Places& places) const override;

 private:
  Index points_before(Index sample) const;
  Index sample_from(Index points) const;
  std::span<const Code> sample_;
  Index points_;
};

/// A uniform random distribution in a box, without storing points: the numbers of points in the halves of a
/// node are drawn from the binomial distribution, with random numbers that are a function of seed and node.
/// Any number of points.
class UniformPoints : public PointCounts {
 public:
  /// The box is [lower, upper] along each axis, in units of the root cube (0 .. 1).
  UniformPoints(Index points, double lower, double upper, std::uint64_t seed)
      : points_(points), lower_(lower), upper_(upper), seed_(seed) {}
  bool targets_are_sources() const override { return true; }
  Places root() const override { return {0, points_, 0, points_}; }
  std::array<Places, 8> divide(NodeKey node, const Places& places) const override;

 private:
  Index points_;
  double lower_, upper_;
  std::uint64_t seed_;
};

/// Numbers of points with a cache of the nodes divided so far, for repeated lookups in one region. Not
/// thread-safe.
class NodeCounts {
 public:
  /// `points` must outlive the object. Nodes that are coarser than max_level and have more than `ncrit`
  /// sources or targets are refined, as by refine().
  NodeCounts(const PointCounts& points, Index ncrit, int max_level);

  Places places(NodeKey node);
  Count count(NodeKey node) { return places(node).count(); }
  /// Whether the node exists and is split before 2:1 balance.
  bool refined(NodeKey node);
  /// Numbers of sources and targets before the code.
  Count before(Code code);
  bool targets_are_sources() const { return points_.targets_are_sources(); }
  int max_level() const { return max_level_; }

 private:
  struct Slot {
    std::uint64_t parent = 0;  // bits of the key; 0 if free
    std::int32_t block = 0;
  };
  const Places* find(NodeKey parent) const;
  const Places* divide(NodeKey parent, const Places& places);
  void rehash();

  const PointCounts& points_;
  Index ncrit_;
  int max_level_;
  Places root_;
  std::vector<Slot> slots_;  // hash table; the size is a power of two
  std::vector<std::array<Places, 8>> blocks_;
};

/// The count tree (see CountTree) of `points`, without communication.
CountTree grow_count_tree(const PointCounts& points, Index threshold, int max_level);

// ---- the density of a sample of the points at every level: input of the cost models of trees.

/// Nodes of one level in Morton order. Levels end where neither sources nor targets of the sample exceed a
/// bound.
struct DensityLevel {
  std::vector<std::int32_t> sources, targets;      // points of the sample
  std::vector<std::int32_t> parent;                // in the level above
  std::vector<std::uint8_t> octant;                // of the parent
  std::vector<std::int32_t> around;                // sources in the node and its same-level neighbours
  std::vector<std::int32_t> row;                   // in near, for nodes that are split; otherwise -1
  std::vector<std::array<std::int32_t, 27>> near;  // by direction, in this level; -1 where there is none

  std::int32_t points(std::size_t node) const { return std::max(sources[node], targets[node]); }
};

/// The tree of all non-empty nodes whose parents have more than `bound` sources or targets. Codes are
/// ascending; `targets` may be the same array as `sources`.
std::vector<DensityLevel> measure_density(std::span<const morton::Code> sources,
                                          std::span<const morton::Code> targets, std::int32_t bound,
                                          int max_level);

}  // namespace octopole::tree
#pragma GCC visibility pop

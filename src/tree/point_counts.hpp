// The number of points in each node of the octree, from which a tree can be planned with or without points.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tree/count_tree.hpp"

#pragma GCC visibility push(default)
namespace octopole::tree {

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
  virtual bool same() const = 0;
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
  bool same() const override { return !targets_; }
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
  bool same() const override { return true; }
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
  bool same() const override { return true; }
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
  bool same() const { return points_.same(); }
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

}  // namespace octopole::tree
#pragma GCC visibility pop

// Flat views of nodes and points, the arguments of operators. Operators own no data and do not depend on the
// tree: the owner of the arrays (the tree, a test) passes views of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "base/types.hpp"
#include "kernels/pair_loop.hpp"
#include "octopole/options.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Centre and half side of a node's cube, in the caller's length unit.
struct Box {
  double x, y, z, half;
};

/// Points in structure-of-arrays form (absolute coordinates), grouped by node: node i holds the points
/// [begin[i], end[i]). Nodes without points have begin == end.
struct PointsByNode {
  const double* x;
  const double* y;
  const double* z;
  const Index* begin;  // (nodes)
  const Index* end;    // (nodes)
};

/// Distance, in half sides, below which P2P with one float per coordinate sums a pair in double: the default,
/// and that of 6 digits.
inline constexpr double kMinSeparation = 0.03, kMinSeparation6Digits = 0.1;

/// Coordinates relative to the centre of a point's own leaf, in its half sides; null with two floats. There
/// are `count` points.
struct LeafFramePoints {
  NearForm form = NearForm::two_floats;
  Index count = 0;
  const float* x = nullptr;
  const float* y = nullptr;
  const float* z = nullptr;
  const std::uint8_t* leaf = nullptr;      // by node, for P2M and L2P: whether it is a leaf
  double min_separation = kMinSeparation;  // in half sides; P2P sums closer pairs in double

  /// Whether this has the points of `node`, in its own frame.
  bool has(NodeIndex node) const { return leaf && x && leaf[node]; }
};

/// An interaction list in compressed rows: the partners of node i are items[offsets[i] .. offsets[i + 1]).
struct ListView {
  const Index* offsets;    // (nodes + 1)
  const NodeIndex* items;  // (offsets[nodes])
  std::span<const NodeIndex> of(NodeIndex node) const {
    return {items + offsets[node], items + offsets[node + 1]};
  }
};

/// P2P for sources = targets: each symmetric pair of leaves is evaluated once. Leaves are divided into ranges
/// along the curve; a task has rows of leaves of one range whose partners are in the same few ranges.
struct NearPairsView {
  std::span<const NodeIndex> leaves;
  std::span<const Index> ranges;  // (ranges + 1) bounds in `leaves`
  ListView symmetric;             // partners of a leaf, along the curve; each pair once
  ListView one_sided;             // other leaves that act on it, and the leaf itself
  /// By task (tasks + 1): where in `task_ranges` its ranges begin (that of its rows' leaves, then the
  /// others), and where in `row_leaves` its rows begin. The task of a single range also has the `one_sided`
  /// lists of its leaves.
  std::span<const Index> task_range_begins;
  std::span<const std::int32_t> task_ranges;
  std::span<const Index> task_rows;
  std::span<const NodeIndex> row_leaves;
  std::size_t task_count() const { return task_rows.empty() ? 0 : task_rows.size() - 1; }
  std::span<const std::int32_t> ranges_of(std::size_t task) const {
    return {task_ranges.data() + task_range_begins[task], task_ranges.data() + task_range_begins[task + 1]};
  }
};

/// Maximum number of vectors of strengths that operators take together.
inline constexpr int kMaxVectors = 8;
/// Passes of an evaluation of as many vectors: strengths with several components are evaluated one by one.
constexpr int passes_of(int vectors, int components) {
  return components > 1 ? vectors : (vectors + kMaxVectors - 1) / kMaxVectors;
}

/// Strengths in the order of the points: charges, dipoles or both, or the three components of a vector
/// kernel, in one or several vectors. Number p of point i in vector v is data[(p * vectors + v) * stride +
/// i]: the charge is one number, a dipole three. A pointer converts to a single vector of charges.
template <class T>
struct StrengthVectors {
  StrengthVectors(const T* one) : data(one) {}
  StrengthVectors(const T* first, Index distance, int count, SourceKind what = SourceKind::charges,
                  int of_components = 1)
      : data(first), stride(distance), vectors(count), kind(what), components(of_components) {}
  const T* of(int number, int vector) const { return data + Index{number * vectors + vector} * stride; }
  StrengthLayout layout() const { return {components, kind}; }
  const T* data;
  Index stride = 0;
  int vectors = 1;
  SourceKind kind = SourceKind::charges;
  int components = 1;  // of a charge
};
template <class T>
using StrengthsOf = std::type_identity_t<StrengthVectors<T>>;

/// Arrays to which the operators that end at targets add their results: one entry per target, in the order of
/// the points. Sums are in double in both precisions. Those of vector v begin v * stride later.
struct TargetSums {
  ResultArrays<double> results;
  Index stride = 0;
  int vectors = 1;

  const ResultLayout& layout() const { return results.layout; }
  /// Order of the highest derivative.
  int order() const { return results.layout.order; }
  int count() const { return results.layout.count(); }
  /// The array of result `number` for vector `vector`.
  double* part(int number, int vector = 0) const {
    double* const first = results.parts[static_cast<std::size_t>(number)];
    return first + vector * stride;
  }
  /// Those of one vector, from a point on.
  ResultArrays<double> of(int vector, Index first = 0) const {
    ResultArrays<double> one = results;
    for (int r = 0; r < count(); ++r) one.parts[static_cast<std::size_t>(r)] += vector * stride + first;
    return one;
  }
};

/// Rows of an array of downward check potentials, one per node, that starts at node `first`: one level's rows
/// need no storage for other levels. Operators take it as CheckRowsOf<Real>, to which a plain pointer (first
/// = 0) converts.
template <class T>
struct CheckRows {
  CheckRows(T* rows, NodeIndex first_node = 0) : data(rows), first(first_node) {}
  T* row(NodeIndex node, Index width) const { return data + Index{node - first} * width; }
  T* data;
  NodeIndex first;
};
template <class T>
using CheckRowsOf = std::type_identity_t<CheckRows<T>>;

/// Nodes of one level as the M2L by FFT sees them.
struct SiblingView {
  const NodeIndex* near;  // (nodes, 27) same-level neighbour of each node by direction, a leaf that covers
                          // it, or kNoNode
  const NodeIndex* children;  // (nodes, 8) by octant (bit 0: x, bit 1: y, bit 2: z), kNoNode where absent
  const std::uint8_t* has_source;  // (nodes) whether the node has a multipole
  const std::uint8_t* has_target;  // (nodes) whether the node needs a local
};

}  // namespace octopole
#pragma GCC visibility pop

// The blocks of octopole_near: their unknowns, and the rows of their inverses.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "fmm/leaf_points.hpp"

#pragma GCC visibility push(default)
namespace octopole::petsc {

/// How unknowns are divided into blocks.
struct BlockRule {
  Index block = 64;     // maximum number of own unknowns
  bool overlap = true;  // with neighbours
  Index halo = 384;     // with overlap: maximum number of unknowns of neighbours
};

/// Unknowns of all blocks, one block after another. A block's own unknowns are own in no other block; those
/// after them are the overlap. Members are indices in `unknowns`.
struct Blocks {
  std::vector<Index> unknowns;       // in this rank's blocks: rows of the matrix, ascending
  std::vector<Index> offsets = {0};  // (blocks + 1) in `members`
  std::vector<Index> own;            // (blocks): number of a block's members that are its own
  std::vector<Index> members;        // indices in `unknowns`

  Index count() const { return static_cast<Index>(own.size()); }
  std::span<const Index> of(Index block) const {
    const auto b = static_cast<std::size_t>(block);
    return {members.data() + offsets[b], static_cast<std::size_t>(offsets[b + 1] - offsets[b])};
  }
};

/// Cuts groups, in their order, into blocks: groups are joined while they have at most rule.block points
/// together, larger ones are divided equally. With overlap a block gets up to rule.halo points of its groups'
/// neighbours and of the rest of its own group: those nearest to the bounding box of its own points, ties by
/// number. Pure.
Blocks cut_blocks(const LeafPoints& groups, const BlockRule& rule);

/// The rows for own unknowns of the inverses of the blocks' matrices, in single precision.
class BlockInverses {
 public:
  /// Fills the dense block (members x members, column-major) of a matrix; called by many threads.
  using Fill = std::function<void(std::span<const Index> members, double* matrix)>;

  BlockInverses() = default;
  /// Threaded. Throws Error where a matrix is singular; not collective.
  BlockInverses(Blocks blocks, const Fill& fill);

  /// y[own] = inverse x for every block. x and y have one value for each of blocks().unknowns; values of y
  /// that are not a block's own are unchanged. Threaded.
  void apply(std::span<const double> x, std::span<double> y) const;
  /// y = (transpose of apply) x: only own values of x are used, and y is overwritten.
  void apply_transposed(std::span<const double> x, std::span<double> y) const;

  const Blocks& blocks() const { return blocks_; }
  double entries() const { return static_cast<double>(values_.size()); }
  double setup_flops() const { return setup_flops_; }

 private:
  Blocks blocks_;
  std::vector<Index> begin_;     // (blocks) in values_
  std::vector<double> scale_;    // (blocks)
  AlignedVector<float> values_;  // by block (own x members), column-major
  double setup_flops_ = 0;
};

}  // namespace octopole::petsc
#pragma GCC visibility pop

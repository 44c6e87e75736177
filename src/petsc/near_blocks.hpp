// The blocks of octopole_near: which unknowns, and the inverses' rows that stand for them.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "fmm/leaf_points.hpp"

#pragma GCC visibility push(default)
namespace octopole::petsc {

/// How blocks are cut.
struct BlockRule {
  Index block = 64;     // most own unknowns
  bool overlap = true;  // with neighbours
  Index halo = 384;     // with overlap: most unknowns of neighbours
};

/// Unknowns of one block after the other. Own ones are in no other block; those behind them overlap. All are
/// places in `unknowns`.
struct Blocks {
  std::vector<Index> unknowns;       // this rank's blocks', rows of the matrix, ascending
  std::vector<Index> offsets = {0};  // (blocks + 1) in `members`
  std::vector<Index> own;            // (blocks): so many of a block's members are its own
  std::vector<Index> members;        // places in `unknowns`

  Index count() const { return static_cast<Index>(own.size()); }
  std::span<const Index> of(Index block) const {
    const auto b = static_cast<std::size_t>(block);
    return {members.data() + offsets[b], static_cast<std::size_t>(offsets[b + 1] - offsets[b])};
  }
};

/// Groups along their order, joined while together they have at most rule.block points, longer ones in equal
/// parts. With overlap a block has as many points of its groups' neighbours, and of the rest of its own
/// group, as rule.halo allows: those nearest to the box of its own points, equal distances by number. Pure.
Blocks cut_blocks(const LeafPoints& groups, const BlockRule& rule);

/// The inverses of the blocks' matrices: their rows for own unknowns, in single precision.
class BlockInverses {
 public:
  /// Fills the dense block (members x members, column-major) of a matrix; called by many threads.
  using Fill = std::function<void(std::span<const Index> members, double* matrix)>;

  BlockInverses() = default;
  /// Threaded. Throws Error where a matrix is singular; not collective.
  BlockInverses(Blocks blocks, const Fill& fill);

  /// y[own] = inverse x of every block; x and y have a value for each of blocks().unknowns, and y keeps those
  /// that are no block's own. Threaded.
  void apply(std::span<const double> x, std::span<double> y) const;
  /// y = (the transpose) x: only x's own values count, and y is overwritten.
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

// The preconditioner "octopole_near": restricted additive Schwarz with dense blocks of near unknowns. Their
// entries, their unknowns and the rows of their inverses.
#pragma once

#include <petscmat.h>

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "fmm/leaf_points.hpp"

#pragma GCC visibility push(default)
namespace octopole::petsc {

/// The entries of a square matrix between unknowns that are near each other in space, and the neighbours.
class NearEntries {
 public:
  virtual ~NearEntries() = default;

  /// Groups of unknowns, numbered as the matrix's rows, with a position in space each and the groups'
  /// neighbours. Every row of the matrix is in exactly one owned group of one rank, which need not be the
  /// rank that holds the row. Collective; called once per set-up.
  virtual LeafPoints groups() = 0;

  /// Fetches what fill() needs for these rows, ascending; replaces what an earlier call fetched. Collective.
  virtual void prepare(std::span<const Index> rows) = 0;

  /// Fills the dense block, column-major, of the matrix's entries (before MatScale, MatShift and
  /// MatDiagonalScale) in the given rows and columns, which are indices in the list passed to prepare().
  /// Called by many threads at once; must neither throw nor communicate.
  virtual void fill(std::span<const Index> rows, std::span<const Index> columns, double* block) const = 0;
};

/// Enables -pc_type octopole_near for any square matrix: composes the entries with it. Collective.
void set_near_entries(Mat matrix, std::shared_ptr<NearEntries> entries);
/// The entries that were set, or null. Not collective.
std::shared_ptr<NearEntries> near_entries(Mat matrix);

/// Fetches values of rows that other ranks hold: `mine` has `width` values for each row of this rank's block
/// of a layout (rank after rank), the result for each of `rows`. Collective.
std::vector<double> fetch_rows(MPI_Comm comm, std::span<const double> mine, Index width,
                               std::span<const Index> rows);

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

/// PETSc's name of the type.
inline constexpr char kNearType[] = "octopole_near";

/// Registers -pc_type octopole_near (PCRegister); called by initialize(). Options, read by PCSetFromOptions:
///   -pc_octopole_near_overlap 0|1   blocks with neighbours: restricted additive Schwarz; 0: block Jacobi
///   -pc_octopole_near_block n       maximum number of own unknowns of a block
///   -pc_octopole_near_halo n        maximum number of unknowns that overlap adds to a block
/// It works for Mats of make_shell whose operator has NearEntries, and for any other with set_near_entries;
/// entries are scaled as the Mat is, and the diagonal is that of MatGetDiagonal. Also has a transpose
/// (PCApplyTranspose).
void register_near();

}  // namespace octopole::petsc
#pragma GCC visibility pop

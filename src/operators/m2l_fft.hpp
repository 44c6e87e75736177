// M2L as a convolution on the surface grid, by FFT.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "operators/translations.hpp"
#include "operators/views.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// The kernel's transforms: a (2p - 1)^3 grid holds every difference of two points of the p^3 grid exactly
/// once, so that a circular convolution is the linear one.
template <class Real>
struct M2lFft {
  int order = 0;
  Index frequencies = 0;  // complex numbers a transform that are kept: p^3, kx + p (ky + p kz)
  // (frequencies, 343, 2): re and im of the transform of transfer vector (tx, ty, tz), target centre minus
  // source centre in node sides, at index (tx + 3) + 7 (ty + 3) + 49 (tz + 3); 0 for adjacent nodes. Those at
  // -ky and -kz are those of the mirrored vectors (tx, -ty, tz) and (tx, ty, -tz).
  AlignedVector<Real> transforms;

  template <class F>
  void for_each_array(F&& f) {
    f("m2l_fft", transforms);
  }
};

template <Kernel K, class Real>
M2lFft<Real> make_m2l_fft(const K& kernel, const OperatorKey& key);

/// Bytes of transforms that a plan's blocks keep to unless it is told otherwise; beyond, sources at the
/// blocks' borders are transformed more than once.
inline constexpr std::size_t kM2lWorkspaceBytes = std::size_t{256} << 20;

/// Target parents that are treated together, and the source parents that their children's V lists lie under;
/// at most 2^16, each kind numbered from 0 within the block. Pairs are sorted by ranges of targets (chunks,
/// which with their sources stay in cache), then by direction.
struct M2lFftBlock {
  Index first_target = 0, first_source = 0, first_chunk = 0;  // in the plan's arrays
  std::int32_t targets = 0, sources = 0, chunks = 0;
};

/// What the M2L by FFT to one level's nodes needs to know of the tree; it refers to no other array. About 200
/// bytes a target parent. Parents without a child that wants a local, or without a pair, are left out.
struct M2lFftPlan {
  std::vector<M2lFftBlock> blocks;
  std::vector<NodeIndex> target_children;  // (targets, 8) by octant, kNoNode where none wants a local
  std::vector<NodeIndex> source_children;  // (sources, 8) by octant, kNoNode where none has a multipole
  std::vector<std::uint16_t> pair_target, pair_source;  // (pairs) numbers in the block
  std::vector<std::array<Index, 27>> pair_end;          // (chunks) where the pairs of each direction end
  Index largest_rows = 0;  // rows a frequency of the block that has most, sources and targets
};

/// Plans the M2L to the children of `parents` (all of one level, best along the Morton curve). Blocks are as
/// large as `workspace_bytes` of rows allow at this order, of numbers of `real_bytes`; a parent's own needs
/// may exceed them. The order and the bytes decide on the blocks alone: any plan gives the same results.
/// Threaded.
M2lFftPlan plan_m2l_fft(int order, std::size_t real_bytes, std::span<const NodeIndex> parents,
                        const SiblingView& nodes, std::size_t workspace_bytes = kM2lWorkspaceBytes);

/// Bytes that plan_m2l_fft's arrays have a target parent, about.
inline constexpr Index kM2lPlanBytes = 200;

/// Bytes of a workspace (below) after m2l_fft of a plan with `largest_rows`.
Index m2l_fft_workspace_bytes(int order, std::size_t real_bytes, Index largest_rows, int threads);

/// About the largest_rows of the plan for so many target parents whose V lists lie under so many source
/// parents.
Index expected_m2l_fft_rows(int order, std::size_t real_bytes, Index targets, Index sources,
                            std::size_t workspace_bytes = kM2lWorkspaceBytes);

/// Arrays of m2l_fft, kept over levels and evaluations: they grow to the largest plan's needs and stay. For
/// one caller at a time; start with an empty one.
template <class Real>
struct M2lFftWorkspace {
  int order = 0;                         // that the tables are of
  Index stride = 0;                      // of cosine and sine
  AlignedVector<Real> cosine, sine;      // (order, stride) of the transforms' angles
  std::vector<std::int32_t> grid_index;  // (equivalent points) place in the p^3 grid
  AlignedVector<Real> rows;  // a block's transforms along x and y, of some kx: sources', then targets'
  std::vector<AlignedVector<Real>> scratch;  // one a thread
};

/// Adds the potential of all V-list multipoles (nodes, equivalent points) to the downward check potentials
/// `checks` (nodes, check points) of the plan's targets; both of unit boxes and without the kernel's
/// constant. Threaded; results do not depend on the threads, on the plan's blocks or on what the workspace
/// held. Real is the precision that it works in, Outer that of multipoles and checks.
template <class Real, class Outer>
void m2l_fft(const M2lFft<Real>& op, const Translations<Outer>& t, const M2lFftPlan& plan,
             const Outer* multipoles, CheckRowsOf<Outer> checks, M2lFftWorkspace<Real>& workspace);

}  // namespace octopole
#pragma GCC visibility pop

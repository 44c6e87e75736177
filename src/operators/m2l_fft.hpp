// M2L as a convolution on the surface grid, by FFT, and its cost.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "base/types.hpp"
#include "operators/translations.hpp"
#include "operators/views.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// The kernel's transforms: a (2p - 1)^3 grid holds every difference of two points of the p^3 grid exactly
/// once, so that the circular convolution equals the linear one.
template <class Real>
struct M2lFft {
  int order = 0;
  Index frequencies = 0;  // complex numbers stored per transform: p^3, at kx + p (ky + p kz)
  // (frequencies, 343, 2): re and im of the transform of transfer vector (tx, ty, tz), target centre minus
  // source centre in node sides, at index (tx + 3) + 7 (ty + 3) + 49 (tz + 3); 0 for adjacent nodes. Values
  // at -ky and -kz are those of the mirrored vectors (tx, -ty, tz) and (tx, ty, -tz).
  AlignedVector<Real> transforms;

  template <class F>
  void for_each_array(F&& f) {
    f("m2l_fft", transforms);
  }
};

template <class Real>
M2lFft<Real> make_m2l_fft(const AnyKernel& kernel, const OperatorKey& key);

/// Default limit on the bytes of transforms per block of a schedule. With more than one block, sources near
/// block borders are transformed more than once.
inline constexpr std::size_t kM2lWorkspaceBytes = std::size_t{256} << 20;

/// Target parents that are processed together, and the parents of the nodes in their children's V lists; at
/// most 2^16 in total, each kind numbered from 0 within the block. Pairs are sorted by ranges of targets
/// (chunks, which with their sources stay in cache), then by direction.
struct M2lFftBlock {
  Index first_target = 0, first_source = 0, first_chunk = 0;  // in the schedule's arrays
  std::int32_t targets = 0, sources = 0, chunks = 0;
};

/// The tree data that the M2L by FFT to one level's nodes needs; it refers to no other array. About 200 bytes
/// per target parent. Parents without a child that needs a local, or without a pair, are left out.
struct M2lSchedule {
  std::vector<M2lFftBlock> blocks;
  std::vector<NodeIndex> target_children;  // (targets, 8) by octant, kNoNode where none needs a local
  std::vector<NodeIndex> source_children;  // (sources, 8) by octant, kNoNode where none has a multipole
  std::vector<std::uint16_t> pair_target, pair_source;  // (pairs) numbers within the block
  std::vector<std::array<Index, 27>> pair_end;          // (chunks) where the pairs of each direction end
  Index largest_rows = 0;  // maximum over blocks of rows per frequency, sources plus targets
};

/// Makes the schedule of the M2L to the children of `parents` (all of one level, preferably in Morton order).
/// Blocks are as large as `workspace_bytes` of rows allow at this order, with numbers of `real_bytes` bytes;
/// the block of a single parent may exceed this. The order and the bytes affect only the blocks: any schedule
/// gives the same results. Threaded.
M2lSchedule make_m2l_schedule(int order, std::size_t real_bytes, std::span<const NodeIndex> parents,
                              const SiblingView& nodes, std::size_t workspace_bytes = kM2lWorkspaceBytes);

/// Approximate size of a schedule in bytes per target parent.
inline constexpr Index kM2lScheduleBytes = 200;

/// Bytes of a workspace (see below) after m2l_fft with a schedule of `largest_rows`; with moments an upper
/// bound.
Index m2l_fft_workspace_bytes(int order, std::size_t real_bytes, Index largest_rows, int threads,
                              bool moments = false);

/// Estimates largest_rows of the schedule for `targets` target parents and `sources` source parents.
Index expected_m2l_fft_rows(int order, std::size_t real_bytes, Index targets, Index sources,
                            std::size_t workspace_bytes = kM2lWorkspaceBytes);

/// Work arrays of m2l_fft, reused over levels and evaluations: they grow to the needs of the largest schedule
/// and do not shrink. For one caller at a time; initially empty.
template <class Real>
struct M2lFftWorkspace {
  int order = 0;                         // of the tables
  Index stride = 0;                      // of cosine and sine
  AlignedVector<Real> cosine, sine;      // (order, stride) of the angles of the transforms
  std::vector<std::int32_t> grid_index;  // (equivalent points) index in the p^3 grid
  // A block's transforms along x and y for some kx: sources, then targets, then their moments.
  AlignedVector<Real> rows;
  std::vector<AlignedVector<Real>> scratch;  // one per thread
};

/// Adds the potential of all V-list multipoles (nodes, vectors, equivalent points) to the downward check
/// potentials `checks` (nodes, vectors, check points) of the schedule's targets; both for unit boxes and
/// without the kernel's constant. Threaded; results do not depend on the threads, the schedule's blocks or
/// previous uses of the workspace. With `moments` the vectors are the columns of a vector kernel
/// (operators/columns.hpp). Real is the working precision, Outer that of multipoles and checks.
template <class Real, class Outer>
void m2l_fft(const M2lFft<Real>& op, const Translations<Outer>& t, const M2lSchedule& schedule,
             const Outer* multipoles, CheckRowsOf<Outer> checks, M2lFftWorkspace<Real>& workspace,
             int vectors = 1, bool moments = false);

// ---- the cost: operation counts and measured speed.

/// Floating-point operations to transform the data of one family of eight siblings, forward or back.
constexpr double m2l_fft_transform_flops(int order) {
  const double p = order, m = 2 * p - 1;
  return p * p * (32 * p * p) + (p * p + m * p) * (64 * p * p);
}

/// Floating-point operations of a pair of families: an 8 x 8 complex matrix-vector product per frequency.
constexpr double m2l_fft_pair_flops(int order) {
  const double p = order, m = 2 * p - 1;
  return m * m * p * 64 * 8;
}

/// Floating-point operations per second and thread.
struct M2lFftSpeed {
  double transform = 0, sweep = 0;
};

/// Measures m2l_fft with all threads on synthetic families and pairs: the best of a few runs of some
/// milliseconds each.
template <class Real>
M2lFftSpeed measure_m2l_fft(int order);

}  // namespace octopole
#pragma GCC visibility pop

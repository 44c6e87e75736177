#include "operators/m2l_fft.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "base/aligned.hpp"
#include "base/threads.hpp"
#include "linalg/fft.hpp"
#include "octopole/kernels.hpp"
#include "operators/kernel_matrix.hpp"
#include "operators/m2l_fft_kernel.hpp"
#include "operators/surface.hpp"
#include "simd/isa.hpp"

namespace octopole {
namespace {

/// Replaces `values` by an uninitialised array of `size` numbers if it is smaller.
template <class Real>
void reserve_work(AlignedVector<Real>& values, std::size_t size) {
  if (values.size() >= size) return;
  release(values);
  values.resize(size);
}

constexpr int kDirections = 27;  // number 13, the node itself, has no pairs

int bit(int octant, int axis) {
  return octant >> axis & 1;
}

/// Transfer index of each (direction, source child, target child), with y and z mirrored or not.
std::vector<std::int32_t> make_block_index(bool mirror_y, bool mirror_z) {
  const int sign[3] = {1, mirror_y ? -1 : 1, mirror_z ? -1 : 1};
  std::vector<std::int32_t> index(kDirections * 64);
  for (int d = 0; d < kDirections; ++d) {
    const int direction[3] = {d % 3 - 1, d / 3 % 3 - 1, d / 9 - 1};
    for (int source = 0; source < 8; ++source)
      for (int target = 0; target < 8; ++target) {
        int transfer = 0;
        for (int axis = 2; axis >= 0; --axis)
          transfer =
              7 * transfer + 3 + sign[axis] * (bit(target, axis) - bit(source, axis) - 2 * direction[axis]);
        // All are among the 7^3 transfer vectors; those of direction 13 are adjacent.
        index[static_cast<std::size_t>((Index(d) * 8 + source) * 8 + target)] = transfer;
      }
  }
  return index;
}

/// Returns the cached table of make_block_index.
const std::int32_t* block_index(bool mirror_y, bool mirror_z) {
  static const std::vector<std::int32_t> indices[4] = {
      make_block_index(false, false), make_block_index(true, false), make_block_index(false, true),
      make_block_index(true, true)};
  return indices[(mirror_y ? 1 : 0) + (mirror_z ? 2 : 0)].data();
}

template <class Real>
void make_tables(int order, M2lFftWorkspace<Real>& space) {
  const int m = 2 * order - 1;
  space.order = 0;  // in case an allocation fails
  space.stride = (order + 3) / 4 * 4;
  space.cosine.assign(static_cast<std::size_t>(order * space.stride + 3), 0);
  space.sine.assign(static_cast<std::size_t>(order * space.stride + 3), 0);
  for (int n = 0; n < order; ++n)
    for (int k = 0; k < order; ++k) {
      const double angle = 2 * std::numbers::pi * (n * k % m) / m;
      space.cosine[static_cast<std::size_t>(n * space.stride + k)] = static_cast<Real>(std::cos(angle));
      space.sine[static_cast<std::size_t>(n * space.stride + k)] = static_cast<Real>(std::sin(angle));
    }
  space.grid_index.clear();
  for (const auto& [x, y, z] : surface_grid(order)) space.grid_index.push_back((z * order + y) * order + x);
  space.order = order;
}

template <class Real>
const M2lFftKernels<Real>& active_kernels() {
  static const M2lFftKernels<Real> table[] = {m2l_fft_kernels_baseline<Real>(), m2l_fft_kernels_avx2<Real>(),
                                              m2l_fft_kernels_avx512<Real>()};
  return table[static_cast<int>(simd::active_isa())];
}

std::vector<SiblingPairs> pairs_of(const M2lFftPlan& plan, const M2lFftBlock& block) {
  std::vector<SiblingPairs> pairs;
  Index begin =
      block.first_chunk == 0 ? 0 : plan.pair_end[static_cast<std::size_t>(block.first_chunk) - 1].back();
  for (Index chunk = block.first_chunk; chunk < block.first_chunk + block.chunks; ++chunk)
    for (const Index end : plan.pair_end[static_cast<std::size_t>(chunk)]) {
      pairs.push_back({plan.pair_target.data() + begin, plan.pair_source.data() + begin, end - begin});
      begin = end;
    }
  return pairs;
}

template <class Real, class Outer>
void apply_block(const M2lFft<Real>& op, const M2lFftPlan& plan, const M2lFftBlock& block,
                 M2lFftWorkspace<Real>& space, const Outer* multipoles, CheckRowsOf<Outer> checks) {
  const Index n = static_cast<Index>(space.grid_index.size()), p = op.order, m = 2 * p - 1;
  const Index source_stride = m2l_fft_rows(block.sources) * kM2lFftRow,
              target_stride = m2l_fft_rows(block.targets) * kM2lFftRow;
  const int slab = m2l_fft_slab(op.order);
  Real* const source_rows = space.rows.data();
  Real* const target_rows = source_rows + slab * m * p * source_stride;
  const std::vector<SiblingPairs> pairs = pairs_of(plan, block);
  const M2lFftKernels<Real>& kernels = active_kernels<Real>();
  const DftTables<Real> tables{space.order, space.stride, space.cosine.data(), space.sine.data()};
  const std::int32_t* grid_index = space.grid_index.data();
  const Index grid_size = 8 * p * p * p;
  block_index(false, false);  // initialises the tables before the threads need them
  ThreadErrors errors;
#pragma omp parallel
  {
    AlignedVector<Real>& scratch = space.scratch[static_cast<std::size_t>(thread_number())];
    errors.keep([&] {
      reserve_work(scratch, static_cast<std::size_t>(std::max(2 * grid_size + dft_work_size(op.order),
                                                              m * (source_stride + target_stride))));
    });
#pragma omp barrier
    const int end = errors.any() ? 0 : op.order;  // if a thread's allocation failed, none starts
    Real *const in_grid = scratch.data(), *const out_grid = in_grid + grid_size,
                *const work = out_grid + grid_size;
    Real *const sources = scratch.data(), *const targets = sources + m * source_stride;
    for (int kx_begin = 0; kx_begin < end; kx_begin += slab) {
      const int kx_end = std::min(op.order, kx_begin + slab);
      std::fill(in_grid, in_grid + grid_size, Real{0});  // zero inside: no surface points there
#pragma omp for schedule(static)
      for (Index s = 0; s < block.sources; ++s) {
        const NodeIndex* children = plan.source_children.data() + 8 * (block.first_source + s);
        for (int c = 0; c < 8; ++c) {
          const bool present = children[c] != kNoNode;
          const Outer* multipole = present ? multipoles + children[c] * n : nullptr;
          for (Index i = 0; i < n; ++i)
            in_grid[8 * Index(grid_index[i]) + c] = present ? static_cast<Real>(multipole[i]) : Real{0};
        }
        kernels.forward_xy(tables, in_grid, kx_begin, kx_end, work, source_rows + s * kM2lFftRow,
                           source_stride);
      }
#pragma omp for schedule(dynamic)
      for (Index line = 0; line < (kx_end - kx_begin) * m; ++line) {
        const Index kx = kx_begin + line / m, ky = line % m;
        const bool mirror_y = ky >= p;
        kernels.forward_z(tables, source_rows + line * p * source_stride, block.sources, sources,
                          source_stride);
        for (Index kz = 0; kz < m; ++kz) {
          const bool mirror_z = kz >= p;
          const Index frequency = kx + p * ((mirror_y ? m - ky : ky) + p * (mirror_z ? m - kz : kz));
          kernels.sweep(op.transforms.data() + frequency * 686, block_index(mirror_y, mirror_z), pairs.data(),
                        block.chunks, sources + kz * source_stride, targets + kz * target_stride,
                        block.targets);
        }
        kernels.inverse_z(tables, targets, block.targets, target_rows + line * p * target_stride,
                          target_stride);
      }
#pragma omp for schedule(static)
      for (Index t = 0; t < block.targets; ++t) {
        kernels.inverse_xy(tables, target_rows + t * kM2lFftRow, target_stride, kx_begin, kx_end, work,
                           out_grid);
        const NodeIndex* children = plan.target_children.data() + 8 * (block.first_target + t);
        for (int c = 0; c < 8; ++c) {
          if (children[c] == kNoNode) continue;
          Outer* check = checks.row(children[c], n);
          for (Index i = 0; i < n; ++i)
            check[i] += static_cast<Outer>(out_grid[8 * Index(grid_index[i]) + c]);
        }
      }
    }
  }
  errors.rethrow();
}

}  // namespace

template <Kernel K, class Real>
M2lFft<Real> make_m2l_fft(const K& kernel, const OperatorKey& key) {
  if (key.downward_check_order != key.order)
    throw Error("M2L by FFT needs downward check surfaces of the equivalent surfaces' order",
                "use M2L by SVD, or downward_check_order = order");
  const int p = key.order, m = 2 * p - 1;
  const linalg::CubeTransform transform(m);
  M2lFft<Real> op;
  op.order = p;
  op.frequencies = Index(p) * p * p;
  op.transforms.resize(static_cast<std::size_t>(op.frequencies * 686));
  const double spacing = 2 * key.inner_radius / (p - 1), scale = 1.0 / (double(m) * m * m);
  struct State {
    AlignedVector<double> grid;
    AlignedVector<std::complex<double>> spectrum;
  };
  const auto make = [&] {
    return State{AlignedVector<double>(grid_points(m)),
                 AlignedVector<std::complex<double>>(static_cast<std::size_t>(transform.frequencies()))};
  };
  parallel_for(343, 1, make, [&](State& state, Index transfer) {
    const Index tx = transfer % 7 - 3, ty = transfer / 7 % 7 - 3, tz = transfer / 49 - 3;
    const bool adjacent = std::max({std::abs(tx), std::abs(ty), std::abs(tz)}) <= 1;
    if (!adjacent) {
      const auto offset = [=](int i) { return spacing * (i < p ? i : i - m); };
      for (int z = 0; z < m; ++z)
        for (int y = 0; y < m; ++y)
          for (int x = 0; x < m; ++x)
            state.grid[grid_place(m, x, y, z)] =
                scale * evaluate(kernel, static_cast<double>(2 * tx) + offset(x),
                                 static_cast<double>(2 * ty) + offset(y),
                                 static_cast<double>(2 * tz) + offset(z));
      transform.execute(state.grid.data(), state.spectrum.data());
    }
    for (Index f = 0; f < op.frequencies; ++f) {
      const Index kx = f % p, ky = f / p % p, kz = f / p / p;
      const std::complex<double> value =
          adjacent ? 0.0 : state.spectrum[static_cast<std::size_t>((kz * m + ky) * p + kx)];
      op.transforms[static_cast<std::size_t>(f * 686 + 2 * transfer)] = static_cast<Real>(value.real());
      op.transforms[static_cast<std::size_t>(f * 686 + 2 * transfer + 1)] = static_cast<Real>(value.imag());
    }
  });
  return op;
}

template <class Real, class Outer>
void m2l_fft(const M2lFft<Real>& op, const Translations<Outer>& t, const M2lFftPlan& plan,
             const Outer* multipoles, CheckRowsOf<Outer> checks, M2lFftWorkspace<Real>& workspace) {
  if (plan.blocks.empty()) return;
  if (workspace.order != op.order) make_tables(op.order, workspace);
  if (static_cast<Index>(workspace.grid_index.size()) != t.equivalent_size())
    throw Error("M2L and translation operators of different orders");
  const Index rows_a_family = (2 * op.order - 1) * Index(op.order) * m2l_fft_slab(op.order);
  reserve_work(workspace.rows, static_cast<std::size_t>(rows_a_family * plan.largest_rows * kM2lFftRow));
  if (const auto threads = static_cast<std::size_t>(max_threads()); workspace.scratch.size() < threads)
    workspace.scratch.resize(threads);
  for (const M2lFftBlock& block : plan.blocks) apply_block(op, plan, block, workspace, multipoles, checks);
}

template M2lFft<double> make_m2l_fft<Laplace, double>(const Laplace&, const OperatorKey&);
template M2lFft<float> make_m2l_fft<Laplace, float>(const Laplace&, const OperatorKey&);
template void m2l_fft(const M2lFft<double>&, const Translations<double>&, const M2lFftPlan&, const double*,
                      CheckRows<double>, M2lFftWorkspace<double>&);
template void m2l_fft(const M2lFft<float>&, const Translations<double>&, const M2lFftPlan&, const double*,
                      CheckRows<double>, M2lFftWorkspace<float>&);
template void m2l_fft(const M2lFft<float>&, const Translations<float>&, const M2lFftPlan&, const float*,
                      CheckRows<float>, M2lFftWorkspace<float>&);

}  // namespace octopole

#include "octopole/operators/m2l_fft.hpp"

#include <omp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "huge_pages.hpp"
#include "kernel_matrix.hpp"
#include "m2l_fft_kernel.hpp"
#include "octopole/kernels/laplace.hpp"
#include "octopole/linalg/fft.hpp"
#include "octopole/operators/surface.hpp"
#include "octopole/simd/isa.hpp"

namespace octopole {
namespace {

constexpr int kDirections = 27;  // the node itself, number 13, has no pairs

int bit(int octant, int axis) {
  return octant >> axis & 1;
}

/// Transfer index of each (direction, source child, target child).
std::vector<std::int32_t> block_indices() {
  std::vector<std::int32_t> index(kDirections * 64);
  for (int d = 0; d < kDirections; ++d) {
    const int direction[3] = {d % 3 - 1, d / 3 % 3 - 1, d / 9 - 1};
    for (int source = 0; source < 8; ++source)
      for (int target = 0; target < 8; ++target) {
        int transfer = 0;
        for (int axis = 2; axis >= 0; --axis)
          transfer = 7 * transfer + 3 + bit(target, axis) - bit(source, axis) - 2 * direction[axis];
        // Beyond the 7^3 transfers lies nothing: direction 13's are adjacent.
        index[static_cast<std::size_t>(d * 64 + source * 8 + target)] = transfer;
      }
  }
  return index;
}

template <class Real>
void make_tables(int order, M2lFftWorkspace<Real>& space) {
  const int m = 2 * order - 1;
  space.order = 0;  // should memory run out
  space.stride = (order + 3) / 4 * 4;
  space.cosine.assign(static_cast<std::size_t>(order * space.stride), 0);
  space.sine.assign(static_cast<std::size_t>(order * space.stride), 0);
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

template <class Real, class Outer>
void apply_block(const M2lFft<Real>& op, const M2lFftPlan& plan, const M2lFftBlock& block,
                 M2lFftWorkspace<Real>& space, const Outer* multipoles, CheckRowsOf<Outer> checks) {
  static const std::vector<std::int32_t> block_index = block_indices();
  const Index n = static_cast<Index>(space.grid_index.size());
  const Index source_stride = m2l_fft_rows(block.sources) * kM2lFftRow,
              target_stride = m2l_fft_rows(block.targets) * kM2lFftRow;
  Real* source_rows = space.rows.data();
  Real* target_rows = source_rows + op.frequencies * source_stride;
  std::array<SiblingPairs, kDirections> pairs;
  for (std::size_t d = 0; d < pairs.size(); ++d) {
    const std::int32_t begin = d == 0 ? 0 : block.pair_end[d - 1];
    pairs[d] = {plan.pair_target.data() + block.first_pair + begin,
                plan.pair_source.data() + block.first_pair + begin, block.pair_end[d] - begin};
  }
  const M2lFftKernels<Real>& kernels = active_kernels<Real>();
  const DftTables<Real> tables{space.order, space.stride, space.cosine.data(), space.sine.data()};
  const std::int32_t* grid_index = space.grid_index.data();
  const Index grid_size = Index(8) * op.order * op.order * op.order;
#pragma omp parallel
  {
    AlignedVector<Real>& scratch = space.scratch[static_cast<std::size_t>(omp_get_thread_num())];
    if (const auto size = static_cast<std::size_t>(grid_size + dft_work_size(op.order));
        scratch.size() < size)
      scratch.resize(size);
    Real *grid = scratch.data(), *work = grid + grid_size;
    std::fill(grid, grid + grid_size, Real{0});  // forward needs zeros inside, where inverse leaves results
#pragma omp for schedule(static)
    for (Index s = 0; s < block.sources; ++s) {
      const NodeIndex* children = plan.source_children.data() + 8 * (block.first_source + s);
      for (int c = 0; c < 8; ++c) {
        const bool present = children[c] != kNoNode;
        const Outer* multipole = present ? multipoles + children[c] * n : nullptr;
        for (Index i = 0; i < n; ++i)
          grid[8 * Index(grid_index[i]) + c] = present ? static_cast<Real>(multipole[i]) : Real{0};
      }
      kernels.forward(tables, grid, work, source_rows + s * kM2lFftRow, source_stride);
    }
#pragma omp for schedule(static)
    for (Index f = 0; f < op.frequencies; ++f)
      kernels.sweep(op.transforms.data() + f * 686, block_index.data(), pairs.data(), kDirections,
                    source_rows + f * source_stride, target_rows + f * target_stride, block.targets);
#pragma omp for schedule(static)
    for (Index t = 0; t < block.targets; ++t) {
      kernels.inverse(tables, target_rows + t * kM2lFftRow, target_stride, work, grid);
      const NodeIndex* children = plan.target_children.data() + 8 * (block.first_target + t);
      for (int c = 0; c < 8; ++c) {
        if (children[c] == kNoNode) continue;
        Outer* check = checks.row(children[c], n);
        for (Index i = 0; i < n; ++i) check[i] += static_cast<Outer>(grid[8 * Index(grid_index[i]) + c]);
      }
    }
  }
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
  op.frequencies = transform.frequencies();
  op.transforms.resize(static_cast<std::size_t>(op.frequencies * 686));
  const double spacing = 2 * key.inner_radius / (p - 1), scale = 1.0 / (double(m) * m * m);
#pragma omp parallel
  {
    AlignedVector<double> grid(static_cast<std::size_t>(m * m * m));
    AlignedVector<std::complex<double>> spectrum(static_cast<std::size_t>(op.frequencies));
#pragma omp for schedule(dynamic)
    for (int transfer = 0; transfer < 343; ++transfer) {
      const int tx = transfer % 7 - 3, ty = transfer / 7 % 7 - 3, tz = transfer / 49 - 3;
      const bool adjacent = std::max({std::abs(tx), std::abs(ty), std::abs(tz)}) <= 1;
      if (!adjacent) {
        const auto offset = [=](int i) { return spacing * (i < p ? i : i - m); };
        for (int z = 0; z < m; ++z)
          for (int y = 0; y < m; ++y)
            for (int x = 0; x < m; ++x)
              grid[static_cast<std::size_t>((z * m + y) * m + x)] =
                  scale * evaluate(kernel, 2 * tx + offset(x), 2 * ty + offset(y), 2 * tz + offset(z));
        transform.execute(grid.data(), spectrum.data());
      }
      for (Index f = 0; f < op.frequencies; ++f) {
        const std::complex<double> value = adjacent ? 0.0 : spectrum[static_cast<std::size_t>(f)];
        op.transforms[static_cast<std::size_t>(f * 686 + 2 * transfer)] = static_cast<Real>(value.real());
        op.transforms[static_cast<std::size_t>(f * 686 + 2 * transfer + 1)] = static_cast<Real>(value.imag());
      }
    }
  }
  return op;
}

template <class Real, class Outer>
void m2l_fft(const M2lFft<Real>& op, const Translations<Outer>& t, const M2lFftPlan& plan,
             const Outer* multipoles, CheckRowsOf<Outer> checks, M2lFftWorkspace<Real>& workspace) {
  if (plan.blocks.empty()) return;
  if (workspace.order != op.order) make_tables(op.order, workspace);
  if (static_cast<Index>(workspace.grid_index.size()) != t.equivalent_size())
    throw Error("M2L and translation operators of different orders");
  reserve_work(workspace.rows, static_cast<std::size_t>(op.frequencies * plan.largest_rows * kM2lFftRow));
  if (const auto threads = static_cast<std::size_t>(omp_get_max_threads());
      workspace.scratch.size() < threads)
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

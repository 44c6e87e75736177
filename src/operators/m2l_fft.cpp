#include "octopole/operators/m2l_fft.hpp"

#include <algorithm>
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
constexpr Index kRow = 16;       // numbers a row: 8 siblings, re and im

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
class Dft {
 public:
  explicit Dft(int order) : order_(order), stride_((order + 3) / 4 * 4) {
    const int m = 2 * order - 1;
    cosine_.assign(static_cast<std::size_t>(order * stride_), 0);
    sine_.assign(static_cast<std::size_t>(order * stride_), 0);
    for (int n = 0; n < order; ++n)
      for (int k = 0; k < order; ++k) {
        const double angle = 2 * std::numbers::pi * (n * k % m) / m;
        cosine_[static_cast<std::size_t>(n * stride_ + k)] = static_cast<Real>(std::cos(angle));
        sine_[static_cast<std::size_t>(n * stride_ + k)] = static_cast<Real>(std::sin(angle));
      }
  }
  DftTables<Real> tables() const { return {order_, stride_, cosine_.data(), sine_.data()}; }

 private:
  int order_;
  Index stride_;
  AlignedVector<Real> cosine_, sine_;
};

template <class Real>
const M2lFftKernels<Real>& active_kernels() {
  static const M2lFftKernels<Real> table[] = {m2l_fft_kernels_baseline<Real>(), m2l_fft_kernels_avx2<Real>(),
                                              m2l_fft_kernels_avx512<Real>()};
  return table[static_cast<int>(simd::active_isa())];
}

/// Target parents that are treated together, and what they need.
struct SiblingBlock {
  std::span<const NodeIndex> targets;
  std::vector<NodeIndex> sources;  // sorted, distinct
  std::array<std::vector<std::int32_t>, kDirections> target_of,
      source_of;  // pairs by direction, in target order
};

bool has_any(const NodeIndex* children, const std::uint8_t* flag) {
  return std::any_of(children, children + 8, [flag](NodeIndex c) { return c != kNoNode && flag[c] != 0; });
}

SiblingBlock make_block(std::span<const NodeIndex> targets, const SiblingView& nodes) {
  SiblingBlock block;
  block.targets = targets;
  const auto source_at = [&nodes](NodeIndex target, int d) {
    if (d == 13) return kNoNode;
    const NodeIndex near = nodes.near[Index(27) * target + d];
    return near != kNoNode && has_any(nodes.children + Index(8) * near, nodes.has_source) ? near : kNoNode;
  };
  for (const NodeIndex target : targets)
    for (int d = 0; d < kDirections; ++d)
      if (const NodeIndex source = source_at(target, d); source != kNoNode) block.sources.push_back(source);
  std::sort(block.sources.begin(), block.sources.end());
  block.sources.erase(std::unique(block.sources.begin(), block.sources.end()), block.sources.end());
  for (std::size_t t = 0; t < targets.size(); ++t)
    for (int d = 0; d < kDirections; ++d)
      if (const NodeIndex source = source_at(targets[t], d); source != kNoNode) {
        const auto slot = std::lower_bound(block.sources.begin(), block.sources.end(), source);
        block.target_of[static_cast<std::size_t>(d)].push_back(static_cast<std::int32_t>(t));
        block.source_of[static_cast<std::size_t>(d)].push_back(
            static_cast<std::int32_t>(slot - block.sources.begin()));
      }
  return block;
}

/// Rows of one frequency, an odd number: powers of two would fall on the same cache lines.
Index padded_rows(std::size_t groups) {
  return static_cast<Index>(groups) | 1;
}

template <class Real>
struct Workspace {
  std::vector<std::int32_t> block_index = block_indices();
  std::vector<std::int32_t> grid_index;  // of surface points in the p^3 grid
  AlignedVector<Real> source_rows, target_rows;
};

template <class Real>
void apply_block(const M2lFft<Real>& op, const SiblingBlock& block, const SiblingView& nodes,
                 const Dft<Real>& dft, Workspace<Real>& space, const Real* multipoles,
                 CheckRowsOf<Real> checks) {
  const Index n = static_cast<Index>(space.grid_index.size());
  const Index sources = static_cast<Index>(block.sources.size()),
              targets = static_cast<Index>(block.targets.size());
  const Index source_stride = padded_rows(block.sources.size()) * kRow;
  const Index target_stride = padded_rows(block.targets.size()) * kRow;
  reserve_work(space.source_rows, static_cast<std::size_t>(op.frequencies * source_stride));
  reserve_work(space.target_rows, static_cast<std::size_t>(op.frequencies * target_stride));
  std::array<SiblingPairs, kDirections> pairs;
  for (std::size_t d = 0; d < pairs.size(); ++d)
    pairs[d] = {block.target_of[d].data(), block.source_of[d].data(),
                static_cast<Index>(block.target_of[d].size())};
  const M2lFftKernels<Real>& kernels = active_kernels<Real>();
  const DftTables<Real> tables = dft.tables();
  const Index grid_points = Index(op.order) * op.order * op.order;
#pragma omp parallel
  {
    AlignedVector<Real> grid(static_cast<std::size_t>(8 * grid_points), Real{0}),
        work(static_cast<std::size_t>(dft_work_size(op.order)));
#pragma omp for schedule(static)
    for (Index s = 0; s < sources; ++s) {
      const NodeIndex* children = nodes.children + Index(8) * block.sources[static_cast<std::size_t>(s)];
      for (int c = 0; c < 8; ++c) {
        const bool present = children[c] != kNoNode && nodes.has_source[children[c]];
        const Real* multipole = present ? multipoles + children[c] * n : nullptr;
        for (Index i = 0; i < n; ++i)
          grid[static_cast<std::size_t>(8 * Index(space.grid_index[i]) + c)] =
              present ? multipole[i] : Real{0};
      }
      kernels.forward(tables, grid.data(), work.data(), space.source_rows.data() + s * kRow, source_stride);
    }
#pragma omp for schedule(static)
    for (Index f = 0; f < op.frequencies; ++f)
      kernels.sweep(op.transforms.data() + f * 686, space.block_index.data(), pairs.data(), kDirections,
                    space.source_rows.data() + f * source_stride,
                    space.target_rows.data() + f * target_stride, targets);
#pragma omp for schedule(static)
    for (Index t = 0; t < targets; ++t) {
      kernels.inverse(tables, space.target_rows.data() + t * kRow, target_stride, work.data(), grid.data());
      const NodeIndex* children = nodes.children + Index(8) * block.targets[static_cast<std::size_t>(t)];
      for (int c = 0; c < 8; ++c) {
        if (children[c] == kNoNode || !nodes.has_target[children[c]]) continue;
        Real* check = checks.row(children[c], n);
        for (Index i = 0; i < n; ++i)
          check[i] += grid[static_cast<std::size_t>(8 * Index(space.grid_index[i]) + c)];
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

template <class Real>
void m2l_fft(const M2lFft<Real>& op, const Translations<Real>& t, std::span<const NodeIndex> parents,
             const SiblingView& nodes, const Real* multipoles, CheckRowsOf<Real> checks,
             std::size_t workspace_bytes) {
  std::vector<NodeIndex> targets;
  targets.reserve(parents.size());
  for (const NodeIndex parent : parents)
    if (has_any(nodes.children + Index(8) * parent, nodes.has_target)) targets.push_back(parent);
  if (targets.empty()) return;

  const Dft<Real> dft(op.order);
  Workspace<Real> space;
  for (const auto& [x, y, z] : surface_grid(op.order))
    space.grid_index.push_back((z * op.order + y) * op.order + x);
  if (static_cast<Index>(space.grid_index.size()) != t.equivalent_size())
    throw Error("M2L and translation operators of different orders");

  // Halves the list of parents until what a part needs fits.
  const std::size_t group_bytes = static_cast<std::size_t>(op.frequencies * kRow) * sizeof(Real);
  std::vector<std::span<const NodeIndex>> pending{targets};
  while (!pending.empty()) {
    const std::span<const NodeIndex> part = pending.back();
    pending.pop_back();
    const auto halve = [&] {
      pending.push_back(part.subspan(part.size() / 2));
      pending.push_back(part.first(part.size() / 2));
    };
    if (part.size() > 1 && part.size() * group_bytes > workspace_bytes) {
      halve();
      continue;
    }
    const SiblingBlock block = make_block(part, nodes);
    if (part.size() > 1 && (part.size() + block.sources.size()) * group_bytes > workspace_bytes)
      halve();
    else if (!block.sources.empty())
      apply_block(op, block, nodes, dft, space, multipoles, checks);
  }
}

template M2lFft<double> make_m2l_fft<Laplace, double>(const Laplace&, const OperatorKey&);
template M2lFft<float> make_m2l_fft<Laplace, float>(const Laplace&, const OperatorKey&);
template void m2l_fft(const M2lFft<double>&, const Translations<double>&, std::span<const NodeIndex>,
                      const SiblingView&, const double*, CheckRows<double>, std::size_t);
template void m2l_fft(const M2lFft<float>&, const Translations<float>&, std::span<const NodeIndex>,
                      const SiblingView&, const float*, CheckRows<float>, std::size_t);

}  // namespace octopole

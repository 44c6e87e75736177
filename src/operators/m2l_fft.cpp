#include "operators/m2l_fft.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include "base/aligned.hpp"
#include "base/profile.hpp"
#include "base/threads.hpp"
#include "linalg/fft.hpp"
#include "operators/columns.hpp"
#include "operators/kernel_matrix.hpp"
#include "operators/m2l_fft_isa.hpp"
#include "operators/surface.hpp"
#include "simd/isa.hpp"

namespace octopole {
namespace {

// ---- the schedule: which families of siblings are transformed and paired together.

constexpr Index kDirections = 27;  // number 13, the node itself, has no pairs
constexpr Index kSelf = 13;
constexpr std::size_t kChunk = 1024;                      // targets per chunk
constexpr std::size_t kMaxGroups = std::size_t{1} << 16;  // numbered by 16 bits

bool has_any(const SiblingView& nodes, NodeIndex parent, const std::uint8_t* flag) {
  const NodeIndex* children = nodes.children + Index(8) * parent;
  return std::any_of(children, children + 8, [flag](NodeIndex c) { return c != kNoNode && flag[c] != 0; });
}

/// Whether any child of `parent` needs a local and any child of its neighbours has a multipole.
bool has_pairs(const SiblingView& nodes, NodeIndex parent) {
  if (!has_any(nodes, parent, nodes.has_target)) return false;
  const NodeIndex* near = nodes.near + kDirections * parent;
  for (Index d = 0; d < kDirections; ++d)
    if (d != kSelf && near[d] != kNoNode && has_any(nodes, near[d], nodes.has_source)) return true;
  return false;
}

std::vector<NodeIndex> targets_of(std::span<const NodeIndex> parents, const SiblingView& nodes) {
  std::vector<std::uint8_t> keep(parents.size());
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < parents.size(); ++i) keep[i] = has_pairs(nodes, parents[i]);
  std::vector<NodeIndex> targets;
  targets.reserve(static_cast<std::size_t>(std::count(keep.begin(), keep.end(), 1)));
  for (std::size_t i = 0; i < parents.size(); ++i)
    if (keep[i]) targets.push_back(parents[i]);
  return targets;
}

void append_children(const SiblingView& nodes, std::span<const NodeIndex> parents, const std::uint8_t* flag,
                     std::vector<NodeIndex>& children) {
  for (const NodeIndex parent : parents)
    for (Index c = 8 * Index(parent); c < 8 * Index(parent) + 8; ++c) {
      const NodeIndex child = nodes.children[c];
      children.push_back(child != kNoNode && flag[child] != 0 ? child : kNoNode);
    }
}

/// The parents whose children's multipoles the targets' children need: sorted, distinct.
std::vector<NodeIndex> sources_of(std::span<const NodeIndex> targets, const SiblingView& nodes) {
  std::vector<NodeIndex> sources;
  sources.reserve(static_cast<std::size_t>(kDirections) * targets.size());
  for (const NodeIndex target : targets)
    for (Index d = 0; d < kDirections; ++d)
      if (const NodeIndex near = nodes.near[kDirections * target + d]; d != kSelf && near != kNoNode)
        sources.push_back(near);
  std::sort(sources.begin(), sources.end());
  sources.erase(std::unique(sources.begin(), sources.end()), sources.end());
  std::erase_if(sources, [&](NodeIndex source) { return !has_any(nodes, source, nodes.has_source); });
  return sources;
}

void append_block(std::span<const NodeIndex> targets, std::span<const NodeIndex> sources,
                  const SiblingView& nodes, M2lSchedule& schedule) {
  M2lFftBlock block;
  block.first_target = static_cast<Index>(schedule.target_children.size() / 8);
  block.first_source = static_cast<Index>(schedule.source_children.size() / 8);
  block.first_chunk = static_cast<Index>(schedule.pair_end.size());
  block.targets = static_cast<std::int32_t>(targets.size());
  block.sources = static_cast<std::int32_t>(sources.size());
  append_children(nodes, targets, nodes.has_target, schedule.target_children);
  append_children(nodes, sources, nodes.has_source, schedule.source_children);
  for (std::size_t chunk = 0; chunk < targets.size(); chunk += kChunk, ++block.chunks) {
    schedule.pair_end.emplace_back();
    for (Index d = 0; d < kDirections; ++d) {
      for (std::size_t t = chunk; d != kSelf && t < std::min(chunk + kChunk, targets.size()); ++t) {
        const NodeIndex near = nodes.near[kDirections * targets[t] + d];
        const auto place = std::lower_bound(sources.begin(), sources.end(), near);
        if (place == sources.end() || *place != near) continue;
        schedule.pair_target.push_back(static_cast<std::uint16_t>(t));
        schedule.pair_source.push_back(static_cast<std::uint16_t>(place - sources.begin()));
      }
      schedule.pair_end.back()[static_cast<std::size_t>(d)] = static_cast<Index>(schedule.pair_target.size());
    }
  }
  schedule.largest_rows =
      std::max(schedule.largest_rows, m2l_fft_rows(block.sources) + m2l_fft_rows(block.targets));
  schedule.blocks.push_back(block);
}

/// Appends the blocks of a part of the targets, which is halved until targets plus sources are at most
/// `max_groups`.
void append_part(std::span<const NodeIndex> targets, std::size_t max_groups, const SiblingView& nodes,
                 M2lSchedule& schedule) {
  const std::vector<NodeIndex> sources = sources_of(targets, nodes);
  if (targets.size() == 1 || targets.size() + sources.size() <= max_groups) {
    append_block(targets, sources, nodes, schedule);
    return;
  }
  append_part(targets.first(targets.size() / 2), max_groups, nodes, schedule);
  append_part(targets.subspan(targets.size() / 2), max_groups, nodes, schedule);
}

/// Halves the targets until each part has at most `max_targets`; appends the parts in order.
void halve_targets(std::span<const NodeIndex> targets, std::size_t max_targets,
                   std::vector<std::span<const NodeIndex>>& parts) {
  if (targets.size() <= max_targets) {
    parts.push_back(targets);
    return;
  }
  halve_targets(targets.first(targets.size() / 2), max_targets, parts);
  halve_targets(targets.subspan(targets.size() / 2), max_targets, parts);
}

M2lSchedule join(std::vector<M2lSchedule>& schedules) {
  if (schedules.size() == 1) return std::move(schedules.front());
  std::size_t blocks = 0, targets = 0, sources = 0, pairs = 0, chunks = 0;
  for (const M2lSchedule& part : schedules) {
    blocks += part.blocks.size();
    targets += part.target_children.size();
    sources += part.source_children.size();
    pairs += part.pair_target.size();
    chunks += part.pair_end.size();
  }
  M2lSchedule whole;
  whole.blocks.reserve(blocks);
  whole.target_children.reserve(targets);
  whole.source_children.reserve(sources);
  whole.pair_target.reserve(pairs);
  whole.pair_source.reserve(pairs);
  whole.pair_end.reserve(chunks);
  const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  for (M2lSchedule& part : schedules) {
    for (M2lFftBlock block : part.blocks) {
      block.first_target += static_cast<Index>(whole.target_children.size() / 8);
      block.first_source += static_cast<Index>(whole.source_children.size() / 8);
      block.first_chunk += static_cast<Index>(whole.pair_end.size());
      whole.blocks.push_back(block);
    }
    for (std::array<Index, 27> ends : part.pair_end) {
      for (Index& end : ends) end += static_cast<Index>(whole.pair_target.size());
      whole.pair_end.push_back(ends);
    }
    append(whole.target_children, part.target_children);
    append(whole.source_children, part.source_children);
    append(whole.pair_target, part.pair_target);
    append(whole.pair_source, part.pair_source);
    whole.largest_rows = std::max(whole.largest_rows, part.largest_rows);
    part = {};  // at most one part is held twice
  }
  return whole;
}

/// Numbers per family of the rows that are held at a time.
Index numbers_a_family(int order) {
  return (2 * Index(order) - 1) * order * m2l_fft_slab(order) * kM2lFftRow;
}

/// Maximum number of families per block, targets plus sources.
std::size_t families_of_block(int order, std::size_t real_bytes, std::size_t workspace_bytes) {
  const std::size_t family = static_cast<std::size_t>(numbers_a_family(order)) * real_bytes;
  return std::clamp(workspace_bytes / family, std::size_t{1}, kMaxGroups);
}

}  // namespace

Index m2l_fft_workspace_bytes(int order, std::size_t real_bytes, Index largest_rows, int threads,
                              bool moments) {
  if (moments) largest_rows *= 2;
  const Index p = order, m = 2 * p - 1,
              scratch = std::max(16 * p * p * p + dft_work_size(order), m * largest_rows * kM2lFftRow);
  return largest_rows == 0
             ? 0
             : (numbers_a_family(order) * largest_rows + scratch * threads) * static_cast<Index>(real_bytes);
}

Index expected_m2l_fft_rows(int order, std::size_t real_bytes, Index targets, Index sources,
                            std::size_t workspace_bytes) {
  const auto families = static_cast<Index>(families_of_block(order, real_bytes, workspace_bytes));
  Index parts = 1;
  while (targets / parts > 1 && (targets + sources) / parts > families) parts *= 2;
  return m2l_fft_rows(targets / parts) + m2l_fft_rows(sources / parts);
}

M2lSchedule make_m2l_schedule(int order, std::size_t real_bytes, std::span<const NodeIndex> parents,
                              const SiblingView& nodes, std::size_t workspace_bytes) {
  const std::vector<NodeIndex> targets = targets_of(parents, nodes);
  if (targets.empty()) return {};
  const std::size_t max_groups = families_of_block(order, real_bytes, workspace_bytes);
  std::vector<std::span<const NodeIndex>> parts;
  halve_targets(targets, max_groups, parts);
  std::vector<M2lSchedule> schedules(parts.size());
  parallel_for(static_cast<Index>(parts.size()), 1, [&](Index part) {
    const auto i = static_cast<std::size_t>(part);
    append_part(parts[i], max_groups, nodes, schedules[i]);
    for (auto* array : {&schedules[i].target_children, &schedules[i].source_children}) array->shrink_to_fit();
    for (auto* array : {&schedules[i].pair_target, &schedules[i].pair_source}) array->shrink_to_fit();
  });
  return join(schedules);
}

// ---- the operator.

namespace {

/// Replaces `values` by an uninitialised array of `size` numbers if it is smaller.
template <class Real>
void reserve_work(AlignedVector<Real>& values, std::size_t size) {
  if (values.size() >= size) return;
  release(values);
  values.resize(size);
}

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

std::vector<SiblingPairs> pairs_of(const M2lSchedule& schedule, const M2lFftBlock& block) {
  std::vector<SiblingPairs> pairs;
  Index begin =
      block.first_chunk == 0 ? 0 : schedule.pair_end[static_cast<std::size_t>(block.first_chunk) - 1].back();
  for (Index chunk = block.first_chunk; chunk < block.first_chunk + block.chunks; ++chunk)
    for (const Index end : schedule.pair_end[static_cast<std::size_t>(chunk)]) {
      pairs.push_back(
          {schedule.pair_target.data() + begin, schedule.pair_source.data() + begin, end - begin});
      begin = end;
    }
  return pairs;
}

/// Which of the vectors of a row; and the axis of the moments that the vector, a column phi, adds to the
/// column psi, or -1.
struct PartOfRow {
  int vector, vectors, axis;
};

template <class Real, class Outer>
void apply_block(const M2lFft<Real>& op, const M2lSchedule& schedule, const M2lFftBlock& block,
                 M2lFftWorkspace<Real>& space, const Outer* multipoles, CheckRowsOf<Outer> checks,
                 PartOfRow part) {
  const Index n = static_cast<Index>(space.grid_index.size()), p = op.order, m = 2 * p - 1;
  const Index source_stride = m2l_fft_rows(block.sources) * kM2lFftRow,
              target_stride = m2l_fft_rows(block.targets) * kM2lFftRow;
  const int slab = m2l_fft_slab(op.order);
  const bool moments = part.axis >= 0;
  Real* const source_rows = space.rows.data();
  Real* const target_rows = source_rows + slab * m * p * source_stride;
  Real* const moment_rows = target_rows + slab * m * p * target_stride;
  const std::vector<SiblingPairs> pairs = pairs_of(schedule, block);
  const M2lFftLoops<Real>& loops = simd::active_loops<M2lFftLoops<Real>>();
  const DftTables<Real> tables{space.order, space.stride, space.cosine.data(), space.sine.data()};
  const std::int32_t* grid_index = space.grid_index.data();
  const Index grid_size = 8 * p * p * p;
  block_index(false, false);  // initialises the tables before the threads need them
  ThreadErrors errors;
#pragma omp parallel
  {
    AlignedVector<Real>& scratch = space.scratch[static_cast<std::size_t>(thread_number())];
    errors.keep([&] {
      const Index strides = source_stride + (moments ? 2 : 1) * target_stride;
      reserve_work(scratch,
                   static_cast<std::size_t>(std::max(2 * grid_size + dft_work_size(op.order), m * strides)));
    });
#pragma omp barrier
    const int end = errors.any() ? 0 : op.order;  // if a thread's allocation failed, none starts
    for (int kx_begin = 0; kx_begin < end; kx_begin += slab) {
      Real *const in_grid = scratch.data(), *const out_grid = in_grid + grid_size,
                  *const work = out_grid + grid_size;
      Real *const sources = scratch.data(), *const targets = sources + m * source_stride,
                  *const moments_of_targets = targets + m * target_stride;
      const int kx_end = std::min(op.order, kx_begin + slab);
      std::fill(in_grid, in_grid + grid_size, Real{0});  // zero inside: no surface points there
#pragma omp for schedule(static)
      for (Index s = 0; s < block.sources; ++s) {
        const NodeIndex* children = schedule.source_children.data() + 8 * (block.first_source + s);
        for (int c = 0; c < 8; ++c) {
          const bool present = children[c] != kNoNode;
          const Outer* multipole =
              present ? multipoles + (Index{children[c]} * part.vectors + part.vector) * n : nullptr;
          for (Index i = 0; i < n; ++i)
            in_grid[8 * Index(grid_index[i]) + c] = present ? static_cast<Real>(multipole[i]) : Real{0};
        }
        loops.forward_xy(tables, in_grid, kx_begin, kx_end, work, source_rows + s * kM2lFftRow,
                         source_stride);
      }
#pragma omp for schedule(dynamic)
      for (Index line = 0; line < (kx_end - kx_begin) * m; ++line) {
        const Index kx = kx_begin + line / m, ky = line % m;
        const bool mirror_y = ky >= p;
        loops.forward_z(tables, source_rows + line * p * source_stride, block.sources, sources,
                        source_stride);
        for (Index kz = 0; kz < m; ++kz) {
          const bool mirror_z = kz >= p;
          const Index frequency = kx + p * ((mirror_y ? m - ky : ky) + p * (mirror_z ? m - kz : kz));
          const Real* const transforms = op.transforms.data() + frequency * 686;
          const std::int32_t* const index = block_index(mirror_y, mirror_z);
          if (moments)
            loops.sweep_moments(transforms, index, pairs.data(), block.chunks, sources + kz * source_stride,
                                targets + kz * target_stride, block.targets, part.axis,
                                moments_of_targets + kz * target_stride);
          else
            loops.sweep(transforms, index, pairs.data(), block.chunks, sources + kz * source_stride,
                        targets + kz * target_stride, block.targets);
        }
        loops.inverse_z(tables, targets, block.targets, target_rows + line * p * target_stride,
                        target_stride);
        if (moments)
          loops.inverse_z(tables, moments_of_targets, block.targets, moment_rows + line * p * target_stride,
                          target_stride);
      }
#pragma omp for schedule(static)
      for (Index t = 0; t < block.targets; ++t) {
        const NodeIndex* children = schedule.target_children.data() + 8 * (block.first_target + t);
        const auto add = [&](const Real* rows, int vector, Outer factor) {
          loops.inverse_xy(tables, rows + t * kM2lFftRow, target_stride, kx_begin, kx_end, work, out_grid);
          for (int c = 0; c < 8; ++c) {
            if (children[c] == kNoNode) continue;
            Outer* check = checks.row(children[c], part.vectors * n) + vector * n;
            for (Index i = 0; i < n; ++i)
              check[i] += factor * static_cast<Outer>(out_grid[8 * Index(grid_index[i]) + c]);
          }
        };
        add(target_rows, part.vector, 1);
        // The distance of neighbouring parents is two units of psi, half their side.
        if (moments) add(moment_rows, kMomentColumn, 2);
      }
    }
  }
  errors.rethrow();
}

}  // namespace

template <class Real>
M2lFft<Real> make_m2l_fft(const AnyKernel& kernel, const OperatorKey& key) {
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
    AlignedVector<double> dx, dy, dz;  // of a row of the grid
  };
  const auto make = [&] {
    const AlignedVector<double> row(static_cast<std::size_t>(m));
    return State{AlignedVector<double>(grid_points(m)),
                 AlignedVector<std::complex<double>>(static_cast<std::size_t>(transform.frequencies())), row,
                 row, row};
  };
  parallel_for(343, 1, make, [&](State& state, Index transfer) {
    const Index tx = transfer % 7 - 3, ty = transfer / 7 % 7 - 3, tz = transfer / 49 - 3;
    const bool adjacent = std::max({std::abs(tx), std::abs(ty), std::abs(tz)}) <= 1;
    if (!adjacent) {
      const auto offset = [=](int i) { return spacing * (i < p ? i : i - m); };
      for (int x = 0; x < m; ++x)
        state.dx[static_cast<std::size_t>(x)] = static_cast<double>(2 * tx) + offset(x);
      for (int z = 0; z < m; ++z)
        for (int y = 0; y < m; ++y) {
          std::fill(state.dy.begin(), state.dy.end(), static_cast<double>(2 * ty) + offset(y));
          std::fill(state.dz.begin(), state.dz.end(), static_cast<double>(2 * tz) + offset(z));
          double* const row = state.grid.data() + grid_place(m, 0, y, z);
          kernel.potentials(m, state.dx.data(), state.dy.data(), state.dz.data(), row);
          for (int x = 0; x < m; ++x) row[x] *= scale;
        }
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
void m2l_fft(const M2lFft<Real>& op, const Translations<Outer>& t, const M2lSchedule& schedule,
             const Outer* multipoles, CheckRowsOf<Outer> checks, M2lFftWorkspace<Real>& workspace,
             int vectors, bool moments) {
  if (schedule.blocks.empty()) return;
  if (workspace.order != op.order) make_tables(op.order, workspace);
  if (static_cast<Index>(workspace.grid_index.size()) != t.equivalent_size())
    throw Error("M2L and translation operators of different orders");
  const Index rows_a_family = (2 * op.order - 1) * Index(op.order) * m2l_fft_slab(op.order);
  reserve_work(workspace.rows, static_cast<std::size_t>((moments ? 2 : 1) * rows_a_family *
                                                        schedule.largest_rows * kM2lFftRow));
  if (const auto threads = static_cast<std::size_t>(max_threads()); workspace.scratch.size() < threads)
    workspace.scratch.resize(threads);
  for (const M2lFftBlock& block : schedule.blocks)
    for (int v = 0; v < vectors; ++v)
      apply_block(op, schedule, block, workspace, multipoles, checks,
                  {v, vectors, moments && v < kMomentColumn ? v : -1});
}

template M2lFft<double> make_m2l_fft<double>(const AnyKernel&, const OperatorKey&);
template M2lFft<float> make_m2l_fft<float>(const AnyKernel&, const OperatorKey&);
template void m2l_fft(const M2lFft<double>&, const Translations<double>&, const M2lSchedule&, const double*,
                      CheckRows<double>, M2lFftWorkspace<double>&, int, bool);
template void m2l_fft(const M2lFft<float>&, const Translations<double>&, const M2lSchedule&, const double*,
                      CheckRows<double>, M2lFftWorkspace<float>&, int, bool);
template void m2l_fft(const M2lFft<float>&, const Translations<float>&, const M2lSchedule&, const float*,
                      CheckRows<float>, M2lFftWorkspace<float>&, int, bool);

// ---- the measured speed.

namespace {

constexpr std::int32_t kFamilies = 64;

/// A schedule in which every family is a target and a source; with_pairs: with one pair per family and
/// direction.
M2lSchedule made_up_schedule(bool with_pairs) {
  M2lSchedule schedule;
  M2lFftBlock block;
  block.targets = block.sources = kFamilies;
  for (NodeIndex node = 0; node < 8 * kFamilies; ++node) {
    schedule.target_children.push_back(node);
    schedule.source_children.push_back(node);
  }
  block.chunks = 1;
  schedule.pair_end.emplace_back();
  for (std::size_t d = 0; d < 27; ++d) {
    if (with_pairs && d != 13)
      for (std::uint16_t t = 0; t < kFamilies; ++t) {
        schedule.pair_target.push_back(t);
        schedule.pair_source.push_back(static_cast<std::uint16_t>((t + 5 * d) % kFamilies));
      }
    schedule.pair_end[0][d] = static_cast<Index>(schedule.pair_target.size());
  }
  schedule.largest_rows = 2 * (kFamilies + 1);
  schedule.blocks.push_back(block);
  return schedule;
}

}  // namespace

template <class Real>
M2lFftSpeed measure_m2l_fft(int order) {
  M2lFft<Real> op;
  op.order = order;
  op.frequencies = Index(order) * order * order;
  op.transforms.assign(static_cast<std::size_t>(op.frequencies * 686), Real(1e-3));
  OperatorKey key;
  key.order = key.check_order = key.downward_check_order = order;
  key.precision = sizeof(Real) == sizeof(float) ? Precision::single_precision : Precision::double_precision;
  Translations<Real> t;
  lay_out_surfaces(key, t);
  const auto size = static_cast<std::size_t>(8 * kFamilies * t.equivalent_size());
  AlignedVector<Real> multipoles(size, Real(1e-3)), checks(size, Real(0));
  M2lFftWorkspace<Real> workspace;
  const auto seconds_of = [&](bool with_pairs) {
    const M2lSchedule schedule = made_up_schedule(with_pairs);
    double best = std::numeric_limits<double>::infinity();
    for (int run = 0; run < 8; ++run) {
      const double start = seconds_now();
      m2l_fft(op, t, schedule, multipoles.data(), checks.data(), workspace);
      best = std::min(best, seconds_now() - start);
    }
    return best;
  };
  const double transforms = seconds_of(false), all = seconds_of(true), threads = max_threads();
  M2lFftSpeed speed;
  speed.transform = 2 * kFamilies * m2l_fft_transform_flops(order) / transforms / threads;
  speed.sweep = 26 * kFamilies * m2l_fft_pair_flops(order) / std::max(all - transforms, 0.1 * all) / threads;
  return speed;
}

template M2lFftSpeed measure_m2l_fft<double>(int);
template M2lFftSpeed measure_m2l_fft<float>(int);

}  // namespace octopole

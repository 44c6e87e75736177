#include "octopole/options.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>

#include "base/aligned.hpp"
#include "base/profile.hpp"
#include "base/threads.hpp"
#include "kernels/pair_loop.hpp"
#include "linalg/product.hpp"
#include "octopole/kernels.hpp"
#include "operators/m2l_fft.hpp"
#include "operators/p2p.hpp"
#include "simd/isa.hpp"

namespace octopole {
namespace {

constexpr int kRounds = 3;

/// Seconds of the fastest run of `work`, which all threads do at once. Makes as many runs as fit in 40 ms, at
/// least 4, so that short disturbances do not count.
template <class Work>
double best_seconds(const Work& work) {
  double best = std::numeric_limits<double>::infinity();
  const double begin = seconds_now();
  for (int run = 0; run < 4 || seconds_now() - begin < 0.04; ++run) {
    const double start = seconds_now();
    work();
    best = std::min(best, seconds_now() - start);
  }
  return best;
}

/// Neighbouring leaves that keep every thread busy: P2P as in an evaluation, one task per kNeighbours leaves.
struct NearProblem {
  static constexpr Index kNeighbours = 27,
                         kPointsPerThread = kNeighbours * 512;  // so that starting threads is negligible
  Index per_leaf;
  NodeIndex leaves = static_cast<NodeIndex>(kPointsPerThread / per_leaf) * max_threads();
  AlignedVector<double> x, y, z, charge, u, g;
  AlignedVector<float> charge_single, leaf_frame_x, leaf_frame_y, leaf_frame_z;
  std::vector<Index> begin, end, ranges, symmetric_offsets{0}, one_sided_offsets, task_range_begins{0},
      task_rows{0};
  std::vector<NodeIndex> all, symmetric_items;
  std::vector<std::int32_t> task_ranges;
  std::vector<Box> boxes;

  explicit NearProblem(Index leaf_points) : per_leaf(leaf_points) {
    std::uint64_t state = 1;
    const auto draw = [&state] {
      state = state * 6364136223846793005u + 1442695040888963407u;
      return static_cast<double>(state >> 11) * 0x1p-53;
    };
    const auto size = static_cast<std::size_t>(leaves * per_leaf);
    for (auto* values : {&x, &y, &z, &charge}) {
      values->resize(size);
      for (double& v : *values) v = draw();
    }
    charge_single.assign(charge.begin(), charge.end());
    for (auto* values : {&leaf_frame_x, &leaf_frame_y, &leaf_frame_z}) values->resize(size);
    u.assign(size, 0);
    g.assign(3 * size, 0);
    for (NodeIndex leaf = 0; leaf < leaves; ++leaf) {
      begin.push_back(leaf * per_leaf);
      end.push_back(begin.back() + per_leaf);
      all.push_back(leaf);
      boxes.push_back({0.5, 0.5, 0.5, 0.5});
      one_sided_offsets.push_back(leaf);
      // All pairs of different leaves within a range.
      const NodeIndex range_end = (leaf / NodeIndex(kNeighbours) + 1) * NodeIndex(kNeighbours);
      for (NodeIndex other = leaf + 1; other < range_end; ++other) symmetric_items.push_back(other);
      symmetric_offsets.push_back(static_cast<Index>(symmetric_items.size()));
    }
    one_sided_offsets.push_back(leaves);
    for (std::int32_t range = 0; range < leaves / kNeighbours; ++range) {
      task_ranges.push_back(range);
      task_range_begins.push_back(range + 1);
      task_rows.push_back((range + 1) * kNeighbours);
    }
    for (Index range = 0; range <= leaves / kNeighbours; ++range) ranges.push_back(range * kNeighbours);
    // Places the leaves side by side like neighbours: leaves at one place would have too many close pairs.
    for (std::size_t leaf = 0; leaf < boxes.size(); ++leaf) {
      const auto [dx, dy, dz] = std::array{leaf % 3, leaf / 3 % 3, leaf / 9 % 3};
      boxes[leaf].x += double(dx);
      boxes[leaf].y += double(dy);
      boxes[leaf].z += double(dz);
      for (Index i = begin[leaf]; i < end[leaf]; ++i) {
        x[std::size_t(i)] += double(dx);
        y[std::size_t(i)] += double(dy);
        z[std::size_t(i)] += double(dz);
      }
    }
    to_leaf_frames(all, boxes.data(), points(), leaf_frame_x.data(), leaf_frame_y.data(),
                   leaf_frame_z.data());
  }

  PointsByNode points() const { return {x.data(), y.data(), z.data(), begin.data(), end.data()}; }

  double pairs() const {
    return static_cast<double>(leaves * kNeighbours) * static_cast<double>(per_leaf * per_leaf);
  }
  double gathers() const { return static_cast<double>(leaves * kNeighbours * per_leaf); }

  /// Thread-seconds of an evaluation.
  template <class Real>
  double seconds(bool gradient, NearForm form) {
    const std::size_t n = u.size();
    const TargetSums sums{{{u.data(), g.data(), g.data() + n, g.data() + 2 * n}, {1, gradient ? 1 : 0}}};
    const NearPairsView pairs{all,
                              ranges,
                              {symmetric_offsets.data(), symmetric_items.data()},
                              {one_sided_offsets.data(), all.data()},
                              task_range_begins,
                              task_ranges,
                              task_rows,
                              all};
    return max_threads() * best_seconds([&] {
             if constexpr (std::is_same_v<Real, float>)
               p2p_symmetric<Real>(Laplace{}, pairs, boxes.data(), points(),
                                   StrengthVectors(charge_single.data()), sums, {},
                                   LeafFramePoints{form, static_cast<Index>(n), leaf_frame_x.data(),
                                                   leaf_frame_y.data(), leaf_frame_z.data()});
             else
               p2p_symmetric<Real>(Laplace{}, pairs, boxes.data(), points(), StrengthVectors(charge.data()),
                                   sums);
           });
  }
};

/// Pairs per second of one thread, for a leaf's targets and a surface's sources.
template <class Real>
double pair_throughput(bool gradient) {
  constexpr Index targets = 96, sources = 512, repeats = 40;
  ThreadErrors errors;
  const double seconds = best_seconds([&] {
#pragma omp parallel
    errors.keep([&] {
      AlignedVector<Real> c(static_cast<std::size_t>(sources)), u(4 * static_cast<std::size_t>(targets));
      for (Index i = 0; i < sources; ++i)
        c[static_cast<std::size_t>(i)] = static_cast<Real>(i * 37 % 101) / Real(50);
      const TargetArrays<Real> to{c.data(), c.data() + 101, c.data() + 202, targets};
      const SourceArrays<Real> from{c.data(), c.data(), c.data(), c.data(), sources};
      Real* out = u.data();
      for (Index i = 0; i < repeats; ++i) {
        if (gradient)
          pair_gradient(Laplace{}, to, from, out, out + targets, out + 2 * targets, out + 3 * targets);
        else
          pair_potential(Laplace{}, to, from, out);
      }
    });
  });
  errors.rethrow();
  return targets * sources * repeats / seconds;
}

template <class Real>
double gemm_throughput() {
  constexpr Index n = 296, columns = 64, repeats = 10;  // a batch of nodes at order 8
  const AlignedVector<Real> a(static_cast<std::size_t>(n * n), Real(1e-3));
  ThreadErrors errors;
  const double seconds = best_seconds([&] {
#pragma omp parallel
    errors.keep([&] {
      const AlignedVector<Real> b(static_cast<std::size_t>(n * columns), Real(1e-3));
      AlignedVector<Real> c(static_cast<std::size_t>(n * columns));
      for (Index i = 0; i < repeats; ++i) linalg::multiply(n, columns, n, a.data(), b.data(), c.data());
    });
  });
  errors.rethrow();
  return 2.0 * n * n * columns * repeats / seconds;
}

/// Times of P2P for leaves of two sizes, the best of several rounds.
struct NearTimes {
  double of_large = std::numeric_limits<double>::infinity(), of_small = of_large, of_gradient = of_large;

  template <class Real>
  void measure(NearProblem& large, NearProblem& small, NearForm form) {
    of_large = std::min(of_large, large.seconds<Real>(false, form));
    of_small = std::min(of_small, small.seconds<Real>(false, form));
    of_gradient = std::min(of_gradient, large.seconds<Real>(true, form));
  }
  /// Solves seconds = pairs / (pairs per second) + gathers / (gathers per second) for the throughput.
  void set_throughput(const NearProblem& large, const NearProblem& small, Throughput::Row& row) const {
    const double a = large.pairs(), b = large.gathers(), c = small.pairs(), d = small.gathers();
    const double a_pair = std::max((of_large * d - of_small * b) / (a * d - b * c), 0.5 * of_large / a);
    const double a_gather = std::max((of_small - c * a_pair) / d, 0.1 * a_pair);
    row[static_cast<std::size_t>(OperationKind::near_pairs)] = 1 / a_pair;
    row[static_cast<std::size_t>(OperationKind::near_gradient_pairs)] =
        1 / std::max((of_gradient - b * a_gather) / a, a_pair);
    row[static_cast<std::size_t>(OperationKind::gathers)] = 1 / a_gather;
  }
};

/// The highest throughput of several rounds, so that short disturbances of the machine do not count.
template <class Real>
Throughput::Row measure_row(NearProblem& large, NearProblem& small) {
  Throughput::Row row{};
  NearTimes near;
  const auto best = [&row](OperationKind kind, double value) {
    double& slot = row[static_cast<std::size_t>(kind)];
    slot = std::max(slot, value);
  };
  for (int round = 0; round < kRounds; ++round) {
    near.measure<Real>(large, small, NearForm::two_floats);
    best(OperationKind::pairs, pair_throughput<Real>(false));
    best(OperationKind::gradient_pairs, pair_throughput<Real>(true));
    best(OperationKind::gemm, gemm_throughput<Real>());
    const M2lFftSpeed m2l = measure_m2l_fft<Real>(7);
    best(OperationKind::transform, m2l.transform);
    best(OperationKind::sweep, m2l.sweep);
  }
  near.set_throughput(large, small, row);
  return row;
}

}  // namespace

namespace {

/// The row of single precision with this throughput of P2P.
Throughput::Row with_near(Throughput::Row row, double pairs, double gradient_pairs, double gathers) {
  row[static_cast<std::size_t>(OperationKind::near_pairs)] = pairs;
  row[static_cast<std::size_t>(OperationKind::near_gradient_pairs)] = gradient_pairs;
  row[static_cast<std::size_t>(OperationKind::gathers)] = gathers;
  return row;
}

}  // namespace

Throughput reference_throughput() {
  // Measured on two Zen 4 cores, except for matrix products, which are estimated as nine tenths of such a
  // core's peak, the share that linalg/product.hpp reached on Zen 5.
  Throughput throughput;
  switch (simd::active_isa()) {
    case simd::Isa::avx512:
      throughput.in_single = {8.0e9, 4.2e9, 0.4e9, 5.4e9, 3.3e9, 110e9, 40e9, 85e9};
      throughput.in_double = {3.9e9, 1.9e9, 0.5e9, 2.25e9, 1.45e9, 54e9, 27e9, 45e9};
      // One float per coordinate, measured before partners were gathered into rows: gathers are twice as fast
      // now.
      throughput.in_one_float = with_near(throughput.in_single, 11e9, 5.2e9, 0.8e9);
      throughput.in_estimate = with_near(throughput.in_single, 16e9, 6.0e9, 0.8e9);
      break;
    case simd::Isa::avx2:
      throughput.in_single = {4.0e9, 2.4e9, 0.5e9, 3.6e9, 2.1e9, 105e9, 22e9, 65e9};
      throughput.in_double = {1.9e9, 1.05e9, 0.7e9, 1.1e9, 0.7e9, 52e9, 15e9, 37e9};
      throughput.in_one_float = throughput.in_estimate = with_near(throughput.in_single, 5.5e9, 3.0e9, 1.0e9);
      break;
    case simd::Isa::avx2_reproducible:
      throughput.in_single = {3.1e9, 2.0e9, 0.5e9, 2.8e9, 1.8e9, 105e9, 22e9, 65e9};
      throughput.in_double = {1.9e9, 1.05e9, 0.7e9, 1.1e9, 0.7e9, 52e9, 15e9, 37e9};
      throughput.in_one_float = with_near(throughput.in_single, 4.2e9, 2.5e9, 1.0e9);
      throughput.in_estimate = with_near(throughput.in_single, 4.6e9, 2.7e9, 1.0e9);
      break;
    default:
      throughput.in_single = {1.7e9, 0.9e9, 0.4e9, 1.5e9, 0.9e9, 33e9, 17e9, 20e9};
      throughput.in_double = {0.95e9, 0.47e9, 0.35e9, 0.51e9, 0.38e9, 16e9, 7e9, 11e9};
      throughput.in_one_float = throughput.in_estimate = with_near(throughput.in_single, 2.0e9, 1.1e9, 0.8e9);
  }
  return throughput;
}

Throughput measure_throughput() {
  NearProblem large(128), small(16);
  Throughput throughput;
  throughput.in_single = measure_row<float>(large, small);
  throughput.in_double = measure_row<double>(large, small);
  throughput.in_one_float = throughput.in_estimate = throughput.in_single;
  NearTimes one_float, estimate;
  for (int round = 0; round < kRounds; ++round) {
    one_float.measure<float>(large, small, NearForm::one_float);
    estimate.measure<float>(large, small, NearForm::estimate);
  }
  one_float.set_throughput(large, small, throughput.in_one_float);
  estimate.set_throughput(large, small, throughput.in_estimate);
  return throughput;
}

}  // namespace octopole

#include "operators/m2l_fft_cost.hpp"

#include <algorithm>
#include <limits>

#include "base/profile.hpp"
#include "base/threads.hpp"
#include "operators/m2l_fft.hpp"
#include "operators/surface.hpp"

namespace octopole {
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

// Pair loops: pairs per second of one thread.
#include <benchmark/benchmark.h>

#include <vector>

#include "base/aligned.hpp"
#include "kernels/pair_loop.hpp"
#include "octopole/kernels.hpp"

namespace {

using namespace octopole;

template <class Real>
AlignedVector<Real> scattered(Index n, unsigned seed) {
  AlignedVector<Real> values(static_cast<std::size_t>(n));
  std::uint32_t state = seed;
  for (Real& v : values) v = static_cast<Real>((state = state * 1664525u + 1013904223u) >> 8) / Real(1 << 24);
  return values;
}

template <class Real>
struct Points {
  explicit Points(Index n, unsigned seed)  // padded to whole vectors
      : x(scattered<Real>(padded(n), seed)),
        y(scattered<Real>(padded(n), seed + 1)),
        z(scattered<Real>(padded(n), seed + 2)),
        charge(scattered<Real>(padded(n), seed + 3)),
        u(x.size()),
        gx(x.size()),
        gy(x.size()),
        gz(x.size()),
        count(n) {}
  TargetArrays<Real> targets() const { return {x.data(), y.data(), z.data(), count}; }
  SourceArrays<Real> sources() const { return {x.data(), y.data(), z.data(), charge.data(), count}; }
  LowParts<Real> low() const { return {x.data(), y.data(), z.data()}; }
  SymmetricArrays<Real> symmetric() {
    return {x.data(),      y.data(), z.data(),
            charge.data(), count,    {{u.data(), gx.data(), gy.data(), gz.data()}}};
  }
  AlignedVector<Real> x, y, z, charge, u, gx, gy, gz;
  Index count;
};

template <class Real, class Loop>
void run(benchmark::State& state, double sides, const Loop& loop) {
  Points<Real> targets(state.range(0), 1), sources(state.range(1), 9);
  for (auto _ : state) {
    loop(targets, sources);
    benchmark::ClobberMemory();
  }
  state.counters["pairs/s"] = benchmark::Counter(sides * double(state.range(0) * state.range(1)),
                                                 benchmark::Counter::kIsIterationInvariantRate);
}

template <class Real>
void potential(benchmark::State& state) {
  run<Real>(state, 1,
            [](auto& t, auto& s) { pair_potential(Laplace{}, t.targets(), s.sources(), t.u.data()); });
}
template <class Real>
void gradient(benchmark::State& state) {
  run<Real>(state, 1, [](auto& t, auto& s) {
    pair_gradient(Laplace{}, t.targets(), s.sources(), t.u.data(), t.gx.data(), t.gy.data(), t.gz.data());
  });
}
const CloseGuard kGuard{0x1p-40F, {[](void*, Index, Index) {}, nullptr}};
void split_potential(benchmark::State& state) {
  run<float>(state, 1, [](auto& t, auto& s) {
    pair_potential_split(Laplace{}, t.targets(), t.low(), s.sources(), s.low(), kGuard, t.u.data());
  });
}
void split_gradient(benchmark::State& state) {
  run<float>(state, 1, [](auto& t, auto& s) {
    pair_gradient_split(Laplace{}, t.targets(), t.low(), s.sources(), s.low(), kGuard, t.u.data(),
                        t.gx.data(), t.gy.data(), t.gz.data());
  });
}
/// Every target coincides with a source.
void split_coincident(benchmark::State& state) {
  run<float>(state, 1, [](auto& t, auto& s) {
    const TargetArrays<float> targets{s.x.data(), s.y.data(), s.z.data(), t.count};
    pair_potential_split(Laplace{}, targets, s.low(), s.sources(), s.low(), kGuard, t.u.data());
  });
}
template <bool Gradient>
void split_symmetric(benchmark::State& state) {
  AlignedVector<double> sums(static_cast<std::size_t>(4 * padded(state.range(0))));
  const auto part = [&](Index k) { return &sums[0] + k * padded(state.range(0)); };
  run<float>(state, 2, [&](auto& t, auto& s) {
    SymmetricArrays<float> b = s.symmetric();
    b.results.layout.order = Gradient ? 1 : 0;
    pair_symmetric_split(Laplace{}, t.symmetric(), t.low(),
                         ResultArrays<double>{{part(0), part(1), part(2), part(3)}, b.results.layout}, b,
                         s.low(), kGuard);
  });
}
void symmetric(benchmark::State& state) {
  run<double>(state, 2,
              [](auto& t, auto& s) { pair_symmetric(Laplace{}, t.symmetric(), s.symmetric(), 1.0); });
}

/// A leaf and 13 neighbours with the same number of points each, with or without the estimate of 1/sqrt.
template <bool Gradient>
void leaf_frame_row(benchmark::State& state) {
  constexpr Index neighbours = 13;
  const Index n = state.range(0);
  Points<float> points((neighbours + 1) * n, 1);
  for (auto* axis : {&points.x, &points.y, &points.z})
    for (float& v : *axis) v = 2 * v - 1;
  AlignedVector<double> sums(4 * points.x.size());
  const auto part = [&](std::size_t k) { return sums.data() + k * points.x.size(); };
  std::vector<LeafFramePartner> partners;
  for (Index k = 14; k < 27; ++k)
    partners.push_back(
        {(k - 13) * n, n, 1, 2 * float(k % 3 - 1), 2 * float(k / 3 % 3 - 1), 2 * float(k / 9 - 1)});
  const ClosePairs close{[](void*, Index, Index) {}, nullptr};
  for (auto _ : state) {
    pair_symmetric_leaf_frame(
        Laplace{}, points.sources(),
        ResultArrays<double>{{part(0), part(1), part(2), part(3)}, {1, Gradient ? 1 : 0}},
        LeafFrame{0, n, 0.0009F, 1, 1}, partners.data(), neighbours, state.range(1) == 1, close);
    benchmark::ClobberMemory();
  }
  state.counters["pairs/s"] =
      benchmark::Counter(2.0 * neighbours * double(n * n), benchmark::Counter::kIsIterationInvariantRate);
}

void sizes(benchmark::internal::Benchmark* b) {
  for (const int targets : {16, 30, 100, 300}) b->Args({targets, 1000});
}

BENCHMARK(potential<double>)->Apply(sizes);
BENCHMARK(potential<float>)->Apply(sizes);
BENCHMARK(gradient<double>)->Apply(sizes);
BENCHMARK(gradient<float>)->Apply(sizes);
BENCHMARK(split_potential)->Apply(sizes);
BENCHMARK(split_gradient)->Apply(sizes);
BENCHMARK(split_coincident)->Apply(sizes);
BENCHMARK(split_symmetric<false>)->Apply(sizes);
BENCHMARK(split_symmetric<true>)->Apply(sizes);
BENCHMARK(symmetric)->Apply(sizes);
BENCHMARK(leaf_frame_row<false>)->ArgsProduct({{16, 30, 64, 110}, {0, 1}});
BENCHMARK(leaf_frame_row<true>)->ArgsProduct({{16, 30, 64, 110}, {0, 1}});

}  // namespace

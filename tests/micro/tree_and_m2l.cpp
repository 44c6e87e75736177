// Keys, sorting, and the parts of M2L by FFT (on all OpenMP threads; set OMP_NUM_THREADS).
#include <benchmark/benchmark.h>

#include "operators/m2l_fft.hpp"
#include "tree/morton.hpp"

namespace {

using namespace octopole;

AlignedVector<morton::Code> codes(Index n) {
  const morton::RootCube cube;
  AlignedVector<morton::Code> result(static_cast<std::size_t>(n));
  std::uint64_t state = 1;
  const auto draw = [&] { return double((state = state * 6364136223846793005u + 1) >> 11) * 0x1p-53; };
  for (auto& code : result) {
    const double x = draw(), y = draw();
    code = cube.encode(x, y, draw());
  }
  return result;
}

void encode(benchmark::State& state) {
  const morton::RootCube cube;
  double x = 0.1;
  for (auto _ : state) {
    benchmark::DoNotOptimize(cube.encode(x, 0.5 * x, 0.3));
    x = x < 0.9 ? x + 1e-6 : 0.1;
  }
  state.SetItemsProcessed(state.iterations());
}

void sort_codes(benchmark::State& state) {
  const auto unsorted = codes(state.range(0));
  for (auto _ : state) {
    state.PauseTiming();
    auto copy = unsorted;
    state.ResumeTiming();
    benchmark::DoNotOptimize(morton::sort_codes(copy));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

template <class Real>
void m2l_fft(benchmark::State& state) {
  M2lFftSpeed speed;
  for (auto _ : state) speed = measure_m2l_fft<Real>(static_cast<int>(state.range(0)));
  state.counters["sweep GF/s/thread"] = 1e-9 * speed.sweep;
  state.counters["transform GF/s/thread"] = 1e-9 * speed.transform;
}

BENCHMARK(encode);
BENCHMARK(sort_codes)->Arg(100000)->Arg(1000000)->UseRealTime();
BENCHMARK(m2l_fft<double>)->Arg(4)->Arg(7)->Arg(11)->Arg(15)->Iterations(1);
BENCHMARK(m2l_fft<float>)->Arg(4)->Arg(7)->Iterations(1);

}  // namespace

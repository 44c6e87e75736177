// Matrix products as in P2M, M2M and L2L: a square matrix times a batch of 64 columns, on one thread.
#include <benchmark/benchmark.h>

#include "base/aligned.hpp"
#include "linalg/dense.hpp"
#include "linalg/product.hpp"

namespace {

using namespace octopole;

constexpr Index kColumns = 64;

template <class Real>
struct Factors {
  explicit Factors(Index n)
      : a(static_cast<std::size_t>(n * n), Real(1e-3)),
        b(static_cast<std::size_t>(n * kColumns), Real(1e-3)),
        c(static_cast<std::size_t>(n * kColumns)) {}
  AlignedVector<Real> a, b, c;
};

void count_flops(benchmark::State& state) {
  const double n = static_cast<double>(state.range(0));
  state.counters["GF/s"] = benchmark::Counter(2e-9 * n * n * double(kColumns) * double(state.iterations()),
                                              benchmark::Counter::kIsRate);
}

template <class Real>
void product(benchmark::State& state) {
  const Index n = state.range(0);
  Factors<Real> x(n);
  for (auto _ : state) {
    linalg::multiply(n, kColumns, n, x.a.data(), x.b.data(), x.c.data());
    benchmark::DoNotOptimize(x.c.data());
    benchmark::ClobberMemory();
  }
  count_flops(state);
}

/// The system's BLAS, for comparison.
template <class Real>
void blas_gemm(benchmark::State& state) {
  const Index n = state.range(0);
  Factors<Real> x(n);
  const linalg::SerialBlas serial;
  for (auto _ : state) {
    linalg::gemm(linalg::Transpose::no, linalg::Transpose::no, n, kColumns, n, Real{1}, x.a.data(), n,
                 x.b.data(), n, Real{0}, x.c.data(), n);
    benchmark::DoNotOptimize(x.c.data());
    benchmark::ClobberMemory();
  }
  count_flops(state);
}

// Points per equivalent surface at 3, 6, 9 and 12 digits.
void sizes(benchmark::internal::Benchmark* b) {
  for (const int n : {56, 218, 488, 866}) b->Arg(n);
}
BENCHMARK(product<double>)->Apply(sizes);
BENCHMARK(product<float>)->Apply(sizes);
BENCHMARK(blas_gemm<double>)->Apply(sizes);
BENCHMARK(blas_gemm<float>)->Apply(sizes);

}  // namespace

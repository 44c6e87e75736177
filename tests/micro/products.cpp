// Matrix products as in P2M, M2M and L2L: a square matrix times a batch of 64 columns, on one thread.
#include <benchmark/benchmark.h>

#include <type_traits>

#include "base/aligned.hpp"
#include "linalg/lu.hpp"
#include "linalg/product.hpp"

extern "C" {
void dgemm_(const char*, const char*, const int*, const int*, const int*, const double*, const double*,
            const int*, const double*, const int*, const double*, double*, const int*);
void sgemm_(const char*, const char*, const int*, const int*, const int*, const float*, const float*,
            const int*, const float*, const int*, const float*, float*, const int*);
}

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
  const int n = static_cast<int>(state.range(0)), columns = static_cast<int>(kColumns);
  const char plain = 'N';
  const Real one = 1, zero = 0;
  Factors<Real> x(n);
  const linalg::SerialBlas serial;
  for (auto _ : state) {
    if constexpr (std::is_same_v<Real, double>)
      dgemm_(&plain, &plain, &n, &columns, &n, &one, x.a.data(), &n, x.b.data(), &n, &zero, x.c.data(), &n);
    else
      sgemm_(&plain, &plain, &n, &columns, &n, &one, x.a.data(), &n, x.b.data(), &n, &zero, x.c.data(), &n);
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

// exp, sin and cos of arrays, compiled once per instruction set. All in an unnamed namespace, so that units
// share no instantiation.
#include "simd/array_math_isa.hpp"

#include "simd/math.hpp"

#ifdef OCTOPOLE_ISA_BUILT
namespace octopole::simd {
namespace {

/// Calls work(vector, i, size) for the vectors of x, each from index i on; the last one may have fewer
/// elements than lanes, `size`, and is padded with 1.
template <class Real, class Work>
OCTOPOLE_INLINE void each_vector(Index count, const Real* x, const Work& work) {
  using V = typename isa::Vec<Real>::type;
  constexpr int lanes = isa::Vec<Real>::lanes;
  Index i = 0;
  for (; i + lanes <= count; i += lanes) work(load<V>(x + i), i, lanes);
  if (i == count) return;
  V rest = broadcast<V>(Real{1});
  for (int l = 0; l < count - i; ++l) rest[l] = x[i + l];
  work(rest, i, static_cast<int>(count - i));
}

/// Stores the first `size` lanes.
template <class V, class Real>
OCTOPOLE_INLINE void store_lanes(Real* to, const V& v, int size) {
  if (size == isa::Vec<Real>::lanes) return store(to, v);
  for (int l = 0; l < size; ++l) to[l] = v[l];
}

template <class Real>
void exp_loop(Index count, const Real* x, Real* to) {
  each_vector(count, x, [to](const auto& v, Index i, int size) { store_lanes(to + i, exp(v), size); });
}

template <class Real>
void decay_loop(Index count, const Real* x, Real* to) {
  each_vector(count, x, [to](const auto& v, Index i, int size) { store_lanes(to + i, decay(v), size); });
}

template <class Real>
void sin_cos_loop(Index count, const Real* x, Real* sines, Real* cosines) {
  each_vector(count, x, [sines, cosines](const auto& v, Index i, int size) {
    const auto result = sin_cos(v);
    store_lanes(sines + i, result.sin, size);
    store_lanes(cosines + i, result.cos, size);
  });
}

}  // namespace
}  // namespace octopole::simd
#endif

namespace octopole::simd {

template <class Real>
template <Isa>
ArrayMathLoops<Real> ArrayMathLoops<Real>::of() {
#ifdef OCTOPOLE_ISA_BUILT
  return {exp_loop<Real>, decay_loop<Real>, sin_cos_loop<Real>};
#else
  return {};
#endif
}
template ArrayMathLoops<double> ArrayMathLoops<double>::of<Isa::OCTOPOLE_ISA>();
template ArrayMathLoops<float> ArrayMathLoops<float>::of<Isa::OCTOPOLE_ISA>();

}  // namespace octopole::simd

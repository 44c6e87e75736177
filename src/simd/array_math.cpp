#include "simd/array_math.hpp"

#include "simd/array_math_isa.hpp"
#include "simd/isa.hpp"

namespace octopole::simd {

template <class Real>
void array_exp(Index count, const Real* x, Real* to) {
  active_loops<ArrayMathLoops<Real>>().exp(count, x, to);
}
template void array_exp(Index, const double*, double*);
template void array_exp(Index, const float*, float*);

template <class Real>
void array_sin_cos(Index count, const Real* x, Real* sines, Real* cosines) {
  active_loops<ArrayMathLoops<Real>>().sin_cos(count, x, sines, cosines);
}
template void array_sin_cos(Index, const double*, double*, double*);
template void array_sin_cos(Index, const float*, float*, float*);

}  // namespace octopole::simd

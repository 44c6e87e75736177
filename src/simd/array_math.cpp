#include "simd/array_math.hpp"

#include "octopole/kernels.hpp"
#include "simd/array_math_isa.hpp"
#include "simd/isa.hpp"
#include "simd/math.hpp"

namespace octopole::simd {

template <class Real>
void array_exp(Index count, const Real* x, Real* to) {
  active_loops<ArrayMathLoops<Real>>().exp(count, x, to);
}
template void array_exp(Index, const double*, double*);
template void array_exp(Index, const float*, float*);

template <class Real>
void array_decay(Index count, const Real* x, Real* to) {
  active_loops<ArrayMathLoops<Real>>().decay(count, x, to);
}
template void array_decay(Index, const double*, double*);
template void array_decay(Index, const float*, float*);

double decay(double x) {
  return decay(baseline::VecD{x, x})[0];  // not of the instruction set in use: operators are made with it
}

template <class Real>
void array_sin_cos(Index count, const Real* x, Real* sines, Real* cosines) {
  active_loops<ArrayMathLoops<Real>>().sin_cos(count, x, sines, cosines);
}
template void array_sin_cos(Index, const double*, double*, double*);
template void array_sin_cos(Index, const float*, float*, float*);

}  // namespace octopole::simd

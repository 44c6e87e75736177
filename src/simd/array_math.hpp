// exp, decay, sin and cos of arrays, by the vectors of simd/math.hpp.
#pragma once

#include "base/types.hpp"

namespace octopole::simd {

/// to[i] = e^x[i], as simd::exp: relative error at most 1e-13 for Real double, 2e-7 for float; `to` may be x.
/// Runs in the calling thread with the instruction set of active_isa().
template <class Real>
void array_exp(Index count, const Real* x, Real* to);

/// to[i] = e^-x[i], as simd::decay, for x[i] >= 0; `to` may be x.
template <class Real>
void array_decay(Index count, const Real* x, Real* to);

/// sines[i] = sin x[i], cosines[i] = cos x[i], as simd::sin_cos: absolute error at most 1e-13 for |x| <= 1e6
/// and Real double, 2e-7 for |x| <= 8000 and float. Either result may be x.
template <class Real>
void array_sin_cos(Index count, const Real* x, Real* sines, Real* cosines);

}  // namespace octopole::simd

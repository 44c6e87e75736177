#include "simd/built.hpp"
#include "simd/vec.hpp"

bool octopole::simd::built_avx2() {
#ifdef OCTOPOLE_HAS_AVX2
  return true;
#else
  return false;
#endif
}

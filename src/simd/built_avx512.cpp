#include "simd/built.hpp"
#include "simd/vec.hpp"

bool octopole::simd::built_avx512() {
#ifdef OCTOPOLE_HAS_AVX512
  return true;
#else
  return false;
#endif
}

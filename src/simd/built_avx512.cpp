#include "octopole/simd/built.hpp"
#include "octopole/simd/vec.hpp"

bool octopole::simd::built_avx512() {
#ifdef OCTOPOLE_HAS_AVX512
  return true;
#else
  return false;
#endif
}

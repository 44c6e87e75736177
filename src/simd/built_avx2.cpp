#include "octopole/simd/built.hpp"
#include "octopole/simd/vec.hpp"

bool octopole::simd::built_avx2() {
#ifdef OCTOPOLE_HAS_AVX2
  return true;
#else
  return false;
#endif
}

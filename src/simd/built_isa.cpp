// Whether the build has an instruction set, compiled once per instruction set.
#include "simd/built.hpp"
#include "simd/vec.hpp"

namespace octopole::simd {

template <Isa>
bool built() {
#ifdef OCTOPOLE_ISA_BUILT
  return true;
#else
  return false;
#endif
}
template bool built<Isa::OCTOPOLE_ISA>();

}  // namespace octopole::simd

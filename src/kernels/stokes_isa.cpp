// The loops of Stokes, compiled once per instruction set.
#include "kernels/pair_loop_impl.hpp"

namespace octopole {

template PairLoops PairLoopsOf<Stokes>::of<simd::Isa::OCTOPOLE_ISA>();

}  // namespace octopole

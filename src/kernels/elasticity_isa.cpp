// The loops of Elasticity, compiled once per instruction set.
#include "kernels/pair_loop_impl.hpp"

namespace octopole {

template PairLoops PairLoopsOf<Elasticity>::of<simd::Isa::OCTOPOLE_ISA>();

}  // namespace octopole

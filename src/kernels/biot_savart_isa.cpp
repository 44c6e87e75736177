// The loops of BiotSavart, compiled once per instruction set.
#include "kernels/pair_loop_impl.hpp"

namespace octopole {

template PairLoops PairLoopsOf<BiotSavart>::of<simd::Isa::OCTOPOLE_ISA>();

}  // namespace octopole

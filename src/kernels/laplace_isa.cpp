// The loops of Laplace, compiled once per instruction set.
#include "kernels/pair_loop_impl.hpp"
#include "kernels/reference_loop_impl.hpp"

namespace octopole {

template PairLoops PairLoopsOf<Laplace>::of<simd::Isa::OCTOPOLE_ISA>();
template ReferenceLoops ReferenceLoopsOf<Laplace>::of<simd::Isa::OCTOPOLE_ISA>();

}  // namespace octopole

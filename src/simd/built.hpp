// The instruction sets, and which of them this build was compiled for.
#pragma once

#pragma GCC visibility push(default)
namespace octopole::simd {

/// Instruction sets, slowest first. avx2_reproducible is AVX2 without RSQRTPS, the only instruction of the
/// loops whose result depends on the maker of the processor. Each source *_isa.cpp is compiled once for each
/// of them (simd/vec.hpp).
enum class Isa { baseline, avx2_reproducible, avx2, avx512 };

/// Whether this build has code for an instruction set.
template <Isa>
bool built();

}  // namespace octopole::simd
#pragma GCC visibility pop

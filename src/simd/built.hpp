// The instruction sets that this build was compiled for.
#pragma once

#pragma GCC visibility push(default)
namespace octopole::simd {

bool built_avx2();
bool built_avx512();

}  // namespace octopole::simd
#pragma GCC visibility pop

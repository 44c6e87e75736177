// The vector instructions in use, chosen at run time.
#pragma once

#include <string_view>
#include <vector>

#pragma GCC visibility push(default)
namespace octopole::simd {

enum class Isa { baseline, avx2, avx512 };

/// The instruction set in use: the best that both the machine and this build support, or the one named by the
/// environment variable OCTOPOLE_SIMD (baseline, avx2, avx512) or by force_isa.
Isa active_isa();

/// All instruction sets that can run here, slowest first.
std::vector<Isa> available_isas();

/// Uses `isa` from now on; throws Error if it cannot run here. Must not be called while other threads
/// compute.
void force_isa(Isa isa);

std::string_view isa_name(Isa isa);
Isa parse_isa(std::string_view name);

}  // namespace octopole::simd
#pragma GCC visibility pop

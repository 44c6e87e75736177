// Which vector instructions the program uses, chosen at run time.
#pragma once

#include <string_view>
#include <vector>

#pragma GCC visibility push(default)
namespace octopole::simd {

enum class Isa { baseline, avx2, avx512 };

/// The instruction set in use: the best that both the machine and this build have, or the one that the
/// environment variable OCTOPOLE_SIMD (baseline, avx2, avx512) or force_isa names.
Isa active_isa();

/// All that can run here, worst first.
std::vector<Isa> available_isas();

/// Uses `isa` from now on; throws Error where it cannot run here. Not while other threads compute.
void force_isa(Isa isa);

std::string_view isa_name(Isa isa);
Isa parse_isa(std::string_view name);

}  // namespace octopole::simd
#pragma GCC visibility pop

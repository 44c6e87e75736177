// The vector instructions in use, chosen at run time.
#pragma once

#include <string_view>
#include <vector>

#include "simd/built.hpp"

#pragma GCC visibility push(default)
namespace octopole::simd {

/// The instruction set in use: the best that both the machine and this build support, or the one named by the
/// environment variable OCTOPOLE_SIMD (baseline, avx2_reproducible, avx2, avx512) or by force_isa.
Isa active_isa();

/// All instruction sets that can run here, slowest first.
std::vector<Isa> available_isas();

/// Uses `isa` from now on; throws Error if it cannot run here. Must not be called while other threads
/// compute.
void force_isa(Isa isa);

/// Uses avx2_reproducible from now on if avx2 is in use: results have then equal bits on all processors that
/// would use avx2. Conditions are those of force_isa.
void make_reproducible();

std::string_view isa_name(Isa isa);
Isa parse_isa(std::string_view name);

/// A table of loops by instruction set: Source::of<Isa>() returns those of one, a struct of function
/// pointers.
template <class Source>
const auto* loops_by_isa() {
  static const decltype(Source::template of<Isa::baseline>()) loops[] = {
      Source::template of<Isa::baseline>(), Source::template of<Isa::avx2_reproducible>(),
      Source::template of<Isa::avx2>(), Source::template of<Isa::avx512>()};
  return loops;
}

/// The loops of the instruction set in use.
template <class Source>
const auto& active_loops() {
  return loops_by_isa<Source>()[static_cast<int>(active_isa())];
}

}  // namespace octopole::simd
#pragma GCC visibility pop

#include "simd/isa.hpp"

#include <atomic>
#include <cstdlib>
#include <string>

#include "octopole/error.hpp"

namespace octopole::simd {
namespace {

constexpr Isa kIsas[] = {Isa::baseline, Isa::avx2_reproducible, Isa::avx2, Isa::avx512};

bool can_run(Isa isa) {
  switch (isa) {
    case Isa::baseline:
      return true;
#if defined(__x86_64__) || defined(__i386__)
    case Isa::avx2_reproducible:
    case Isa::avx2:
      return built<Isa::avx2>() && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case Isa::avx512:
      return built<Isa::avx512>() && __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx512f") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512bw");
#endif
    default:
      return false;
  }
}

void require(Isa isa) {
  if (!can_run(isa))
    throw Error("the instruction set " + std::string(isa_name(isa)) + " is not available here",
                "choose one of those that available_isas() returns, or unset OCTOPOLE_SIMD");
}

Isa initial_isa() {
  if (const char* name = std::getenv("OCTOPOLE_SIMD"); name != nullptr && *name != '\0') {
    const Isa isa = parse_isa(name);
    require(isa);
    return isa;
  }
  return available_isas().back();
}

std::atomic<Isa>& current() {
  static std::atomic<Isa> isa{initial_isa()};
  return isa;
}

}  // namespace

Isa active_isa() {
  return current().load(std::memory_order_relaxed);
}

std::vector<Isa> available_isas() {
  std::vector<Isa> isas;
  for (const Isa isa : kIsas)
    if (can_run(isa)) isas.push_back(isa);
  return isas;
}

void force_isa(Isa isa) {
  require(isa);
  current().store(isa, std::memory_order_relaxed);
}

void make_reproducible() {
  if (active_isa() == Isa::avx2) force_isa(Isa::avx2_reproducible);
}

std::string_view isa_name(Isa isa) {
  switch (isa) {
    case Isa::avx2_reproducible:
      return "avx2_reproducible";
    case Isa::avx2:
      return "avx2";
    case Isa::avx512:
      return "avx512";
    default:
      return "baseline";
  }
}

Isa parse_isa(std::string_view name) {
  for (const Isa isa : kIsas)
    if (name == isa_name(isa)) return isa;
  throw Error("unknown instruction set '" + std::string(name) + "'",
              "use baseline, avx2_reproducible, avx2 or avx512");
}

}  // namespace octopole::simd

// Loops over coordinates, compiled once per instruction set.
#include "kernels/pair_loop_isa.hpp"
#include "simd/vec.hpp"

#ifdef OCTOPOLE_ISA_BUILT
namespace octopole {
namespace {

void split_scaled(const double* from, Index count, double centre, double inverse, float* high, float* low) {
  using V = typename isa::Vec<double>::type;
  constexpr Index lanes = isa::Vec<double>::lanes;
  using Half [[gnu::vector_size(lanes * sizeof(float))]] = float;
  const V c = simd::broadcast<V>(centre), scale = simd::broadcast<V>(inverse);
  const auto split = [&](const double* values, float* h, float* l) {
    const V value = (simd::load<V>(values) - c) * scale;
    const Half rounded = __builtin_convertvector(value, Half);
    simd::store(h, rounded);
    simd::store(l, __builtin_convertvector(V(value - __builtin_convertvector(rounded, V)), Half));
  };
  Index i = 0;
  for (; i + lanes <= count; i += lanes) split(from + i, high + i, low + i);
  if (i == count) return;
  if (count >= lanes) {  // the last vector overlaps the previous one
    split(from + count - lanes, high + count - lanes, low + count - lanes);
    return;
  }
  double values[lanes] = {};
  float h[lanes], l[lanes];
  for (Index k = 0; k < count - i; ++k) values[k] = from[i + k];
  split(values, h, l);
  for (Index k = 0; k < count - i; ++k) {
    high[i + k] = h[k];
    low[i + k] = l[k];
  }
}

}  // namespace
}  // namespace octopole
#endif

namespace octopole {

template <simd::Isa>
CoordinateLoops CoordinateLoops::of() {
#ifdef OCTOPOLE_ISA_BUILT
  return {split_scaled};
#else
  return {};
#endif
}
template CoordinateLoops CoordinateLoops::of<simd::Isa::OCTOPOLE_ISA>();

}  // namespace octopole

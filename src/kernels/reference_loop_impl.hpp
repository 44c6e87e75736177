// The loops of reference sums of one kernel, for its unit <name>_isa.cpp. All in an unnamed namespace, so
// that units share no instantiation.
#pragma once

#include "kernels/reference_loop_isa.hpp"
#include "octopole/kernels.hpp"
#include "simd/math.hpp"
#include "simd/vec.hpp"

#ifdef OCTOPOLE_ISA_BUILT
namespace octopole {
namespace {

constexpr double kLargestFixed = 2147483647;  // one above the largest position: outside the frame

/// Pads to whole vectors with copies of the last point with zero charge.
template <Index Size>
OCTOPOLE_INLINE void fill(const double* __restrict positions, const double* __restrict charges, Index count,
                          double inverse, WideArrays<Size>& to) {
  for (Index i = 0; i < count; ++i) {
    to.x[i] = positions[3 * i] * inverse;
    to.y[i] = positions[3 * i + 1] * inverse;
    to.z[i] = positions[3 * i + 2] * inverse;
  }
  for (Index i = 0; i < count; ++i) {
    to.charge[i] = charges[i];
    to.size[i] = charges[i] < 0 ? -charges[i] : charges[i];
  }
  to.count = count;
  for (Index i = count; i % kReferencePadding != 0; ++i) {
    to.x[i] = to.x[count - 1];
    to.y[i] = to.y[count - 1];
    to.z[i] = to.z[count - 1];
    to.charge[i] = to.size[i] = 0;
  }
}

void take_wide(const double* positions, const double* charges, Index count, double inverse,
               WideBlock& block) {
  fill(positions, charges, count, inverse, block);
}

using WideVector = isa::Vec<double>::type;
using HalfInts [[gnu::vector_size(sizeof(WideVector) / 2)]] = std::int32_t;
using HalfFloats [[gnu::vector_size(sizeof(WideVector) / 2)]] = float;

/// Converts positions to fixed point or floats. Those outside the frame (NaN included) become -1 or
/// kLargestFixed, and `outside` becomes negative there.
template <bool Floats>
OCTOPOLE_INLINE void to_fixed(const double* from, double corner, double scale, std::int32_t* to,
                              float* to_float, HalfInts& outside) {
  using V = WideVector;
  const V least = simd::broadcast<V>(-1.0), most = simd::broadcast<V>(kLargestFixed);
  V place = (simd::load<V>(from) - simd::broadcast<V>(corner)) * simd::broadcast<V>(scale);
  place = place > least ? place : least;
  place = place < most ? place : most;
  const HalfInts fixed = __builtin_convertvector(place, HalfInts);
  if constexpr (Floats)
    simd::store(to_float, __builtin_convertvector(V(place - simd::broadcast<V>(kFixedCentre)), HalfFloats));
  else
    simd::store(to, fixed);
  outside |= fixed | (simd::broadcast<HalfInts>(std::int32_t{2147483646}) - fixed);
}

template <bool Floats>
bool take_fixed(const double* positions, const double* charges, Index count, double inverse,
                const FixedFrame& frame, double unit, FixedBlock& block) {
  using V = WideVector;
  constexpr Index lanes = isa::Vec<double>::lanes, piece = 128;
  HalfInts outside{};
  V largest{};
  block.count = count;
  WideArrays<piece> from;
  for (Index start = 0; start < count; start += piece) {
    fill(positions + 3 * start, charges + start, count - start < piece ? count - start : piece, inverse,
         from);
    for (Index i = 0; i < from.count; i += lanes) {
      const Index to = start + i;
      to_fixed<Floats>(from.x + i, frame.corner[0], frame.inverse, block.x + to, block.float_x + to, outside);
      to_fixed<Floats>(from.y + i, frame.corner[1], frame.inverse, block.y + to, block.float_y + to, outside);
      to_fixed<Floats>(from.z + i, frame.corner[2], frame.inverse, block.z + to, block.float_z + to, outside);
      const V size = simd::load<V>(from.size + i) * simd::broadcast<V>(unit);
      const V charge = simd::load<V>(from.charge + i) * simd::broadcast<V>(unit);
      largest = size > largest ? size : largest;
      simd::store(block.size + to, __builtin_convertvector(size, HalfFloats));
      simd::store(block.charge + to, __builtin_convertvector(charge, HalfFloats));
    }
  }
  // Padding up to a whole vector of floats.
  for (Index i = (count + lanes - 1) / lanes * lanes; i % kReferencePadding != 0; ++i) {
    block.x[i] = block.x[count - 1];
    block.float_x[i] = block.float_x[count - 1];
    block.y[i] = block.y[count - 1];
    block.float_y[i] = block.float_y[count - 1];
    block.z[i] = block.z[count - 1];
    block.float_z[i] = block.float_z[count - 1];
    block.charge[i] = block.size[i] = 0;
  }
  bool inside = true;
  for (Index l = 0; l < lanes; ++l) inside = inside && outside[l] >= 0 && largest[l] <= kLargestFixedCharge;
  return inside;
}

// By value and not inlined, so that the sums stay in registers.
[[gnu::noinline]] void add_lanes(typename isa::Vec<double>::type v, double* to) {
  using V = typename isa::Vec<double>::type;
  simd::store(to, simd::load<V>(to) + v);
}
[[gnu::noinline]] void add_lanes(typename isa::Vec<float>::type v, double* to) {
  using V = typename isa::Vec<double>::type;
  using Half [[gnu::vector_size(sizeof(V) / 2)]] = float;
  constexpr int lanes = isa::Vec<double>::lanes;
  alignas(64) float parts[2 * lanes];
  simd::store(parts, v);
  simd::store(to, simd::load<V>(to) + (__builtin_convertvector(simd::load<Half>(parts), V) +
                                       __builtin_convertvector(simd::load<Half>(parts + lanes), V)));
}

/// Results of one target per lane.
template <bool Gradient, class V>
struct LaneSums {
  V u{}, scale{}, gx{}, gy{}, gz{}, gradient_scale{};

  template <class K>
  OCTOPOLE_INLINE void add(const K& kernel, const V& dx, const V& dy, const V& dz, const V& r2,
                           const V& inverse_r, const V& q, const V& size) {
    const V f = kernel.potential(r2, inverse_r);
    u += f * q;
    scale += f * size;
    if constexpr (Gradient) {
      const V g = kernel.gradient_factor(r2, inverse_r) * q;
      gx += g * dx;
      gy += g * dy;
      gz += g * dz;
      gradient_scale += kernel.gradient_length(r2, inverse_r) * size;
    }
  }
  OCTOPOLE_INLINE void add_to(double* sums) const {
    add_lanes(u, sums + 0 * kReferenceLanes);
    add_lanes(scale, sums + 1 * kReferenceLanes);
    if constexpr (Gradient) {
      add_lanes(gx, sums + 2 * kReferenceLanes);
      add_lanes(gy, sums + 3 * kReferenceLanes);
      add_lanes(gz, sums + 4 * kReferenceLanes);
      add_lanes(gradient_scale, sums + 5 * kReferenceLanes);
    }
  }
};

template <bool Gradient, simd::Accuracy accuracy, class K>
void sum_wide(const void* state, const double* target, const WideBlock& block, double* sums) {
  const K& kernel = *static_cast<const K*>(state);
  using V = typename isa::Vec<double>::type;
  constexpr Index lanes = isa::Vec<double>::lanes;
  const V x = simd::broadcast<V>(target[0]), y = simd::broadcast<V>(target[1]),
          z = simd::broadcast<V>(target[2]);
  LaneSums<Gradient, V> lane_sums;
  for (Index j = 0; j < block.count; j += lanes) {
    const V dx = x - simd::load<V>(block.x + j), dy = y - simd::load<V>(block.y + j),
            dz = z - simd::load<V>(block.z + j);
    const V r2 = dx * dx + dy * dy + dz * dz;
    lane_sums.add(kernel, dx, dy, dz, r2, isa::inverse_sqrt<accuracy>(r2), simd::load<V>(block.charge + j),
                  simd::load<V>(block.size + j));
  }
  lane_sums.add_to(sums);
}

template <bool Estimate>
inline constexpr simd::Accuracy kAccuracy = Estimate ? simd::Accuracy::estimate : simd::Accuracy::step;

/// Positions along one axis: in fixed point or, for an estimate, as floats.
template <bool Estimate>
OCTOPOLE_INLINE auto choose(const std::int32_t* fixed, const float* floats) {
  if constexpr (Estimate)
    return floats;
  else
    return fixed;
}

template <bool Gradient, bool Estimate, class K>
unsigned sum_fixed(const void* state, const FixedTargets& targets, const FixedBlock& block, float least,
                   double* sums) {
  const K& kernel = *static_cast<const K*>(state);
  using V = typename isa::Vec<float>::type;
  using I [[gnu::vector_size(sizeof(V))]] = std::int32_t;
  using P = std::conditional_t<Estimate, V, I>;
  constexpr Index lanes = isa::Vec<float>::lanes;
  P x[kFixedTargets], y[kFixedTargets], z[kFixedTargets];
  LaneSums<Gradient, V> lane_sums[kFixedTargets];
  V closest[kFixedTargets];
#pragma GCC unroll 4
  for (int t = 0; t < kFixedTargets; ++t) {
    x[t] = simd::broadcast<P>(choose<Estimate>(targets.x, targets.float_x)[t]);
    y[t] = simd::broadcast<P>(choose<Estimate>(targets.y, targets.float_y)[t]);
    z[t] = simd::broadcast<P>(choose<Estimate>(targets.z, targets.float_z)[t]);
    closest[t] = simd::broadcast<V>(least);
  }
  const auto *from_x = choose<Estimate>(block.x, block.float_x),
             *from_y = choose<Estimate>(block.y, block.float_y),
             *from_z = choose<Estimate>(block.z, block.float_z);
  for (Index j = 0; j < block.count; j += lanes) {
    const P sx = simd::load<P>(from_x + j), sy = simd::load<P>(from_y + j), sz = simd::load<P>(from_z + j);
    const V charge = simd::load<V>(block.charge + j), size = simd::load<V>(block.size + j);
#pragma GCC unroll 4
    for (int t = 0; t < kFixedTargets; ++t) {
      const V dx = __builtin_convertvector(P(x[t] - sx), V), dy = __builtin_convertvector(P(y[t] - sy), V),
              dz = __builtin_convertvector(P(z[t] - sz), V);
      const V r2 = dx * dx + dy * dy + dz * dz;
      closest[t] = isa::lesser(closest[t], r2);
      lane_sums[t].add(kernel, dx, dy, dz, r2, isa::inverse_sqrt_of_normal<kAccuracy<Estimate>>(r2), charge,
                       size);
    }
  }
  unsigned too_close = 0;
#pragma GCC unroll 4
  for (int t = 0; t < kFixedTargets; ++t) {
    if (isa::any_below(closest[t], simd::broadcast<V>(least)))
      too_close |= 1U << t;
    else
      lane_sums[t].add_to(sums + t * kReferenceParts * kReferenceLanes);
  }
  return too_close;
}

template <class K>
ReferenceLoops reference_loops() {
  return {take_wide,
          {take_fixed<false>, take_fixed<true>},
          {{sum_wide<false, simd::Accuracy::full, K>, sum_wide<true, simd::Accuracy::full, K>},
           {sum_wide<false, simd::Accuracy::step, K>, sum_wide<true, simd::Accuracy::step, K>}},
          {{sum_fixed<false, false, K>, sum_fixed<true, false, K>},
           {sum_fixed<false, true, K>, sum_fixed<true, true, K>}}};
}

}  // namespace
}  // namespace octopole
#endif

namespace octopole {

template <class K>
template <simd::Isa>
ReferenceLoops ReferenceLoopsOf<K>::of() {
#ifdef OCTOPOLE_ISA_BUILT
  return reference_loops<K>();
#else
  return {};
#endif
}
}  // namespace octopole

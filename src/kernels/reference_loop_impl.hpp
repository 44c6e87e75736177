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

/// Pads to whole vectors with copies of the last point with zero strengths.
template <Index Size>
OCTOPOLE_INLINE void fill(const ReferencePoints& points, double inverse, double dipole_unit,
                          WideArrays<Size>& to) {
  const Index count = points.count;
  const double* const __restrict positions = points.positions;
  for (Index i = 0; i < count; ++i) {
    to.x[i] = positions[3 * i] * inverse;
    to.y[i] = positions[3 * i + 1] * inverse;
    to.z[i] = positions[3 * i + 2] * inverse;
  }
  if (const double* const __restrict charges = points.charges) {
    for (Index i = 0; i < count; ++i) {
      to.charge[i] = charges[i];
      to.size[i] = charges[i] < 0 ? -charges[i] : charges[i];
    }
  } else {
    for (Index i = 0; i < count; ++i) to.charge[i] = to.size[i] = 0;
  }
  if (const double* const __restrict dipoles = points.dipoles)
    for (Index i = 0; i < count; ++i) {
      const double x = dipoles[3 * i] * dipole_unit, y = dipoles[3 * i + 1] * dipole_unit,
                   z = dipoles[3 * i + 2] * dipole_unit;
      to.dipole_x[i] = x;
      to.dipole_y[i] = y;
      to.dipole_z[i] = z;
      // Scaled, so that squares neither over- nor underflow.
      const double x_size = x < 0 ? -x : x, y_size = y < 0 ? -y : y, z_size = z < 0 ? -z : z;
      const double xy = x_size > y_size ? x_size : y_size, most = xy > z_size ? xy : z_size;
      const double scale = most > 0 ? 1 / most : 0, a = x * scale, b = y * scale, c = z * scale;
      to.length[i] = most * __builtin_sqrt(a * a + b * b + c * c);
    }
  to.count = count;
  for (Index i = count; i % kReferencePadding != 0; ++i) {
    to.x[i] = to.x[count - 1];
    to.y[i] = to.y[count - 1];
    to.z[i] = to.z[count - 1];
    to.charge[i] = to.size[i] = 0;
    to.dipole_x[i] = to.dipole_y[i] = to.dipole_z[i] = to.length[i] = 0;
  }
}

void take_wide(const ReferencePoints& points, double inverse, WideBlock& block) {
  fill(points, inverse, inverse, block);
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

/// Rounds strengths, times `unit`, to floats.
OCTOPOLE_INLINE void to_floats(const double* from, double unit, float* to) {
  using V = WideVector;
  simd::store(to, __builtin_convertvector(V(simd::load<V>(from) * simd::broadcast<V>(unit)), HalfFloats));
}

template <bool Floats>
bool take_fixed(const ReferencePoints& points, double inverse, const FixedFrame& frame, double unit,
                double dipole_unit, FixedBlock& block) {
  using V = WideVector;
  constexpr Index lanes = isa::Vec<double>::lanes, piece = 128;
  const Index count = points.count;
  HalfInts outside{};
  V largest{};
  block.count = count;
  WideArrays<piece> from;
  for (Index start = 0; start < count; start += piece) {
    const ReferencePoints part{
        points.positions + 3 * start, points.charges ? points.charges + start : nullptr,
        points.dipoles ? points.dipoles + 3 * start : nullptr, count - start < piece ? count - start : piece};
    fill(part, inverse, 1, from);
    for (Index i = 0; i < from.count; i += lanes) {
      const Index to = start + i;
      to_fixed<Floats>(from.x + i, frame.corner[0], frame.inverse, block.x + to, block.float_x + to, outside);
      to_fixed<Floats>(from.y + i, frame.corner[1], frame.inverse, block.y + to, block.float_y + to, outside);
      to_fixed<Floats>(from.z + i, frame.corner[2], frame.inverse, block.z + to, block.float_z + to, outside);
      const V size = simd::load<V>(from.size + i) * simd::broadcast<V>(unit);
      largest = size > largest ? size : largest;
      simd::store(block.size + to, __builtin_convertvector(size, HalfFloats));
      to_floats(from.charge + i, unit, block.charge + to);
      if (!points.dipoles) continue;
      const V length = simd::load<V>(from.length + i) * simd::broadcast<V>(dipole_unit);
      largest = length > largest ? length : largest;
      simd::store(block.length + to, __builtin_convertvector(length, HalfFloats));
      to_floats(from.dipole_x + i, dipole_unit, block.dipole_x + to);
      to_floats(from.dipole_y + i, dipole_unit, block.dipole_y + to);
      to_floats(from.dipole_z + i, dipole_unit, block.dipole_z + to);
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
    block.dipole_x[i] = block.dipole_y[i] = block.dipole_z[i] = block.length[i] = 0;
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

template <class V>
OCTOPOLE_INLINE V magnitude(const V& v) {
  return v < 0 ? -v : v;
}

/// The strengths of a vector of sources.
template <bool Dipoles, class V>
struct LaneStrengths {
  V charge, size, x, y, z, length;

  template <class Arrays>
  OCTOPOLE_INLINE LaneStrengths(const Arrays& from, Index j)
      : charge(simd::load<V>(from.charge + j)), size(simd::load<V>(from.size + j)) {
    if constexpr (Dipoles) {
      x = simd::load<V>(from.dipole_x + j);
      y = simd::load<V>(from.dipole_y + j);
      z = simd::load<V>(from.dipole_z + j);
      length = simd::load<V>(from.length + j);
    }
  }
};

/// Results of one target per lane, with derivatives up to `order`.
template <int order, bool Dipoles, class V>
struct LaneSums {
  V u{}, scale{}, gx{}, gy{}, gz{}, gradient_scale{};
  V xx{}, xy{}, xz{}, yy{}, yz{}, zz{}, hessian_scale{};

  template <class K>
  OCTOPOLE_INLINE void add(const K& kernel, const V& dx, const V& dy, const V& dz, const V& r2,
                           const V& inverse_r, const LaneStrengths<Dipoles, V>& s) {
    const V f = kernel.potential(r2, inverse_r);
    u += f * s.charge;
    scale += f * s.size;
    if constexpr (order == 1 && !Dipoles) {
      const V g = kernel.gradient_factor(r2, inverse_r) * s.charge;
      gx += g * dx;
      gy += g * dy;
      gz += g * dz;
      gradient_scale += kernel.gradient_length(r2, inverse_r) * s.size;
    } else if constexpr (order > 0 || Dipoles) {
      add_derivatives(kernel, dx, dy, dz, r2, inverse_r, s);
    }
  }
  OCTOPOLE_INLINE void add_to(double* sums) const {
    add_lanes(u, sums + 0 * kReferenceLanes);
    add_lanes(scale, sums + 1 * kReferenceLanes);
    if constexpr (order >= 1) {
      add_lanes(gx, sums + 2 * kReferenceLanes);
      add_lanes(gy, sums + 3 * kReferenceLanes);
      add_lanes(gz, sums + 4 * kReferenceLanes);
      add_lanes(gradient_scale, sums + 5 * kReferenceLanes);
    }
    if constexpr (order >= 2) {
      add_lanes(xx, sums + 6 * kReferenceLanes);
      add_lanes(xy, sums + 7 * kReferenceLanes);
      add_lanes(xz, sums + 8 * kReferenceLanes);
      add_lanes(yy, sums + 9 * kReferenceLanes);
      add_lanes(yz, sums + 10 * kReferenceLanes);
      add_lanes(zz, sums + 11 * kReferenceLanes);
      add_lanes(hessian_scale, sums + 12 * kReferenceLanes);
    }
  }

 private:
  /// Derivatives of all parts: those of dipoles are with respect to the source. Scales are the magnitudes of
  /// the first three derivatives of f(r), times those of strengths.
  template <class K>
  OCTOPOLE_INLINE void add_derivatives(const K& kernel, const V& dx, const V& dy, const V& dz, const V& r2,
                                       const V& inverse_r, const LaneStrengths<Dipoles, V>& s) {
    const V g = kernel.gradient_factor(r2, inverse_r);
    const V x = dx * inverse_r, y = dy * inverse_r, z = dz * inverse_r;
    const V slope = kernel.gradient_length(r2, inverse_r);
    V along{}, h{}, curvature{};  // n . dipole; f'' - f' / r; f''
    if constexpr (order + Dipoles >= 2) {
      h = kernel.hessian_factor(r2, inverse_r);
      curvature = magnitude(V(h + g));
    }
    if constexpr (Dipoles) {
      along = x * s.x + y * s.y + z * s.z;
      u -= g * (dx * s.x + dy * s.y + dz * s.z);
      scale += slope * s.length;
    }
    if constexpr (order >= 1) {
      const V gq = g * s.charge;
      gx += gq * dx;
      gy += gq * dy;
      gz += gq * dz;
      gradient_scale += slope * s.size;
      if constexpr (Dipoles) {
        const V ha = h * along;
        gx -= ha * x + g * s.x;
        gy -= ha * y + g * s.y;
        gz -= ha * z + g * s.z;
        gradient_scale += curvature * s.length;
      }
    }
    if constexpr (order >= 2) {
      const V hq = h * s.charge, gq = g * s.charge;
      V a = hq, b = gq;  // the Hessian is a n n^T + b, and c (n d^T + d n^T) of dipoles
      hessian_scale += curvature * s.size;
      V c{};
      if constexpr (Dipoles) {
        const V t = kernel.third_factor(r2, inverse_r), w = h * inverse_r;
        a -= t * along;
        b -= w * along;
        c = -w;
        hessian_scale += magnitude(V(t + w + w + w)) * s.length;
      }
      xx += a * x * x + b;
      xy += a * x * y;
      xz += a * x * z;
      yy += a * y * y + b;
      yz += a * y * z;
      zz += a * z * z + b;
      if constexpr (Dipoles) {
        const V cx = c * x, cy = c * y, cz = c * z;
        xx += cx * s.x + cx * s.x;
        xy += cx * s.y + cy * s.x;
        xz += cx * s.z + cz * s.x;
        yy += cy * s.y + cy * s.y;
        yz += cy * s.z + cz * s.y;
        zz += cz * s.z + cz * s.z;
      }
    }
  }
};

template <int order, bool Dipoles, simd::Accuracy accuracy, class K>
void sum_wide(const void* state, const double* target, const WideBlock& block, double* sums) {
  const K& kernel = *static_cast<const K*>(state);
  using V = typename isa::Vec<double>::type;
  constexpr Index lanes = isa::Vec<double>::lanes;
  const V x = simd::broadcast<V>(target[0]), y = simd::broadcast<V>(target[1]),
          z = simd::broadcast<V>(target[2]);
  LaneSums<order, Dipoles, V> lane_sums;
  for (Index j = 0; j < block.count; j += lanes) {
    const V dx = x - simd::load<V>(block.x + j), dy = y - simd::load<V>(block.y + j),
            dz = z - simd::load<V>(block.z + j);
    const V r2 = dx * dx + dy * dy + dz * dz;
    lane_sums.add(kernel, dx, dy, dz, r2, isa::inverse_sqrt<accuracy>(r2),
                  LaneStrengths<Dipoles, V>(block, j));
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

template <int order, bool Dipoles, bool Estimate, class K>
unsigned sum_fixed(const void* state, const FixedTargets& targets, const FixedBlock& block, float least,
                   double* sums) {
  const K& kernel = *static_cast<const K*>(state);
  using V = typename isa::Vec<float>::type;
  using I [[gnu::vector_size(sizeof(V))]] = std::int32_t;
  using P = std::conditional_t<Estimate, V, I>;
  constexpr Index lanes = isa::Vec<float>::lanes;
  P x[kFixedTargets], y[kFixedTargets], z[kFixedTargets];
  LaneSums<order, Dipoles, V> lane_sums[kFixedTargets];
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
    const LaneStrengths<Dipoles, V> strengths(block, j);
#pragma GCC unroll 4
    for (int t = 0; t < kFixedTargets; ++t) {
      const V dx = __builtin_convertvector(P(x[t] - sx), V), dy = __builtin_convertvector(P(y[t] - sy), V),
              dz = __builtin_convertvector(P(z[t] - sz), V);
      const V r2 = dx * dx + dy * dy + dz * dz;
      closest[t] = isa::lesser(closest[t], r2);
      lane_sums[t].add(kernel, dx, dy, dz, r2, isa::inverse_sqrt_of_normal<kAccuracy<Estimate>>(r2),
                       strengths);
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
  constexpr auto full = simd::Accuracy::full, step = simd::Accuracy::step;
  return {take_wide,
          {take_fixed<false>, take_fixed<true>},
          {{{sum_wide<0, false, full, K>, sum_wide<1, false, full, K>, sum_wide<2, false, full, K>},
            {sum_wide<0, true, full, K>, sum_wide<1, true, full, K>, sum_wide<2, true, full, K>}},
           {{sum_wide<0, false, step, K>, sum_wide<1, false, step, K>, sum_wide<2, false, step, K>},
            {sum_wide<0, true, step, K>, sum_wide<1, true, step, K>, sum_wide<2, true, step, K>}}},
          {{{sum_fixed<0, false, false, K>, sum_fixed<1, false, false, K>, sum_fixed<2, false, false, K>},
            {sum_fixed<0, true, false, K>, sum_fixed<1, true, false, K>, nullptr}},
           {{sum_fixed<0, false, true, K>, sum_fixed<1, false, true, K>, sum_fixed<2, false, true, K>},
            {sum_fixed<0, true, true, K>, sum_fixed<1, true, true, K>, nullptr}}}};
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

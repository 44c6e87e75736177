// exp, sin and cos of vectors, for pair loops: an argument reduction with a constant in parts (Cody and
// Waite, 1980), then polynomials that interpolate at Chebyshev points. For units *_isa.cpp, as vec.hpp.
#pragma once

#include <cstdint>
#include <type_traits>

#include "simd/vec.hpp"

#pragma GCC visibility push(default)
namespace octopole::simd {

/// Constants of a floating-point format. Adding `round` rounds to an integer, which then stands in the lowest
/// bits of the sum.
template <class T>
struct MathConstants;

template <>
struct MathConstants<double> {
  using Integer = std::int64_t;
  static constexpr int mantissa_bits = 52, bias = 1023;
  static constexpr double round = 0x1.8p52;
  static constexpr double least_exp = -708, most_exp = 709;
  static constexpr double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
  static constexpr double exp[] = {0.499999999999550708,     0.166666666666625833,   0.0416666667863375546,
                                   0.00833333334420950665,   0.00138888390906413794, 0.000198412245815441049,
                                   0.0000248678834535218038, 2.76175768483541327e-6};
  static constexpr double exp2[] = {1,
                                    0.69314718055994529,
                                    0.24022650695812989,
                                    0.055504108664760424,
                                    0.0096181291594025584,
                                    0.0013333558179043112,
                                    0.00015403455852453838,
                                    1.525268684626772e-05,
                                    1.3255224878668817e-06,
                                    1.0203121063391729e-07};
  static constexpr double half_pi[] = {1.57079632673412561417, 6.07710050630396597660e-11,
                                       2.02226624871116645580e-21};
  static constexpr double sin[] = {-0.166666666666638832, 0.00833333333107742245, -0.000198412669152350385,
                                   2.75559903998399064e-6, -2.48055871799806453e-8};
  static constexpr double cos[] = {0.0416666666666646766, -0.00138888888872760553, 0.0000248015852097383975,
                                   -2.75563693167504929e-7, 2.07005653973699315e-9};
};

template <>
struct MathConstants<float> {
  using Integer = std::int32_t;
  static constexpr int mantissa_bits = 23, bias = 127;
  static constexpr float round = 0x1.8p23F;
  static constexpr float least_exp = -87, most_exp = 88;
  static constexpr float ln2_high = 0.693359375F, ln2_low = -2.12194440e-4F;
  static constexpr float exp[] = {0.5F, 0.1666657699F, 0.04166655462F, 0.008363179053F, 0.001392618359F};
  static constexpr float exp2[] = {1,
                                   0.69314718802622877F,
                                   0.24022650760568126F,
                                   0.055503571142190782F,
                                   0.0096180825572778524F,
                                   0.0013390863364671234F,
                                   0.00015453162945120691F};
  static constexpr float half_pi[] = {1.5703125F, 4.837512969970703125e-4F, 7.549789948768648e-8F};
  static constexpr float sin[] = {-0.1666666466F, 0.008332748038F, -0.0001958784052F};
  static constexpr float cos[] = {0.04166666464F, -0.00138883028F, 2.454789162e-5F};
};

inline constexpr double kLog2E = 1.44269504088896340736;

template <class V>
using Element = std::remove_cvref_t<decltype(V{}[0])>;

/// coefficients[0] + x (coefficients[1] + x (...)).
template <class V, class T, int count>
OCTOPOLE_INLINE V polynomial(const V& x, const T (&coefficients)[count]) {
  V sum = broadcast<V>(coefficients[count - 1]);
#pragma GCC unroll 16
  for (int i = count - 2; i >= 0; --i) sum = sum * x + coefficients[i];
  return sum;
}

/// e^x with a relative error of at most 1e-13 in double, 2e-7 in single precision; 0 for x < -708 (-87),
/// infinity for x > 709 (88).
template <class V>
OCTOPOLE_INLINE V exp(const V& x) {
  using T = Element<V>;
  using C = MathConstants<T>;
  constexpr auto log2_e = static_cast<T>(kLog2E);
  const V shifted = x * log2_e + C::round, n = shifted - C::round;
  const V r = (x - n * C::ln2_high) - n * C::ln2_low;
  using I [[gnu::vector_size(sizeof(V))]] = typename C::Integer;
  const V fraction = T{1} + (r + r * r * polynomial(r, C::exp));
  const V power = (V)((((I)shifted) + C::bias) << C::mantissa_bits);
  const V inside = x < C::least_exp ? V{} : fraction * power;
  return x > C::most_exp ? broadcast<V>(static_cast<T>(__builtin_inf())) : inside;
}

/// e^-x for x >= 0: 1 for 0, and 0 for x > 708 (87) and for NaN. The relative error is at most 1e-13 in
/// double, and 2e-7 + 1e-7 x in single precision, where a rounded x itself has an error of 6e-8 x.
template <class V>
OCTOPOLE_INLINE V decay(const V& x) {
  using T = Element<V>;
  using C = MathConstants<T>;
  const V y = x * static_cast<T>(-kLog2E);
#ifdef OCTOPOLE_HAS_avx512
  if constexpr (sizeof(V) == sizeof(avx512::VecD)) {
    const V from_integer = avx512::from_nearest_integer(y);
    return avx512::times_power(polynomial(from_integer, C::exp2), y - from_integer);
  }
#endif
  using I [[gnu::vector_size(sizeof(V))]] = typename C::Integer;
  const V shifted = y + C::round;
  const V fraction = polynomial(V(y - (shifted - C::round)), C::exp2);
  const V scaled = (V)((I)fraction + ((I)shifted << C::mantissa_bits));  // adds to the exponent
  return x < -C::least_exp ? scaled : V{};
}

template <class V>
struct SinCos {
  V sin, cos;
};

/// sin x and cos x with an absolute error of at most 1e-13 for |x| <= 1e6 in double, 2e-7 for |x| <= 8000 in
/// single precision.
template <class V>
OCTOPOLE_INLINE SinCos<V> sin_cos(const V& x) {
  using T = Element<V>;
  using C = MathConstants<T>;
  using Integer = typename C::Integer;
  using I [[gnu::vector_size(sizeof(V))]] = Integer;
  constexpr auto two_over_pi = static_cast<T>(0.63661977236758134308);
  constexpr int to_sign_bit = 8 * static_cast<int>(sizeof(T)) - 2;  // from bit 1
  const V shifted = x * two_over_pi + C::round, n = shifted - C::round;
  const V r = ((x - n * C::half_pi[0]) - n * C::half_pi[1]) - n * C::half_pi[2];
  const V r2 = r * r;
  const V sine = r + r * r2 * polynomial(r2, C::sin);
  const V cosine = T{1} - r2 * (T{0.5} - r2 * polynomial(r2, C::cos));
  const I quadrant = (I)shifted;
  const auto odd = (quadrant & Integer{1}) != Integer{0};
  const I sine_sign = (quadrant & Integer{2}) << to_sign_bit,
          cosine_sign = ((quadrant + Integer{1}) & Integer{2}) << to_sign_bit;
  const V of_sine = odd ? cosine : sine, of_cosine = odd ? sine : cosine;
  return {(V)((I)of_sine ^ sine_sign), (V)((I)of_cosine ^ cosine_sign)};
}

}  // namespace octopole::simd
#pragma GCC visibility pop

// Vectors and 1/sqrt, one namespace per instruction set: the only file with intrinsics.
//
// Sources *_isa.cpp are compiled once per instruction set, with OCTOPOLE_ISA = baseline, avx2_reproducible,
// avx2 or avx512 and the compiler's flags for it (src/CMakeLists.txt). For these units this header names the
// namespace of their instruction set octopole::isa and defines OCTOPOLE_ISA_BUILT; neither where the compiler
// may not use the instructions (another processor): such a unit has no loops.
//
// Vectors are GCC's vector extensions, so that +, -, * are operators (contracted to fused multiply-add if the
// machine has it). Each instruction set has its own width, hence its own types: code compiled for one of them
// is never the same function as code compiled for another. Units that are compiled with extra instructions
// use nothing of the standard library but plain types, and define everything else in unnamed namespaces: the
// linker could choose such a unit's copy of an inline function for the whole program.
#pragma once

#include <cstdint>
#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#define OCTOPOLE_INLINE [[gnu::always_inline]] inline
#define OCTOPOLE_HAS_baseline 1

#pragma GCC visibility push(default)
namespace octopole::simd {

/// Every instruction set below provides, for T = float and double (`V` is a vector, `n` its lanes):
///   Vec<T>::type, Vec<T>::lanes   the vector of full width
///   Vec8<T>::type, Vec8<T>::lanes a vector of at most 8 lanes
///   kRegisters                    number of vector registers
///   inverse_sqrt(V r2)            1 / sqrt(r2) to nearly full precision; 0 if r2 is infinite or below the
///                                 smallest normal number (coincident points). For doubles also
///                                 inverse_sqrt<Accuracy::step>, to 6e-9
///   inverse_sqrt_beyond<accuracy>(V r2, V least, beyond)
///                                 the same for floats with finite r2, and 0 if r2 < least, a normal number;
///                                 `beyond` gets one bit per lane, set if r2 >= least
///   inverse_sqrt_of_normal<accuracy>(V r2)  the same for floats that are normal numbers, without a test
///   lesser(V a, V b)              minimum per lane, for floats; b if a lane of either is NaN
///   any_below(V v, V least)       whether v < least in any lane
/// Maximum relative error of 1/sqrt: 2^-13, 2e-7 (in double 6e-9), or that of inverse_sqrt.
enum class Accuracy { estimate, step, full };

/// Functions common to all instruction sets:
template <class V, class T>
OCTOPOLE_INLINE V load(const T* p) {
  V v;
  __builtin_memcpy(&v, p, sizeof(V));
  return v;
}
template <class V, class T>
OCTOPOLE_INLINE void store(T* p, const V& v) {
  __builtin_memcpy(p, &v, sizeof(V));
}
template <class V, class T>
OCTOPOLE_INLINE V broadcast(T x) {
  return x - V{};  // x - 0 is x for every x, also for signed zeros: compiled to no operation
}

inline constexpr float kMinNormalFloat = 1.17549435e-38F;
inline constexpr double kMinNormalDouble = 2.2250738585072014e-308;

// ---- baseline: 16-byte vectors, square root and division
// ----------------------------------------------------
namespace baseline {
using VecD [[gnu::vector_size(16)]] = double;
using VecF [[gnu::vector_size(16)]] = float;
template <class T>
struct Vec {
  using type = VecD;
  static constexpr int lanes = 2;
};
template <>
struct Vec<float> {
  using type = VecF;
  static constexpr int lanes = 4;
};
template <class T>
using Vec8 = Vec<T>;
inline constexpr int kRegisters = 16;

template <Accuracy accuracy = Accuracy::full>
OCTOPOLE_INLINE VecD inverse_sqrt(const VecD& r2) {
#if defined(__SSE2__)
  const VecD r = _mm_sqrt_pd(r2);
#elif defined(__aarch64__)
  const VecD r = vsqrtq_f64(r2);
#else
  const VecD r = {__builtin_sqrt(r2[0]), __builtin_sqrt(r2[1])};
#endif
  return r2 < kMinNormalDouble ? VecD{} : 1.0 / r;
}
template <Accuracy accuracy>
OCTOPOLE_INLINE VecF inverse_sqrt_of_normal(const VecF& r2) {
#if defined(__SSE2__)
  const VecF r = _mm_sqrt_ps(r2);
#elif defined(__aarch64__)
  const VecF r = vsqrtq_f32(r2);
#else
  const VecF r = {__builtin_sqrtf(r2[0]), __builtin_sqrtf(r2[1]), __builtin_sqrtf(r2[2]),
                  __builtin_sqrtf(r2[3])};
#endif
  return 1.0F / r;
}
OCTOPOLE_INLINE VecF lesser(const VecF& a, const VecF& b) {
  return a < b ? a : b;
}
OCTOPOLE_INLINE bool any_below(const VecF& v, const VecF& least) {
  return v[0] < least[0] || v[1] < least[1] || v[2] < least[2] || v[3] < least[3];
}
OCTOPOLE_INLINE VecF inverse_sqrt(const VecF& r2) {
  return r2 < kMinNormalFloat ? VecF{} : inverse_sqrt_of_normal<Accuracy::full>(r2);
}
template <Accuracy accuracy>
OCTOPOLE_INLINE VecF inverse_sqrt_beyond(const VecF& r2, const VecF& least, std::uint16_t& beyond) {
  const auto is_beyond = r2 >= least;
#if defined(__SSE2__)
  beyond = static_cast<std::uint16_t>(_mm_movemask_ps(_mm_castsi128_ps((__m128i)is_beyond)));
#else
  beyond = static_cast<std::uint16_t>((is_beyond[0] & 1) | (is_beyond[1] & 2) | (is_beyond[2] & 4) |
                                      (is_beyond[3] & 8));
#endif
  return is_beyond ? inverse_sqrt_of_normal<accuracy>(r2) : VecF{};
}
}  // namespace baseline

// ---- AVX2 and FMA: 32-byte vectors
// ----------------------------------------------------------------------------
#if defined(__AVX2__) && defined(__FMA__)
#define OCTOPOLE_HAS_avx2 1
namespace avx2 {
using VecD [[gnu::vector_size(32)]] = double;
using VecF [[gnu::vector_size(32)]] = float;
template <class T>
struct Vec {
  using type = VecD;
  static constexpr int lanes = 4;
};
template <>
struct Vec<float> {
  using type = VecF;
  static constexpr int lanes = 8;
};
template <class T>
using Vec8 = Vec<T>;
inline constexpr int kRegisters = 16;

/// An estimate of 1/sqrt(r2) from `y`, the difference of a constant and the bits of r2 shifted right by one.
/// The bits of a positive number are nearly its logarithm, so that y^2 r2 = 1 - h with |h| < 0.0704 (J. F.
/// Blinn, Floating-point tricks, IEEE Computer Graphics and Applications 17(4), 1997; the constants below
/// make the range of h narrow). The polynomials are those of least relative error to 1/sqrt(1 - h) from
/// -0.0646 to 0.0704: 2.43e-5, 7.19e-7 and 2.20e-8 for degrees 2, 3 and 4.
template <int degree, class V>
OCTOPOLE_INLINE V inverse_sqrt_from_bits(const V& r2, const V& y) {
  const V h = 1 - r2 * y * y;
  if constexpr (degree == 2) {
    return y * (0.99999628F + h * (0.5010644625F + h * 0.3789435041F));
  } else if constexpr (degree == 3) {
    return y * (0.9999992961 + h * (0.4999912381 + h * (0.3762377131 + h * 0.3170785299)));
  } else {
    return y * (1.000000005F +
                h * (0.4999984263F + h * (0.3749852339F + h * (0.3138881867F + h * 0.2785647199F))));
  }
}
/// In double from bits, without the estimate of the instruction set, which exists in single precision only.
/// One step of third order follows, or of second order for Accuracy::step.
template <Accuracy accuracy = Accuracy::full>
OCTOPOLE_INLINE VecD inverse_sqrt(const VecD& r2) {
  const __m256i half = _mm256_srli_epi64(_mm256_castpd_si256(r2), 1);
  const VecD from_bits = _mm256_castsi256_pd(_mm256_sub_epi64(_mm256_set1_epi64x(0x5FE6E00000000000), half));
  const VecD y = inverse_sqrt_from_bits < accuracy == Accuracy::full ? 3 : 2 > (r2, from_bits);
  const VecD h = 1.0 - r2 * y * y;
  const VecD series = accuracy == Accuracy::full ? 0.5 + h * 0.375 : broadcast<VecD>(0.5);
  const __m256d none = _mm256_or_pd(_mm256_cmp_pd(r2, _mm256_set1_pd(kMinNormalDouble), _CMP_LT_OQ),
                                    _mm256_cmp_pd(r2, _mm256_set1_pd(__builtin_inf()), _CMP_EQ_OQ));
  return _mm256_andnot_pd(none, y + y * h * series);
}
/// In single precision from the instruction set's estimate, accurate to 1.5 2^-12: always needs a step.
template <Accuracy accuracy>
OCTOPOLE_INLINE VecF inverse_sqrt_of_normal(const VecF& r2) {
  const VecF y = _mm256_rsqrt_ps(r2);
  const VecF h = 1.0F - r2 * y * y;
  if constexpr (accuracy == Accuracy::full) return y + y * h * (0.5F + h * 0.375F);
  return y + y * h * 0.5F;
}
/// `inverse`, but 0 where r2 is infinite or below the smallest normal number.
OCTOPOLE_INLINE VecF zero_if_not_normal(const VecF& r2, const VecF& inverse) {
  const __m256 none = _mm256_or_ps(_mm256_cmp_ps(r2, _mm256_set1_ps(kMinNormalFloat), _CMP_LT_OQ),
                                   _mm256_cmp_ps(r2, _mm256_set1_ps(__builtin_inff()), _CMP_EQ_OQ));
  return _mm256_andnot_ps(none, inverse);
}
/// `inverse`, but 0 where r2 < least; `beyond` gets the others' bits.
OCTOPOLE_INLINE VecF zero_if_below(const VecF& r2, const VecF& least, const VecF& inverse,
                                   std::uint16_t& beyond) {
  const __m256 is_beyond = _mm256_cmp_ps(r2, least, _CMP_GE_OQ);
  beyond = static_cast<std::uint16_t>(_mm256_movemask_ps(is_beyond));
  return _mm256_and_ps(is_beyond, inverse);
}
OCTOPOLE_INLINE VecF inverse_sqrt(const VecF& r2) {
  return zero_if_not_normal(r2, inverse_sqrt_of_normal<Accuracy::full>(r2));
}
template <Accuracy accuracy>
OCTOPOLE_INLINE VecF inverse_sqrt_beyond(const VecF& r2, const VecF& least, std::uint16_t& beyond) {
  return zero_if_below(r2, least, inverse_sqrt_of_normal<accuracy>(r2), beyond);
}
OCTOPOLE_INLINE VecF lesser(const VecF& a, const VecF& b) {
  return _mm256_min_ps(a, b);
}
OCTOPOLE_INLINE bool any_below(const VecF& v, const VecF& least) {
  return _mm256_movemask_ps(_mm256_cmp_ps(v, least, _CMP_LT_OQ)) != 0;
}
}  // namespace avx2

// ---- AVX2 with equal bits on all processors
// --------------------------------------------------------------------
// RSQRTPS has other bits on Intel's processors than on AMD's. Without it single precision takes a fifth
// longer.
#define OCTOPOLE_HAS_avx2_reproducible 1
namespace avx2_reproducible {
using avx2::any_below;
using avx2::kRegisters;
using avx2::lesser;
using avx2::Vec;
using avx2::Vec8;
using avx2::VecD;
using avx2::VecF;

template <Accuracy accuracy>
OCTOPOLE_INLINE VecF inverse_sqrt_of_normal(const VecF& r2) {
  const __m256i half = _mm256_srli_epi32(_mm256_castps_si256(r2), 1);
  const VecF from_bits = _mm256_castsi256_ps(_mm256_sub_epi32(_mm256_set1_epi32(0x5F370000), half));
  return avx2::inverse_sqrt_from_bits < accuracy == Accuracy::estimate ? 2 : 4 > (r2, from_bits);
}
template <Accuracy accuracy = Accuracy::full>
OCTOPOLE_INLINE VecD inverse_sqrt(const VecD& r2) {
  return avx2::inverse_sqrt<accuracy>(r2);
}
OCTOPOLE_INLINE VecF inverse_sqrt(const VecF& r2) {
  return avx2::zero_if_not_normal(r2, inverse_sqrt_of_normal<Accuracy::full>(r2));
}
template <Accuracy accuracy>
OCTOPOLE_INLINE VecF inverse_sqrt_beyond(const VecF& r2, const VecF& least, std::uint16_t& beyond) {
  return avx2::zero_if_below(r2, least, inverse_sqrt_of_normal<accuracy>(r2), beyond);
}
}  // namespace avx2_reproducible
#endif

// ---- AVX-512 (F, DQ, VL, BW): 64-byte vectors, 14-bit estimate and one step
// ------------------------------------
#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512VL__) && defined(__AVX512BW__)
#define OCTOPOLE_HAS_avx512 1
namespace avx512 {
using VecD [[gnu::vector_size(64)]] = double;
using VecF [[gnu::vector_size(64)]] = float;
using VecF8 [[gnu::vector_size(32)]] = float;
template <class T>
struct Vec {
  using type = VecD;
  static constexpr int lanes = 8;
};
template <>
struct Vec<float> {
  using type = VecF;
  static constexpr int lanes = 16;
};
template <class T>
struct Vec8 {
  using type = VecD;
  static constexpr int lanes = 8;
};
template <>
struct Vec8<float> {
  using type = VecF8;
  static constexpr int lanes = 8;
};
inline constexpr int kRegisters = 32;

inline constexpr int kZeroInfinityDenormal = 0x02 | 0x04 | 0x08 | 0x10 | 0x20;  // of vfpclass

/// The step is of fourth order in double: a step of third order from the estimate's 2^-14 leaves an error of
/// h^3 5/16 = 5e-13. For Accuracy::step it is of second order.
template <Accuracy accuracy = Accuracy::full>
OCTOPOLE_INLINE VecD inverse_sqrt(const VecD& r2) {
  const VecD y = _mm512_maskz_rsqrt14_pd(0xFF, r2);
  const VecD h = 1.0 - (r2 * y) * y;
  const __mmask8 none = _mm512_fpclass_pd_mask(r2, kZeroInfinityDenormal);
  const VecD series = accuracy == Accuracy::full ? 0.5 + h * (0.375 + h * 0.3125) : broadcast<VecD>(0.5);
  return _mm512_maskz_fmadd_pd(_knot_mask8(none), y * h, series, y);
}
OCTOPOLE_INLINE VecF inverse_sqrt(const VecF& r2) {
  const VecF y = _mm512_maskz_rsqrt14_ps(0xFFFF, r2);
  const VecF h = 1.0F - (r2 * y) * y;
  const __mmask16 none = _mm512_fpclass_ps_mask(r2, kZeroInfinityDenormal);
  return _mm512_maskz_fmadd_ps(_knot_mask16(none), y * h, broadcast<VecF>(0.5F), y);
}
/// Mask of all lanes, for the masked forms of intrinsics: for the others GCC 12 warns of undefined values.
inline constexpr __mmask16 kAllLanes = 0xFFFF;

/// One step (none for Accuracy::estimate) from an estimate of 14 bits.
template <Accuracy accuracy>
OCTOPOLE_INLINE VecF refined(const VecF& r2, const VecF& y) {
  if constexpr (accuracy == Accuracy::estimate) return y;
  return y + (y * (1.0F - (r2 * y) * y)) * 0.5F;
}
template <Accuracy accuracy>
OCTOPOLE_INLINE VecF inverse_sqrt_of_normal(const VecF& r2) {
  return refined<accuracy>(r2, _mm512_maskz_rsqrt14_ps(kAllLanes, r2));
}
OCTOPOLE_INLINE VecF lesser(const VecF& a, const VecF& b) {
  return _mm512_maskz_min_ps(kAllLanes, a, b);
}
/// y minus the nearest integer; 0 for infinity.
OCTOPOLE_INLINE VecD from_nearest_integer(const VecD& y) {
  return _mm512_maskz_reduce_pd(0xFF, y, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
OCTOPOLE_INLINE VecF from_nearest_integer(const VecF& y) {
  return _mm512_maskz_reduce_ps(kAllLanes, y, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
/// v 2^n for integers n <= 0 and v near 1; 0 if that is below the smallest normal number, and if n is NaN.
OCTOPOLE_INLINE VecD times_power(const VecD& v, const VecD& n) {
  const __mmask8 normal = _mm512_cmp_pd_mask(n, _mm512_set1_pd(-1022), _CMP_GT_OQ);
  return _mm512_maskz_scalef_pd(normal, v, n);
}
OCTOPOLE_INLINE VecF times_power(const VecF& v, const VecF& n) {
  const __mmask16 normal = _mm512_cmp_ps_mask(n, _mm512_set1_ps(-126), _CMP_GT_OQ);
  return _mm512_maskz_scalef_ps(normal, v, n);
}
OCTOPOLE_INLINE bool any_below(const VecF& v, const VecF& least) {
  return _mm512_cmp_ps_mask(v, least, _CMP_LT_OQ) != 0;
}
template <Accuracy accuracy>
OCTOPOLE_INLINE VecF inverse_sqrt_beyond(const VecF& r2, const VecF& least, std::uint16_t& beyond) {
  const __mmask16 is_beyond = _mm512_cmp_ps_mask(r2, least, _CMP_GE_OQ);
  beyond = is_beyond;
  return refined<accuracy>(r2, _mm512_maskz_rsqrt14_ps(is_beyond, r2));
}
}  // namespace avx512
#endif

}  // namespace octopole::simd

#ifdef OCTOPOLE_ISA
#define OCTOPOLE_JOIN_EXPANDED(a, b) a##b
#define OCTOPOLE_JOIN(a, b) OCTOPOLE_JOIN_EXPANDED(a, b)
#if OCTOPOLE_JOIN(OCTOPOLE_HAS_, OCTOPOLE_ISA)
#define OCTOPOLE_ISA_BUILT 1
namespace octopole {
namespace isa = simd::OCTOPOLE_ISA;
}
#endif
#endif
#pragma GCC visibility pop

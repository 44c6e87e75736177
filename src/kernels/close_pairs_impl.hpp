// How the loops in single precision leave out pairs that are too close for that precision. Included by the
// units of kernels only (pair_loop_impl.hpp).
//
// A block of pairs is first summed without tests ("fast"), while the smallest squared distance is recorded.
// If that is too small, the block's sums are discarded and it is summed again with tests ("guarded"): pairs
// that are too close contribute nothing and are reported, and the caller sums them in double.
#pragma once

#include <cstdint>

#include "kernels/pair_loop_isa.hpp"
#include "simd/vec.hpp"

namespace octopole {
namespace {

/// How the pairs of a block are summed: any (leaves out coincident pairs only; for points whose distances
/// are accurate in this precision), or fast or guarded as above.
enum class Pairs { any, fast, guarded };

/// Pairs with squared distances below `least` are too close. Guarded loops write one mask per vector of pairs
/// to `beyond`, with the bits of the other pairs set.
struct BlockGuard {
  float least;
  std::uint16_t* beyond;
};

/// 1/r of a vector of pairs. Fast: `nearest` becomes min(nearest, r2). Guarded: the result is 0 where r2 <
/// least, and beyond[mask] receives one bit per lane, set where r2 >= least; else `beyond` may be null.
// NOLINTBEGIN(readability-non-const-parameter): written if guarded
template <Pairs pairs, simd::Accuracy accuracy, class V>
OCTOPOLE_INLINE V inverse_distance(const V& r2, [[maybe_unused]] const V& least, [[maybe_unused]] V& nearest,
                                   [[maybe_unused]] std::uint16_t* beyond, [[maybe_unused]] Index mask) {
  // NOLINTEND(readability-non-const-parameter)
  if constexpr (pairs == Pairs::any) return isa::inverse_sqrt(r2);
  if constexpr (pairs == Pairs::fast) {
    const V inverse_r = isa::inverse_sqrt_of_normal<accuracy>(r2);
    nearest = isa::lesser(nearest, r2);
    return inverse_r;
  }
  if constexpr (pairs == Pairs::guarded) return isa::inverse_sqrt_beyond<accuracy>(r2, least, beyond[mask]);
}

/// Initial value of the smallest squared distance.
inline constexpr float kNoDistance = 3e38F;

/// Number of masks that are tested at once, because most pairs are not too close. Arrays of masks are padded
/// to a multiple of it.
inline constexpr Index kMasksTogether = sizeof(std::uint64_t) / sizeof(std::uint16_t);

/// Calls left_out(mask, lane) for every bit that is not set in the first `count` masks.
template <class LeftOut>
OCTOPOLE_INLINE void each_left_out(std::uint16_t* beyond, Index count, const LeftOut& left_out) {
  constexpr auto all = static_cast<std::uint16_t>((1U << isa::Vec<float>::lanes) - 1);
  constexpr std::uint64_t all_together = all * std::uint64_t{0x0001000100010001};
  for (; count % kMasksTogether != 0; ++count) beyond[count] = all;
  for (Index k = 0; k < count; k += kMasksTogether)
    if (simd::load<std::uint64_t>(beyond + k) != all_together)
      for (Index mask = k; mask < k + kMasksTogether; ++mask)
        for (unsigned lanes = all & ~unsigned{beyond[mask]}; lanes != 0; lanes &= lanes - 1)
          left_out(mask, Index{__builtin_ctz(lanes)});
}

}  // namespace
}  // namespace octopole

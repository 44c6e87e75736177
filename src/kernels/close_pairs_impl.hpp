// How the loops in single precision leave out pairs that are too close for it. Included once by each
// instruction set's unit, before the loops.
//
// A block of pairs is summed fast, without a test, and the smallest squared distance is found on the way.
// Where that is too small the sums of the block are dropped and it is summed again, guarded: each pair is
// tested, those too close contribute nothing and are reported, and the caller sums them in double.
#pragma once

#include <cstdint>

#include "kernels/pair_loop_table.hpp"
#include "simd/vec.hpp"

namespace octopole {
namespace {

/// How the pairs of a block are summed: any (only coincident ones are left out, for points whose distances
/// the precision holds), or as above.
enum class Pairs { any, fast, guarded };

/// Squared distances below `least` are too close; guarded, a mask of each vector of pairs says which are not.
struct BlockGuard {
  float least;
  std::uint16_t* beyond;
};

/// 1/r of a vector of pairs. Fast, `nearest` becomes the lesser of it and r2; guarded, it is 0 where r2 <
/// least, and `beyond` has a bit a lane, set where not.
// NOLINTBEGIN(readability-non-const-parameter): written where pairs are guarded
template <Pairs pairs, simd::Accuracy accuracy, class V>
OCTOPOLE_INLINE V inverse_distance(const V& r2, [[maybe_unused]] const V& least, [[maybe_unused]] V& nearest,
                                   [[maybe_unused]] std::uint16_t* beyond) {
  // NOLINTEND(readability-non-const-parameter)
  if constexpr (pairs == Pairs::any) return isa::inverse_sqrt(r2);
  if constexpr (pairs == Pairs::fast) {
    const V inverse_r = isa::inverse_sqrt_of_normal<accuracy>(r2);
    nearest = isa::lesser(nearest, r2);
    return inverse_r;
  }
  if constexpr (pairs == Pairs::guarded) return isa::inverse_sqrt_beyond<accuracy>(r2, least, *beyond);
}

/// Of all squared distances, before the first.
inline constexpr float kNoDistance = 3e38F;

/// Masks are looked at so many at once, because most pairs are beyond: arrays of them reach up to a multiple.
inline constexpr Index kMasksTogether = sizeof(std::uint64_t) / sizeof(std::uint16_t);

/// Calls left_out(mask, lane) for every lane that is not beyond, of `count` masks.
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

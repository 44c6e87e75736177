#include "tree/morton.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "base/threads.hpp"

namespace octopole::morton {
namespace {

constexpr int kDigitBits = 8;
constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;

struct Entry {
  Code code;
  PointIndex index;
};

// One stable pass over the digit at `shift`: each thread counts its block, the counts become positions
// (prefix sum by digit, then thread), and each thread moves its block.
void radix_pass(const AlignedVector<Entry>& from, AlignedVector<Entry>& to, int shift) {
  const std::size_t n = from.size();
  std::vector<std::array<std::size_t, kDigits>> places(static_cast<std::size_t>(max_threads()));
#pragma omp parallel
  {
    const std::size_t threads = static_cast<std::size_t>(team_size());
    const std::size_t me = static_cast<std::size_t>(thread_number());
    const std::size_t begin = n * me / threads, end = n * (me + 1) / threads;
    auto& mine = places[me];
    for (std::size_t i = begin; i < end; ++i) ++mine[from[i].code >> shift & (kDigits - 1)];
#pragma omp barrier
#pragma omp single
    {
      std::size_t next = 0;
      for (std::size_t digit = 0; digit < kDigits; ++digit)
        for (auto& thread : places) next += std::exchange(thread[digit], next);
    }
    for (std::size_t i = begin; i < end; ++i) to[mine[from[i].code >> shift & (kDigits - 1)]++] = from[i];
  }
}

}  // namespace

AlignedVector<PointIndex> sort_codes(AlignedVector<Code>& codes) {
  const std::size_t n = codes.size();
  checked_cast<PointIndex>(n, "points of a rank");
  AlignedVector<Entry> entries(n), other(n);
  Code any = 0, all = ~Code{0};
#pragma omp parallel for schedule(static) reduction(| : any) reduction(& : all)
  for (std::size_t i = 0; i < n; ++i) {
    entries[i] = {codes[i], static_cast<PointIndex>(i)};
    any |= codes[i];
    all &= codes[i];
  }
  for (int shift = 0; shift < 64; shift += kDigitBits) {
    if (n == 0 || ((any ^ all) >> shift & (kDigits - 1)) == 0) continue;  // the digit is the same everywhere
    radix_pass(entries, other, shift);
    entries.swap(other);
  }
  AlignedVector<PointIndex> order(n);
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < n; ++i) {
    codes[i] = entries[i].code;
    order[i] = entries[i].index;
  }
  return order;
}

}  // namespace octopole::morton

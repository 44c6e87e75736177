#include "tree/morton.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/threads.hpp"
#include "octopole/error.hpp"

namespace octopole::morton {
namespace {

constexpr int kDigitBits = 8;
constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;

struct Entry {
  Code code;
  PointIndex index;
};

Code code_of(Code code) {
  return code;
}
Code code_of(const Entry& entry) {
  return entry.code;
}

// One stable pass over the digit at `shift`: each thread counts its block, the counts become positions
// (prefix sum by digit, then thread), and each thread moves its block.
template <class T>
void radix_pass(const AlignedVector<T>& from, AlignedVector<T>& to, int shift) {
  const std::size_t n = from.size();
  std::vector<std::array<std::size_t, kDigits>> places(static_cast<std::size_t>(max_threads()));
#pragma omp parallel
  {
    const std::size_t threads = static_cast<std::size_t>(team_size());
    const std::size_t me = static_cast<std::size_t>(thread_number());
    const std::size_t begin = n * me / threads, end = n * (me + 1) / threads;
    auto& mine = places[me];
    for (std::size_t i = begin; i < end; ++i) ++mine[code_of(from[i]) >> shift & (kDigits - 1)];
#pragma omp barrier
#pragma omp single
    {
      std::size_t next = 0;
      for (std::size_t digit = 0; digit < kDigits; ++digit)
        for (auto& thread : places) next += std::exchange(thread[digit], next);
    }
    for (std::size_t i = begin; i < end; ++i) to[mine[code_of(from[i]) >> shift & (kDigits - 1)]++] = from[i];
  }
}

// All passes; `varying` has the bits in which codes differ: a digit without any is the same everywhere.
template <class T>
void radix_sort(AlignedVector<T>& values, Code varying) {
  if (varying == 0) return;
  AlignedVector<T> other(values.size());
  for (int shift = 0; shift < 64; shift += kDigitBits) {
    if ((varying >> shift & (kDigits - 1)) == 0) continue;
    radix_pass(values, other, shift);
    values.swap(other);
  }
}

}  // namespace

void sort(AlignedVector<Code>& codes) {
  Code any = 0, all = ~Code{0};
#pragma omp parallel for schedule(static) reduction(| : any) reduction(& : all)
  for (const Code code : codes) {
    any |= code;
    all &= code;
  }
  radix_sort(codes, codes.empty() ? 0 : any ^ all);
}

AlignedVector<PointIndex> sort_codes(AlignedVector<Code>& codes) {
  const std::size_t n = codes.size();
  checked_cast<PointIndex>(n, "points of a rank");
  AlignedVector<Entry> entries(n);
  Code any = 0, all = ~Code{0};
#pragma omp parallel for schedule(static) reduction(| : any) reduction(& : all)
  for (std::size_t i = 0; i < n; ++i) {
    entries[i] = {codes[i], static_cast<PointIndex>(i)};
    any |= codes[i];
    all &= codes[i];
  }
  radix_sort(entries, n == 0 ? 0 : any ^ all);
  AlignedVector<PointIndex> order(n);
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < n; ++i) {
    codes[i] = entries[i].code;
    order[i] = entries[i].index;
  }
  return order;
}

// ---- the root cube.

Bounds Bounds::empty() {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return {{infinity, infinity, infinity}, {-infinity, -infinity, -infinity}};
}

void Bounds::include(std::span<const double> points) {
  double low[3] = {lower[0], lower[1], lower[2]}, high[3] = {upper[0], upper[1], upper[2]};
  const std::size_t n = points.size() / 3;
#pragma omp parallel for schedule(static) reduction(min : low[:3]) reduction(max : high[:3])
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t c = 0; c < 3; ++c) {
      low[c] = std::min(low[c], points[3 * i + c]);
      high[c] = std::max(high[c], points[3 * i + c]);
    }
  std::copy(low, low + 3, lower.begin());
  std::copy(high, high + 3, upper.begin());
}

namespace {

/// The least of the numbers 2^(k / 16), rounded up to 12 bits, that is not below `side`.
double round_up_to_few(double side) {
  const double power = std::ldexp(1.0, std::ilogb(side));
  for (int k = 0; k < 16; ++k)
    if (const double candidate = std::ceil(std::exp2(k / 16.0) * 2048) / 2048 * power; candidate >= side)
      return candidate;
  return 2 * power;
}

}  // namespace

RootCube RootCube::enclosing(const Bounds& bounds, double padding, bool few_sides) {
  double extent = 0, farthest = 0;
  for (std::size_t c = 0; c < 3; ++c) {
    extent = std::max(extent, bounds.upper[c] - bounds.lower[c]);
    farthest = std::max({farthest, std::abs(bounds.lower[c]), std::abs(bounds.upper[c])});
  }
  if (!std::isfinite(extent) || farthest > 1e150)
    throw Error(
        "the points' coordinates reach " + std::to_string(farthest) + ": too large to enclose in a cube",
        "choose a larger unit of length");
  // A minimum size for points that all coincide, or nearly so relative to their distance from the origin.
  extent = std::max({extent, farthest * 1e-12, 1e-150});
  const double quantum = std::ldexp(1.0, std::ilogb(extent) - 12);
  RootCube cube;
  cube.side = 0;
  for (std::size_t c = 0; c < 3; ++c) {
    cube.corner[c] = std::floor(bounds.lower[c] / quantum) * quantum;
    cube.side = std::max(cube.side, std::ceil((bounds.upper[c] - cube.corner[c]) / quantum) * quantum);
  }
  cube.side = std::max(cube.side, std::ceil(extent / quantum) * quantum);  // coincident points have no extent
  cube.side = std::ceil(padding * cube.side / quantum) * quantum;
  if (few_sides) cube.side = round_up_to_few(cube.side);
  cube.unit = std::ldexp(1.0, std::ilogb(cube.side));
  for (std::size_t c = 0; c < 3; ++c)
    if (std::abs(cube.corner[c]) >= 2 * cube.side) cube.frame[c] = cube.corner[c];
  return cube;
}

AlignedVector<Code> encode(const RootCube& cube, std::span<const double> points) {
  AlignedVector<Code> codes(points.size() / 3);
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < codes.size(); ++i)
    codes[i] = cube.encode(points[3 * i], points[3 * i + 1], points[3 * i + 2]);
  return codes;
}

}  // namespace octopole::morton

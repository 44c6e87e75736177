// Morton codes of points, keys of octree nodes, and sorting along the curve.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/aligned.hpp"
#include "base/types.hpp"

#pragma GCC visibility push(default)
namespace octopole::morton {

/// Bits per axis of a point's code: the finest grid has 2^21 cells per edge.
inline constexpr int kDepth = 21;

/// Position on the Morton curve at the finest level, 63 bits: the cell of a point, or an end of a range.
using Code = std::uint64_t;
inline constexpr Code kCodeEnd = Code{1} << (3 * kDepth);

/// Spreads the low 21 bits of v to every third bit.
constexpr std::uint64_t spread_bits(std::uint64_t v) {
  v &= 0x1fffff;
  v = (v | v << 32) & 0x001f00000000ffff;
  v = (v | v << 16) & 0x001f0000ff0000ff;
  v = (v | v << 8) & 0x100f00f00f00f00f;
  v = (v | v << 4) & 0x10c30c30c30c30c3;
  return (v | v << 2) & 0x1249249249249249;
}

/// The inverse of spread_bits.
constexpr std::uint32_t gather_bits(std::uint64_t v) {
  v &= 0x1249249249249249;
  v = (v | v >> 2) & 0x10c30c30c30c30c3;
  v = (v | v >> 4) & 0x100f00f00f00f00f;
  v = (v | v >> 8) & 0x001f0000ff0000ff;
  v = (v | v >> 16) & 0x001f00000000ffff;
  return static_cast<std::uint32_t>((v | v >> 32) & 0x1fffff);
}

/// Interleaves three cell indices; x is the lowest bit of every octal digit.
constexpr std::uint64_t interleave(std::uint32_t x, std::uint32_t y, std::uint32_t z) {
  return spread_bits(x) | spread_bits(y) << 1 | spread_bits(z) << 2;
}

/// Integer coordinates of a node, in the grid of its level with 2^level cells per edge.
struct Anchor {
  std::int32_t x = 0, y = 0, z = 0;
  std::int32_t level = 0;
  bool operator==(const Anchor&) const = default;
};

/// The 27 directions to a node's neighbours are numbered (dx + 1) + 3 (dy + 1) + 9 (dz + 1); 13 is the node
/// itself.
constexpr std::array<int, 3> direction_offset(int direction) {
  return {direction % 3 - 1, direction / 3 % 3 - 1, direction / 9 - 1};
}

/// Location of an octant's neighbour: direction of its parent from the octant's parent, and octant in it.
struct NeighbourStep {
  std::uint8_t parent_direction, octant;
};

constexpr NeighbourStep neighbour_step(int octant, int direction) {
  const std::array<int, 3> step = direction_offset(direction);
  int above = 0, there = 0;
  for (int axis = 0, weight = 1; axis < 3; ++axis, weight *= 3) {
    const int place =
        (octant >> axis & 1) + step[static_cast<std::size_t>(axis)];  // -1 .. 2 in halves of the parent
    above += weight * (1 + (place < 0 ? -1 : place > 1 ? 1 : 0));
    there |= (place & 1) << axis;
  }
  return {static_cast<std::uint8_t>(above), static_cast<std::uint8_t>(there)};
}

/// Neighbour steps by octant and direction.
inline constexpr auto kNeighbourSteps = [] {
  std::array<std::array<NeighbourStep, 27>, 8> steps{};
  for (int octant = 0; octant < 8; ++octant)
    for (int direction = 0; direction < 27; ++direction)
      steps[static_cast<std::size_t>(octant)][static_cast<std::size_t>(direction)] =
          neighbour_step(octant, direction);
  return steps;
}();

/// Key of an octree node: a 1 bit followed by the octal digits of the path from the root (whose key is 1).
/// Keys of one level are in Morton order, and coarser levels come before finer ones.
struct NodeKey {
  std::uint64_t bits = 1;

  static constexpr NodeKey root() { return {1}; }
  static constexpr NodeKey from_anchor(const Anchor& a) {
    return {std::uint64_t{1} << (3 * a.level) |
            interleave(static_cast<std::uint32_t>(a.x), static_cast<std::uint32_t>(a.y),
                       static_cast<std::uint32_t>(a.z))};
  }
  /// The node of `level` that contains the cell `code`.
  static constexpr NodeKey containing(Code code, int level) {
    return {std::uint64_t{1} << (3 * level) | code >> (3 * (kDepth - level))};
  }

  constexpr int level() const { return (63 - std::countl_zero(bits)) / 3; }
  constexpr int octant() const { return static_cast<int>(bits & 7); }
  constexpr NodeKey parent() const { return {bits >> 3}; }
  constexpr NodeKey child(int octant) const { return {bits << 3 | static_cast<std::uint64_t>(octant)}; }
  constexpr NodeKey ancestor(int at_level) const { return {bits >> (3 * (level() - at_level))}; }

  /// The codes inside the node are [first_code(), end_code()).
  constexpr Code first_code() const {
    const int l = level();
    return (bits ^ std::uint64_t{1} << (3 * l)) << (3 * (kDepth - l));
  }
  constexpr Code end_code() const { return first_code() + (Code{1} << (3 * (kDepth - level()))); }

  constexpr Anchor anchor() const {
    const int l = level();
    const std::uint64_t path = bits ^ std::uint64_t{1} << (3 * l);
    return {static_cast<std::int32_t>(gather_bits(path)), static_cast<std::int32_t>(gather_bits(path >> 1)),
            static_cast<std::int32_t>(gather_bits(path >> 2)), l};
  }

  /// The same-level node at the given offset; none outside the root cube.
  constexpr std::optional<NodeKey> neighbour(int dx, int dy, int dz) const {
    Anchor a = anchor();
    const std::int32_t cells = std::int32_t{1} << a.level;
    a.x += dx;
    a.y += dy;
    a.z += dz;
    if (a.x < 0 || a.y < 0 || a.z < 0 || a.x >= cells || a.y >= cells || a.z >= cells) return std::nullopt;
    return from_anchor(a);
  }

  /// The same-level neighbour by direction number.
  constexpr std::optional<NodeKey> neighbour(int direction) const {
    const std::array<int, 3> step = direction_offset(direction);
    return neighbour(step[0], step[1], step[2]);
  }

  constexpr bool operator==(const NodeKey&) const = default;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the 0 of a defaulted comparison for a pointer
  constexpr auto operator<=>(const NodeKey&) const = default;
};

/// Whether two nodes touch, at least in a corner; a node touches itself, its ancestors and its descendants.
constexpr bool adjacent(const Anchor& a, const Anchor& b) {
  const Anchor& coarse = a.level <= b.level ? a : b;
  const Anchor& fine = a.level <= b.level ? b : a;
  const int shift = fine.level - coarse.level;
  const auto touches = [shift](std::int64_t c, std::int64_t f) {
    return f <= ((c + 1) << shift) && f + 1 >= (c << shift);
  };
  return touches(coarse.x, fine.x) && touches(coarse.y, fine.y) && touches(coarse.z, fine.z);
}

/// Sorts `codes` in ascending order and returns the permutation: sorted[i] was at position order[i]. Stable
/// and threaded (radix sort of the digits that differ); the result does not depend on the number of threads.
/// Throws Error for 2^31 codes or more.
AlignedVector<PointIndex> sort_codes(AlignedVector<Code>& codes);

}  // namespace octopole::morton
#pragma GCC visibility pop

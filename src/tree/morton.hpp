// Morton codes of points, keys of octree nodes, and sorting along the curve; and the root cube.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
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

/// Sorts codes alone, with half the memory.
void sort(AlignedVector<Code>& codes);

// ---- the root cube.

/// Smallest and largest coordinates; empty where lower > upper.
struct Bounds {
  std::array<double, 3> lower, upper;
  static Bounds empty();
  /// Extends the bounds to interleaved points (n, 3).
  void include(std::span<const double> points);
};

/// Centre and half side of a node.
struct NodeCube {
  std::array<double, 3> centre;
  double half;
};

/// The root cube. Its side and corner are multiples of a power of two of about 2^-12 of the extent, and nodes
/// and points are relative to `frame`, a position near the cube: so the centres of all nodes are exact in
/// double at any distance of the cube from the origin.
struct RootCube {
  std::array<double, 3> corner{};
  double side = 1;
  /// Offset to subtract from coordinates: the corner on axes where the cube is two sides or more from 0,
  /// where the subtraction is exact (Sterbenz); 0 on other axes, where it could lose the difference of close
  /// points.
  std::array<double, 3> frame{};
  /// The power of two in (side / 2, side]: the unit of length of coordinates and nodes, so that no power of a
  /// distance overflows or underflows for any unit of the caller.
  double unit = 1;

  /// Encloses the bounds (which must not be empty), from their lower corner on, in a cube `padding` (1 .. 2)
  /// times as wide as necessary; throws Error if their extent is not finite.
  /// With `few_sides`, the side is rounded up to one of 16 per power of two: operators that depend on it can
  /// then be used again for other points.
  static RootCube enclosing(const Bounds& bounds, double padding = 1, bool few_sides = false);

  /// Code of the finest cell that contains the point; points on the upper faces belong to the last cell.
  Code encode(double x, double y, double z) const {
    const double scale = static_cast<double>(std::int64_t{1} << kDepth) / side;
    const auto cell = [scale](double offset) {
      const double t = offset * scale;
      constexpr std::int64_t last = (std::int64_t{1} << kDepth) - 1;
      const std::int64_t i = static_cast<std::int64_t>(t);
      return static_cast<std::uint32_t>(i < 0 ? 0 : i > last ? last : i);
    };
    return interleave(cell(x - corner[0]), cell(y - corner[1]), cell(z - corner[2]));
  }

  /// Converts from coordinates relative to `frame`, in the cube's unit, to the caller's: exact for points.
  std::array<double, 3> place(double x, double y, double z) const {
    return {x * unit + frame[0], y * unit + frame[1], z * unit + frame[2]};
  }

  /// Centre (relative to `frame`) and half side of a node, in the cube's unit.
  NodeCube node(const Anchor& a) const {
    const double inverse = 1 / unit, half = side * inverse / static_cast<double>(std::int64_t{2} << a.level);
    const auto centre = [&](std::size_t c, std::uint32_t place) {
      return (corner[c] - frame[c]) * inverse + (2 * place + 1) * half;
    };
    return {{centre(0, a.x), centre(1, a.y), centre(2, a.z)}, half};
  }
};

/// Codes of interleaved points (n, 3), in the same order. Threaded.
AlignedVector<Code> encode(const RootCube& cube, std::span<const double> points);

}  // namespace octopole::morton
#pragma GCC visibility pop

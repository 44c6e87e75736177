// The root cube.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/aligned.hpp"
#include "tree/morton.hpp"

#pragma GCC visibility push(default)
namespace octopole::morton {

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
  static RootCube enclosing(const Bounds& bounds, double padding = 1);

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

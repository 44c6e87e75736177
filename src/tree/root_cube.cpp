#include "tree/root_cube.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "octopole/error.hpp"

namespace octopole::morton {

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

RootCube RootCube::enclosing(const Bounds& bounds, double padding) {
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

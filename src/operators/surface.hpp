// Equivalent and check surfaces: the surface of a cube sampled on a regular grid.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/aligned.hpp"
#include "base/types.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// A surface's points in structure-of-arrays form, relative to the node's centre in half sides.
template <class Real>
struct Surface {
  AlignedVector<Real> x, y, z;
  Index size() const { return static_cast<Index>(x.size()); }
};

/// Number of points on the surface grid of the given order (points per edge): 6 (order - 1)^2 + 2.
constexpr Index surface_size(int order) {
  return 6 * Index(order - 1) * (order - 1) + 2;
}

/// Number of points of a cubic grid with `edge` points per edge, and the index of one of them, x fastest.
constexpr std::size_t grid_points(int edge) {
  return static_cast<std::size_t>(Index(edge) * edge * edge);
}
constexpr std::size_t grid_place(int edge, int x, int y, int z) {
  return static_cast<std::size_t>((Index(z) * edge + y) * edge + x);
}

/// Grid coordinates (each in 0 .. order - 1) of every surface point, x fastest.
std::vector<std::array<int, 3>> surface_grid(int order);

/// maps[o][i]: the image of surface point i under the reflections in the axes whose bits are set in o.
using MirrorMaps = std::array<std::vector<std::int32_t>, 8>;
MirrorMaps mirror_maps(int order);

/// Points of the surface grid of a cube with half side `radius` around 0. Grid coordinates t, equidistant in
/// -1 .. 1, become tan(grading t) / tan(grading): equidistant for 0, at equal angles seen from the centre for
/// pi / 4, and sparser towards the edges the larger it is; below pi / 2. Graded surfaces, possible where no
/// FFT is needed, reach the accuracy of a higher order (docs/developers/accuracy-log.md).
template <class Real>
Surface<Real> make_surface(int order, double radius, double grading = 0);

}  // namespace octopole
#pragma GCC visibility pop

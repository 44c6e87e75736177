#include "operators/surface.hpp"

#include <cmath>

namespace octopole {

std::vector<std::array<int, 3>> surface_grid(int order) {
  std::vector<std::array<int, 3>> points;
  points.reserve(static_cast<std::size_t>(surface_size(order)));
  const auto is_end = [order](int i) { return i == 0 || i == order - 1; };
  for (int z = 0; z < order; ++z)
    for (int y = 0; y < order; ++y)
      for (int x = 0; x < order; ++x)
        if (is_end(x) || is_end(y) || is_end(z)) points.push_back({x, y, z});
  return points;
}

MirrorMaps mirror_maps(int order) {
  const auto grid = surface_grid(order);
  const int p = order;
  std::vector<std::int32_t> point_at(grid_points(p), -1);
  for (std::size_t i = 0; i < grid.size(); ++i)
    point_at[grid_place(p, grid[i][0], grid[i][1], grid[i][2])] = static_cast<std::int32_t>(i);
  MirrorMaps maps;
  for (int octant = 0; octant < 8; ++octant) {
    const auto reflected = [octant, p](int axis, int i) { return (octant >> axis & 1) ? p - 1 - i : i; };
    for (const auto& point : grid)
      maps[static_cast<std::size_t>(octant)].push_back(
          point_at[grid_place(p, reflected(0, point[0]), reflected(1, point[1]), reflected(2, point[2]))]);
  }
  return maps;
}

template <class Real>
Surface<Real> make_surface(int order, double radius, double grading) {
  Surface<Real> surface;
  // The mirror image of a grid coordinate gets exactly the negative number.
  const auto coordinate = [order, radius, grading](int i) {
    const double steps = 2 * i - (order - 1), last = order - 1;
    return static_cast<Real>(grading > 0 ? radius * (std::tan(grading * steps / last) / std::tan(grading))
                                         : radius * steps / last);
  };
  for (const auto& [x, y, z] : surface_grid(order)) {
    surface.x.push_back(coordinate(x));
    surface.y.push_back(coordinate(y));
    surface.z.push_back(coordinate(z));
  }
  return surface;
}
template Surface<double> make_surface(int, double, double);
template Surface<float> make_surface(int, double, double);

}  // namespace octopole

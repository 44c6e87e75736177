#include "octopole/operators/surface.hpp"

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

template <class Real>
Surface<Real> make_surface(int order, double radius) {
  Surface<Real> surface;
  // The same number for a grid coordinate and, negated, for its mirror image.
  const auto coordinate = [order, radius](int i) {
    return static_cast<Real>(radius * (2 * i - (order - 1)) / (order - 1));
  };
  for (const auto& [x, y, z] : surface_grid(order)) {
    surface.x.push_back(coordinate(x));
    surface.y.push_back(coordinate(y));
    surface.z.push_back(coordinate(z));
  }
  return surface;
}
template Surface<double> make_surface(int, double);
template Surface<float> make_surface(int, double);

}  // namespace octopole

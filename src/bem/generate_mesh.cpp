#include "bem/generate_mesh.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

namespace octopole::bem {
namespace {

void check(const MeshShape& shape) {
  const auto positive = [](double value, const char* what) {
    if (!(value > 0) || !std::isfinite(value))
      throw Error(std::string(what) + " of the mesh is " + std::to_string(value), "choose a positive one");
  };
  positive(shape.radius, "the radius");
  positive(shape.radius2, "the second radius");
  positive(shape.gap, "the gap");
  positive(shape.side, "the side");
  if (shape.thickness != 0) positive(shape.thickness, "the thickness");
  if (!(shape.grading >= 1 && shape.grading <= 10))
    throw Error("the grading of the mesh is " + std::to_string(shape.grading), "choose one between 1 and 10");
  if (shape.refine < 1 || shape.refine > 20'000)
    throw Error("the refinement of the mesh is " + std::to_string(shape.refine),
                "choose one between 1 and 20000");
  if (shape.bars < 1 || shape.bars > 1000)
    throw Error("the bus has " + std::to_string(shape.bars) + " bars per layer", "choose between 1 and 1000");
}

Surface one_conductor(std::string name) {
  Surface surface;
  surface.conductors = {std::move(name)};
  return surface;
}

void add(Surface& surface, std::int32_t a, std::int32_t b, std::int32_t c) {
  surface.triangles.push_back({a, b, c});
  surface.conductor.push_back(0);
}

std::int32_t add_vertex(Surface& surface, const Point& point) {
  surface.vertices.push_back(point);
  return checked_cast<std::int32_t>(surface.vertices.size() - 1, "number of vertices");
}

// ---- spheres ----

constexpr double kGolden = 1.6180339887498948482;
constexpr Point kIcosahedron[12] = {{-1, kGolden, 0}, {1, kGolden, 0}, {-1, -kGolden, 0}, {1, -kGolden, 0},
                                    {0, -1, kGolden}, {0, 1, kGolden}, {0, -1, -kGolden}, {0, 1, -kGolden},
                                    {kGolden, 0, -1}, {kGolden, 0, 1}, {-kGolden, 0, -1}, {-kGolden, 0, 1}};
constexpr int kFaces[20][3] = {{0, 11, 5}, {0, 5, 1},  {0, 1, 7},   {0, 7, 10}, {0, 10, 11},
                               {1, 5, 9},  {5, 11, 4}, {11, 10, 2}, {10, 7, 6}, {7, 1, 8},
                               {3, 9, 4},  {3, 4, 2},  {3, 2, 6},   {3, 6, 8},  {3, 8, 9},
                               {4, 9, 5},  {2, 4, 11}, {6, 2, 10},  {8, 6, 7},  {9, 8, 1}};

/// Nodes by their weights on vertices of the icosahedron, so that faces share the nodes of common edges.
class SphereNodes {
 public:
  SphereNodes(Surface& surface, const Point& centre, double radius)
      : surface_(surface), centre_(centre), radius_(radius) {}

  std::int32_t at(const int* face, int a, int b, int c) {
    std::array<std::pair<int, int>, 3> weights = {{{face[0], a}, {face[1], b}, {face[2], c}}};
    std::sort(weights.begin(), weights.end());
    std::array<int, 6> key{};
    std::size_t next = 0;
    for (const auto& [vertex, weight] : weights)
      if (weight > 0) {
        key[next++] = vertex + 1;
        key[next++] = weight;
      }
    const auto [place, is_new] = numbers_.try_emplace(key, 0);
    if (is_new) place->second = add_vertex(surface_, position(weights));
    return place->second;
  }

 private:
  Point position(const std::array<std::pair<int, int>, 3>& weights) const {
    Point sum{};
    for (const auto& [vertex, weight] : weights)
      for (std::size_t d = 0; d < 3; ++d) sum[d] += weight * kIcosahedron[vertex][d];
    const double scale = radius_ / std::sqrt(sum[0] * sum[0] + sum[1] * sum[1] + sum[2] * sum[2]);
    return {centre_[0] + scale * sum[0], centre_[1] + scale * sum[1], centre_[2] + scale * sum[2]};
  }

  Surface& surface_;
  Point centre_;
  double radius_;
  std::map<std::array<int, 6>, std::int32_t> numbers_;
};

Surface sphere(const std::string& name, int parts, const Point& centre, double radius) {
  Surface surface = one_conductor(name);
  SphereNodes nodes(surface, centre, radius);
  for (const auto& face : kFaces) {
    const auto node = [&](int i, int j) { return nodes.at(face, parts - i - j, i, j); };
    for (int i = 0; i < parts; ++i)
      for (int j = 0; i + j < parts; ++j) {
        add(surface, node(i, j), node(i + 1, j), node(i, j + 1));
        if (i + j + 1 < parts) add(surface, node(i + 1, j), node(i + 1, j + 1), node(i, j + 1));
      }
  }
  return surface;
}

// ---- boxes ----

/// Nodes of an edge of `cells` cells that starts at `first`.
std::vector<double> graded(double first, double length, int cells, double grading) {
  std::vector<double> nodes(static_cast<std::size_t>(cells) + 1);
  for (int i = 0; i <= cells; ++i) {
    const double u = static_cast<double>(std::min(i, cells - i)) / cells, t = 0.5 * std::pow(2 * u, grading);
    nodes[static_cast<std::size_t>(i)] = first + length * (2 * i <= cells ? t : 1 - t);
  }
  return nodes;
}

using Axes = std::array<std::vector<double>, 3>;

/// Adds two triangles per cell of a rectangle; the diagonals run from the middle outwards, so that the mesh
/// has the symmetries of the rectangle.
template <class Node>
void add_rectangle(Surface& surface, int cells_u, int cells_v, bool flip, Node&& node) {
  for (int i = 0; i < cells_u; ++i)
    for (int j = 0; j < cells_v; ++j) {
      std::array<std::int32_t, 4> c = {node(i, j), node(i + 1, j), node(i + 1, j + 1), node(i, j + 1)};
      if ((2 * i + 1 < cells_u) != (2 * j + 1 < cells_v)) std::rotate(c.begin(), c.begin() + 1, c.end());
      if (flip) std::swap(c[1], c[3]);
      add(surface, c[0], c[1], c[2]);
      add(surface, c[0], c[2], c[3]);
    }
}

Surface box(const std::string& name, const Axes& axes) {
  Surface surface = one_conductor(name);
  std::unordered_map<std::uint64_t, std::int32_t> numbers;
  const auto node = [&](const std::array<int, 3>& place) {
    std::uint64_t key = 0;
    for (const int p : place) key = key << 21 | static_cast<std::uint64_t>(p);
    const auto [at, is_new] = numbers.try_emplace(key, 0);
    if (is_new) {
      Point point;
      for (std::size_t d = 0; d < 3; ++d) point[d] = axes[d][static_cast<std::size_t>(place[d])];
      at->second = add_vertex(surface, point);
    }
    return at->second;
  };
  const auto cells = [&](std::size_t d) { return static_cast<int>(axes[d].size()) - 1; };
  for (std::size_t d = 0; d < 3; ++d)
    for (const bool far : {false, true}) {
      const std::size_t u = (d + 1) % 3, v = (d + 2) % 3;
      add_rectangle(surface, cells(u), cells(v), !far, [&](int i, int j) {
        std::array<int, 3> place;
        place[d] = far ? cells(d) : 0;
        place[u] = i;
        place[v] = j;
        return node(place);
      });
    }
  return surface;
}

Surface sheet(const std::string& name, const std::vector<double>& x, const std::vector<double>& y, double z) {
  Surface surface = one_conductor(name);
  for (const double b : y)
    for (const double a : x) add_vertex(surface, {a, b, z});
  const int width = static_cast<int>(x.size());
  add_rectangle(surface, width - 1, static_cast<int>(y.size()) - 1, false,
                [width](int i, int j) { return static_cast<std::int32_t>(width * j + i); });
  return surface;
}

}  // namespace

Surface sphere_mesh(const MeshShape& shape) {
  check(shape);
  return sphere("sphere", shape.refine, {0, 0, 0}, shape.radius);
}

Surface two_spheres_mesh(const MeshShape& shape) {
  check(shape);
  Surface surface = sphere("sphere1", shape.refine, {0, 0, 0}, shape.radius);
  const double distance = shape.radius + shape.gap + shape.radius2;
  append(surface, sphere("sphere2", shape.refine, {distance, 0, 0}, shape.radius2));
  return surface;
}

Surface cube_mesh(const MeshShape& shape) {
  check(shape);
  const std::vector<double> axis = graded(0, shape.side, shape.refine, shape.grading);
  return box("cube", {axis, axis, axis});
}

Surface plates_mesh(const MeshShape& shape) {
  check(shape);
  const std::vector<double> axis = graded(0, shape.side, shape.refine, shape.grading);
  if (shape.thickness == 0) {
    Surface surface = sheet("plate1", axis, axis, 0);
    append(surface, sheet("plate2", axis, axis, shape.gap));
    return surface;
  }
  const int cells =
      std::max(1, static_cast<int>(std::lround(shape.refine * std::min(1.0, shape.thickness / shape.side))));
  const auto plate = [&](const char* name, double z) {
    return box(name, {axis, axis, graded(z, shape.thickness, cells, shape.grading)});
  };
  Surface surface = plate("plate1", -shape.thickness);
  append(surface, plate("plate2", shape.gap));
  return surface;
}

Surface bus_mesh(const MeshShape& shape) {
  check(shape);
  const double side = shape.side, length = side * (2 * shape.bars + 1);
  const std::vector<double> along = graded(0, length, shape.refine * (2 * shape.bars + 1), shape.grading);
  const auto across = [&](double first) { return graded(first, side, shape.refine, shape.grading); };
  Surface surface;
  for (int bar = 0; bar < shape.bars; ++bar)
    append(surface, box("x" + std::to_string(bar + 1), {along, across(side * (2 * bar + 1)), across(0)}));
  for (int bar = 0; bar < shape.bars; ++bar)
    append(surface, box("y" + std::to_string(bar + 1),
                        {across(side * (2 * bar + 1)), along, across(side + shape.gap)}));
  return surface;
}

Surface make_mesh(const std::string& name, const MeshShape& shape) {
  if (name == "sphere") return sphere_mesh(shape);
  if (name == "two-spheres") return two_spheres_mesh(shape);
  if (name == "cube") return cube_mesh(shape);
  if (name == "plates") return plates_mesh(shape);
  if (name == "bus") return bus_mesh(shape);
  throw Error("there is no mesh '" + name + "'", "choose sphere, two-spheres, cube, plates or bus");
}

}  // namespace octopole::bem

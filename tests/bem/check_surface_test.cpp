#include "bem/check_surface.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "bem/generate_mesh.hpp"

namespace octopole::bem {
namespace {

Surface cube() {
  return cube_mesh({.refine = 3, .grading = 1.5});
}

/// Counts of all kinds of defects, in the order of Defect.
std::array<Index, kDefects> defects(const Surface& surface, const CheckOptions& options = {}) {
  std::array<Index, kDefects> counts;
  const SurfaceReport report = check_surface(surface, options);
  for (std::size_t d = 0; d < kDefects; ++d) counts[d] = report.findings[d].count;
  return counts;
}

using Counts = std::array<Index, kDefects>;
constexpr Counts kSound{};

/// The surface and a copy of it, scaled and then moved by `shift`.
Surface with_copy(const Surface& surface, const Point& shift, double scale = 1,
                  const std::string& name = "other") {
  Surface copy = surface, both = surface;
  for (Point& p : copy.vertices)
    for (std::size_t d = 0; d < 3; ++d) p[d] = scale * p[d] + shift[d];
  copy.conductors = {name};
  append(both, copy);
  return both;
}

TEST(CheckSurface, FindsNothingWrongWithGeneratedMeshes) {
  EXPECT_EQ(defects(sphere_mesh({.refine = 5})), kSound);
  EXPECT_EQ(defects(two_spheres_mesh({.refine = 3, .gap = 1e-3})), kSound);
  EXPECT_EQ(defects(cube()), kSound);
  EXPECT_EQ(defects(plates_mesh({.refine = 4, .thickness = 0.1, .grading = 2})), kSound);
  EXPECT_EQ(defects(bus_mesh({.refine = 2, .bars = 3})), kSound);
  const Surface sheets = plates_mesh({.refine = 4});
  EXPECT_EQ(defects(sheets, {.allow_open = true}), kSound);
  EXPECT_EQ(check_surface(sheets)[Defect::open].count, 2 * 4 * 4);
  EXPECT_EQ(check_surface(bus_mesh({.refine = 2, .bars = 3})).parts, 6);
}

TEST(CheckSurface, FindsOpenEdges) {
  Surface surface = cube();
  surface.triangles.erase(surface.triangles.begin() + 7);
  surface.conductor.pop_back();
  EXPECT_EQ(defects(surface), (Counts{0, 0, 3, 0, 0, 0, 0}));
  EXPECT_THROW(require_sound(check_surface(surface)), Error);
  EXPECT_NO_THROW(require_sound(check_surface(surface, {.allow_open = true})));
}

TEST(CheckSurface, FindsDuplicatesAndSaysWhere) {
  Surface surface = cube();
  const Corners v = surface.triangles[10];
  surface.triangles.push_back({v[1], v[0], v[2]});
  surface.conductor.push_back(0);
  const SurfaceReport report = check_surface(surface);
  EXPECT_EQ(report[Defect::duplicate].count, 1);
  EXPECT_EQ(report[Defect::branching].count, 3);
  EXPECT_NE(report.text().find("1 duplicate triangle: triangle 109 of 'cube' at ("), std::string::npos)
      << report.text();
  EXPECT_EQ(repair_surface(surface).duplicates, 1);
  EXPECT_EQ(defects(surface), kSound);
}

TEST(CheckSurface, FindsTurnedTrianglesAndTurnsThemBack) {
  Surface surface = cube();
  std::swap(surface.triangles[20][0], surface.triangles[20][1]);
  EXPECT_EQ(defects(surface), (Counts{0, 0, 0, 0, 3, 0, 0}));
  EXPECT_EQ(repair_surface(surface).turned, 1);
  EXPECT_EQ(defects(surface), kSound);
  for (Corners& v : surface.triangles) std::swap(v[0], v[1]);
  EXPECT_EQ(defects(surface), (Counts{0, 0, 0, 0, 0, 1, 0}));
  EXPECT_EQ(repair_surface(surface).turned, surface.size());
  EXPECT_EQ(defects(surface), kSound);
}

TEST(CheckSurface, CavitiesFaceTheOtherWay) {
  Surface hollow = with_copy(cube(), {0.25, 0.25, 0.25}, 0.5, "cube");
  EXPECT_EQ(defects(hollow), (Counts{0, 0, 0, 0, 0, 1, 0}));
  EXPECT_EQ(check_surface(hollow).nested, 1);
  EXPECT_EQ(repair_surface(hollow).turned, hollow.size() / 2);
  EXPECT_EQ(defects(hollow), kSound);
  // Inside another conductor, the copy is a separate conductor.
  EXPECT_EQ(defects(with_copy(cube(), {0.25, 0.25, 0.25}, 0.5)), kSound);
}

TEST(CheckSurface, FindsTrianglesWithoutArea) {
  Surface surface = cube();
  // A new vertex on an edge splits one of its two triangles; a triangle without area closes the gap.
  const Corners v = surface.triangles[0];
  const Point &a = surface.corner(0, 0), &b = surface.corner(0, 1);
  surface.vertices.push_back({(a[0] + b[0]) / 2, (a[1] + b[1]) / 2, (a[2] + b[2]) / 2});
  const auto m = static_cast<std::int32_t>(surface.vertices.size() - 1);
  surface.triangles[0] = {v[0], m, v[2]};
  surface.triangles.insert(surface.triangles.end(), {{m, v[1], v[2]}, {v[0], v[1], m}});
  surface.conductor.insert(surface.conductor.end(), {0, 0});
  EXPECT_EQ(check_surface(surface)[Defect::degenerate].count, 1);
  EXPECT_EQ(check_surface(surface)[Defect::open].count, 0);
  const Index before = surface.size();
  EXPECT_EQ(repair_surface(surface).degenerate, 1);
  EXPECT_EQ(surface.size(), before);
  EXPECT_EQ(defects(surface), kSound);

  surface.triangles.push_back({m, m, v[0]});
  surface.conductor.push_back(0);
  EXPECT_EQ(check_surface(surface)[Defect::degenerate].count, 1);
  repair_surface(surface);
  EXPECT_EQ(defects(surface), kSound);
}

TEST(CheckSurface, FindsConductorsThatCrossCoverOrCutEachOther) {
  EXPECT_GT(check_surface(with_copy(cube(), {0.31, 0.27, 0.43}))[Defect::overlap].count, 3);
  EXPECT_GT(check_surface(with_copy(cube(), {1, 0, 0}))[Defect::overlap].count, 17);  // two faces coincide
  EXPECT_GT(check_surface(with_copy(cube(), {1, 0.1, 0.23}))[Defect::overlap].count, 17);
  EXPECT_EQ(defects(with_copy(cube(), {1.001, 0.1, 0.2})), kSound);
  EXPECT_EQ(check_surface(with_copy(cube(), {0.3, 0, 0}), {.find_overlaps = false})[Defect::overlap].count,
            0);
}

TEST(CheckSurface, FindsSurfacesFoldedOntoThemselves) {
  Surface sheet;
  sheet.vertices = {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0.2, 0.7, 0}, {-1, -1, 0}, {0.3, -0.1, 0}, {0.3, 2, 0}};
  sheet.conductors = {"sheet"};
  const auto overlaps = [&](std::vector<Corners> triangles) {
    sheet.triangles = std::move(triangles);
    sheet.conductor.assign(sheet.triangles.size(), 0);
    return check_surface(sheet, {.allow_open = true})[Defect::overlap].count;
  };
  EXPECT_EQ(overlaps({{0, 1, 2}, {1, 0, 3}}), 1);  // on the same side of their common edge
  EXPECT_EQ(overlaps({{0, 1, 2}, {1, 0, 4}}), 0);
  EXPECT_EQ(overlaps({{0, 1, 2}, {0, 5, 6}}), 1);  // one common vertex, edges cross
  EXPECT_EQ(overlaps({{0, 1, 2}, {0, 4, 5}}), 0);
}

}  // namespace
}  // namespace octopole::bem

#include "tree/morton.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "octopole/error.hpp"
#include "tests/support/points.hpp"

namespace octopole::morton {
namespace {

RootCube around(const std::vector<double>& points) {
  Bounds bounds = Bounds::empty();
  bounds.include(points);
  return RootCube::enclosing(bounds);
}

TEST(RootCube, EnclosesItsPointsWithoutWaste) {
  for (const auto& shape : test::kDistributions) {
    const auto points = test::make_points(shape, 500);
    const RootCube cube = around(points);
    Bounds bounds = Bounds::empty();
    bounds.include(points);
    double extent = 0;
    for (std::size_t c = 0; c < 3; ++c) {
      EXPECT_LE(cube.corner[c], bounds.lower[c]);
      EXPECT_GE(cube.corner[c] + cube.side, bounds.upper[c]);
      extent = std::max(extent, bounds.upper[c] - bounds.lower[c]);
    }
    EXPECT_LE(cube.side, extent * 1.001) << shape;
  }
}

TEST(RootCube, EveryPointLiesInItsNode) {
  const auto points = test::make_points("cube", 300);
  const RootCube cube = around(points);
  for (std::size_t i = 0; i < points.size(); i += 3) {
    const Code code = cube.encode(points[i], points[i + 1], points[i + 2]);
    for (int level : {0, 1, 5, 12}) {
      const NodeCube node = cube.node(NodeKey::containing(code, level).anchor());
      const auto centre = cube.place(node.centre[0], node.centre[1], node.centre[2]);
      for (std::size_t c = 0; c < 3; ++c)
        EXPECT_LE(std::abs(points[i + c] - centre[c]), cube.unit * node.half * (1 + 1e-12));
    }
  }
}

TEST(RootCube, FarCornerBelongsToTheLastCell) {
  const RootCube cube = around({0, 0, 0, 1, 1, 1});
  EXPECT_EQ(cube.side, 1);
  EXPECT_EQ(cube.encode(1, 1, 1), kCodeEnd - 1);
  EXPECT_EQ(cube.encode(0, 0, 0), 0u);
  EXPECT_EQ(NodeKey::containing(cube.encode(0.5, 0.5, 0.5), 1).octant(),
            7);  // an inner face belongs to the upper cell
}

TEST(RootCube, CoincidentPointsGetAProperCube) {
  for (double place : {0.0, 1.0, -1e8, 1e-200}) {
    const RootCube cube = around({place, place, place, place, place, place});
    EXPECT_GT(cube.side, 0);
    EXPECT_TRUE(std::isfinite(1 / cube.node(NodeKey::containing(0, 20).anchor()).half));
    EXPECT_LT(cube.encode(place, place, place), kCodeEnd);
  }
}

TEST(RootCube, NodeCentresAreExact) {
  const RootCube cube = around(test::make_points("sphere", 1000));
  for (int level = 0; level <= 20; ++level) {
    const NodeCube a = cube.node({0, 0, 0, level}), b = cube.node({(1 << level) - 1, 0, 0, level});
    EXPECT_EQ(a.centre[0] - a.half, cube.corner[0]);
    EXPECT_EQ(b.centre[0] + b.half, cube.corner[0] + cube.side);
  }
}

TEST(RootCube, NodesAreExactFarFromTheOrigin) {
  for (double offset : {1e3, -1e8, 1e11}) {
    std::vector<double> points = test::make_points("cube", 100);
    for (std::size_t i = 0; i < points.size(); i += 3) points[i] += offset;  // one axis only
    const RootCube cube = around(points);
    EXPECT_EQ(cube.frame[0], cube.corner[0]);
    EXPECT_EQ(cube.frame[1], 0);
    const NodeCube a = cube.node({5, 0, 0, 20}), b = cube.node({6, 0, 0, 20});
    EXPECT_EQ(b.centre[0] - a.centre[0], 2 * a.half);
    for (std::size_t i = 0; i < points.size(); i += 3) {
      EXPECT_EQ((points[i] - cube.frame[0]) + cube.frame[0], points[i]);  // the shift is exact
      const Code code = cube.encode(points[i], points[i + 1], points[i + 2]);
      const NodeCube node = cube.node(NodeKey::containing(code, 12).anchor());
      EXPECT_LE(std::abs((points[i] - cube.frame[0]) / cube.unit - node.centre[0]), node.half * (1 + 1e-12));
    }
  }
}

TEST(RootCube, RefusesExtentsThatOverflow) {
  EXPECT_THROW(around({-1e308, 0, 0, 1e308, 0, 0}), Error);
}

}  // namespace
}  // namespace octopole::morton

#include "io/point_distributions.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace octopole {
namespace {

class EachShape : public testing::TestWithParam<Shape> {};

TEST_P(EachShape, AnySplitGivesTheSameCloud) {
  const std::vector<double> whole = make_positions(GetParam(), 0, 1000, 7);
  for (const Index cut : {0, 1, 333, 999, 1000}) {
    std::vector<double> parts = make_positions(GetParam(), 0, cut, 7);
    const std::vector<double> rest = make_positions(GetParam(), cut, 1000 - cut, 7);
    parts.insert(parts.end(), rest.begin(), rest.end());
    EXPECT_EQ(parts, whole) << "cut at " << cut;
  }
}

TEST_P(EachShape, SeedsAndStreamsDiffer) {
  const std::vector<double> positions = make_positions(GetParam(), 0, 100, 7);
  EXPECT_NE(positions, make_positions(GetParam(), 0, 100, 8));
  EXPECT_NE(positions, make_positions(GetParam(), 0, 100, 7, RngStream::targets));
}

TEST_P(EachShape, IsFiniteFarInTheSequence) {
  for (const double x : make_positions(GetParam(), Index{10'000'000'000}, 1000, 3))
    EXPECT_TRUE(std::isfinite(x));
}

TEST_P(EachShape, HasItsName) {
  EXPECT_EQ(parse_shape(shape_name(GetParam())), GetParam());
}

INSTANTIATE_TEST_SUITE_P(PointDistributions, EachShape, testing::ValuesIn(kShapes),
                         [](const auto& parameter) { return std::string(shape_name(parameter.param)); });

TEST(PointDistributions, SphereAndEllipsoidLieOnTheirSurfaces) {
  const std::vector<double> sphere = make_positions(Shape::sphere, 0, 500, 1);
  const std::vector<double> ellipsoid = make_positions(Shape::ellipsoid, 0, 500, 1);
  for (std::size_t i = 0; i < 1500; i += 3) {
    EXPECT_NEAR(std::hypot(sphere[i], sphere[i + 1], sphere[i + 2]), 1, 1e-14);
    EXPECT_NEAR(std::hypot(ellipsoid[i], ellipsoid[i + 1], ellipsoid[i + 2] / 4), 1, 1e-14);
  }
}

TEST(PointDistributions, CubeIsUniform) {
  constexpr Index n = 20000;
  const std::vector<double> cube = make_positions(Shape::cube, 0, n, 5);
  double sum[3] = {}, square[3] = {};
  for (std::size_t i = 0; i < cube.size(); ++i) {
    ASSERT_GE(cube[i], 0);
    ASSERT_LT(cube[i], 1);
    sum[i % 3] += cube[i];
    square[i % 3] += cube[i] * cube[i];
  }
  for (int c = 0; c < 3; ++c) {
    EXPECT_NEAR(sum[c] / n, 1.0 / 2, 0.01);
    EXPECT_NEAR(square[c] / n, 1.0 / 3, 0.01);
  }
}

TEST(PointDistributions, PlummerHasHalfItsMassWithinTheKnownRadius) {
  constexpr Index n = 20000;
  const std::vector<double> positions = make_positions(Shape::plummer, 0, n, 5);
  const double half_mass_radius = 1 / std::sqrt(std::pow(0.5, -2.0 / 3) - 1);
  int within = 0;
  for (std::size_t i = 0; i < positions.size(); i += 3) {
    const double r = std::hypot(positions[i], positions[i + 1], positions[i + 2]);
    ASSERT_LT(r, 100);
    within += r < half_mass_radius;
  }
  EXPECT_NEAR(static_cast<double>(within) / n, 0.5, 0.02);
}

TEST(PointDistributions, ChargesAreUniformOrUnit) {
  const std::vector<double> charges = make_charges(Charges::uniform, 0, 20000, 5);
  double sum = 0;
  for (const double q : charges) {
    ASSERT_GE(q, -1);
    ASSERT_LE(q, 1);
    sum += q;
  }
  EXPECT_NEAR(sum / 20000, 0, 0.02);
  const std::vector<double> part = make_charges(Charges::uniform, 137, 10, 5);
  EXPECT_TRUE(std::equal(part.begin(), part.end(), charges.begin() + 137));
  EXPECT_EQ(make_charges(Charges::unit, 3, 2, 5), (std::vector<double>{1, 1}));
}

TEST(PointDistributions, UnknownNamesAreRefused) {
  EXPECT_THROW(parse_shape("torus"), Error);
  EXPECT_THROW(parse_charges("many"), Error);
}

}  // namespace
}  // namespace octopole

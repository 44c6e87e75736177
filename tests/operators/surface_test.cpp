#include "operators/surface.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "operators/translations.hpp"

using namespace octopole;

TEST(Surface, SizeAndExtent) {
  for (const int order : {2, 3, 6, 9}) {
    const auto surface = make_surface<double>(order, 1.05);
    ASSERT_EQ(surface.size(), surface_size(order));
    for (Index i = 0; i < surface.size(); ++i)
      EXPECT_DOUBLE_EQ(std::max({std::abs(surface.x[i]), std::abs(surface.y[i]), std::abs(surface.z[i])}),
                       1.05);
  }
}

TEST(Surface, MirrorsAreInvolutionsThatReflectTheOctantsAxes) {
  OperatorKey key;
  key.order = key.check_order = key.downward_check_order = 5;
  Translations<double> t;
  lay_out_surfaces(key, t);
  const auto& s = t.upward_equivalent;
  for (int octant = 0; octant < 8; ++octant) {
    ASSERT_EQ(static_cast<Index>(t.mirror[octant].size()), s.size());
    for (Index i = 0; i < s.size(); ++i) {
      const auto j = t.mirror[octant][i];
      EXPECT_EQ(t.mirror[octant][j], i);
      EXPECT_EQ(s.x[j], octant & 1 ? -s.x[i] : s.x[i]);
      EXPECT_EQ(s.y[j], octant & 2 ? -s.y[i] : s.y[i]);
      EXPECT_EQ(s.z[j], octant & 4 ? -s.z[i] : s.z[i]);
    }
  }
}

TEST(Surface, ImpossibleKeysAreRefused) {
  Translations<double> t;
  OperatorKey key;
  key.order = 1;
  EXPECT_THROW(lay_out_surfaces(key, t), Error);
  key = {};
  key.outer_radius = 1.0;
  EXPECT_THROW(lay_out_surfaces(key, t), Error);
  key = {};
  key.check_order = 5;
  EXPECT_THROW(lay_out_surfaces(key, t), Error);
  key = {};
  key.precision = Precision::single_precision;
  EXPECT_THROW(lay_out_surfaces(key, t), Error);
}

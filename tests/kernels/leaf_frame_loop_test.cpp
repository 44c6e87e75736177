// The pair loop over leaf-relative points, for every instruction set of this machine: its sums and the pairs
// it skips make up the direct sum.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>
#include <vector>

#include "kernels/pair_loop.hpp"
#include "octopole/kernels.hpp"
#include "simd/isa.hpp"

namespace octopole {
namespace {

constexpr double kMinDistance = 0.2;

/// Leaves stored one after another, the first of which acts on the others.
struct Leaves {
  struct Leaf {
    double half, x, y, z;
    Index first, count;
  };
  std::vector<Leaf> leaves;
  std::vector<float> x, y, z, charge;  // relative to their leaf
  std::vector<double> absolute[3], sums[4];
  std::set<std::pair<Index, Index>> left_out;

  void add(double half, double cx, double cy, double cz, Index count, unsigned seed) {
    std::mt19937 generator(seed);
    std::uniform_real_distribution<float> uniform(-1, 1);
    leaves.push_back({half, cx, cy, cz, static_cast<Index>(x.size()), 0});
    for (Index i = 0; i < count; ++i) {
      const float px = uniform(generator), py = uniform(generator), pz = uniform(generator);
      push(px, py, pz, uniform(generator));
    }
  }
  /// Adds a point to the last leaf.
  void push(float px, float py, float pz, float q) {
    Leaf& leaf = leaves.back();
    x.push_back(px);
    y.push_back(py);
    z.push_back(pz);
    charge.push_back(q);
    absolute[0].push_back(leaf.x + leaf.half * double(px));
    absolute[1].push_back(leaf.y + leaf.half * double(py));
    absolute[2].push_back(leaf.z + leaf.half * double(pz));
    ++leaf.count;
  }

  LeafFrameArrays arrays() const {
    return {x.data(), y.data(), z.data(), charge.data(), static_cast<Index>(x.size())};
  }
  ResultArrays<double> clear(bool gradient) {
    for (auto& s : sums) s.assign(x.size(), 0);
    left_out.clear();
    return {{sums[0].data(), sums[1].data(), sums[2].data(), sums[3].data()}, {1, gradient ? 1 : 0}};
  }
  static void take(void* to, Index a, Index b) {
    EXPECT_TRUE(static_cast<Leaves*>(to)->left_out.insert({a, b}).second)
        << "reported twice: " << a << ' ' << b;
  }
  ClosePairs close() { return {&take, this}; }
  LeafFrame first() const {
    return {leaves[0].first, leaves[0].count, static_cast<float>(kMinDistance * kMinDistance),
            1 / leaves[0].half, 1 / (leaves[0].half * leaves[0].half)};
  }
  std::vector<LeafFramePartner> partners() const {
    std::vector<LeafFramePartner> partners;
    const Leaf& a = leaves[0];
    for (std::size_t l = 1; l < leaves.size(); ++l) {
      const Leaf& b = leaves[l];
      const auto shift = [&](double to, double from) { return static_cast<float>((to - from) / a.half); };
      partners.push_back({b.first, b.count, static_cast<float>(b.half / a.half), shift(b.x, a.x),
                          shift(b.y, a.y), shift(b.z, a.z)});
    }
    return partners;
  }
  double distance(Index a, Index b) const {
    double r2 = 0;
    for (const auto& c : absolute) r2 += std::pow(c[std::size_t(a)] - c[std::size_t(b)], 2);
    return std::sqrt(r2);
  }

  /// Minimum distance of the first leaf's points from point b to be summed here: kMinDistance half sides of
  /// the larger leaf.
  double min_distance_of(Index b) const {
    double half = leaves[0].half;
    for (const Leaf& leaf : leaves)
      if (b >= leaf.first && b < leaf.first + leaf.count) half = std::max(half, leaf.half);
    return kMinDistance * half;
  }

  /// Expects that, of all pairs (a, b) in `wanted`, those closer than the minimum distance are skipped, the
  /// others summed.
  template <class Wanted>
  void expect_sums(bool gradient, double tolerance, const Wanted& wanted) const {
    std::vector<double> expected[4];
    for (auto& e : expected) e.assign(x.size(), 0);
    const auto n = static_cast<Index>(x.size());
    for (Index a = leaves[0].first; a < leaves[0].first + leaves[0].count; ++a)
      for (Index b = 0; b < n; ++b) {
        if (!wanted(a, b)) continue;
        const double r = distance(a, b), min_distance = min_distance_of(b);
        const bool out = left_out.count({a, b}) > 0;
        if (std::abs(r - min_distance) > 1e-4 * min_distance) {
          EXPECT_EQ(out, r < min_distance) << a << ' ' << b;
        }
        if (out) continue;
        const double qa = double(charge[std::size_t(a)]), qb = double(charge[std::size_t(b)]);
        expected[0][std::size_t(a)] += qb / r;
        expected[0][std::size_t(b)] += qa / r;
        for (std::size_t c = 0; c < 3; ++c) {
          const double f = (absolute[c][std::size_t(a)] - absolute[c][std::size_t(b)]) / (r * r * r);
          expected[c + 1][std::size_t(a)] -= qb * f;
          expected[c + 1][std::size_t(b)] += qa * f;
        }
      }
    for (std::size_t k = 0; k < (gradient ? 4 : 1); ++k) {
      double error = 0, norm = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        error += std::pow(sums[k][i] - expected[k][i], 2);
        norm += std::pow(expected[k][i], 2);
        if (expected[k][i] == 0) {
          EXPECT_EQ(sums[k][i], 0) << "point " << i << " has no partner";
        }
      }
      EXPECT_LE(std::sqrt(error), tolerance * std::sqrt(norm)) << "part " << k;
    }
  }
};

class LeafFrameLoop : public testing::TestWithParam<simd::Isa> {
 protected:
  void SetUp() override { simd::force_isa(GetParam()); }
  void TearDown() override { simd::force_isa(before_); }
  static double tolerance(bool estimate) {
    const bool estimated = GetParam() == simd::Isa::avx512 || GetParam() == simd::Isa::avx2_reproducible;
    return estimate && estimated ? 3e-4 : 5e-6;
  }

 private:
  simd::Isa before_ = simd::active_isa();
};

/// A leaf with many smaller, larger and empty partners, some with gaps between them in memory; covers pieces
/// of the leaf, parts of the row and the end of the arrays.
Leaves leaf_and_partners(Index count) {
  Leaves all;
  all.add(0.5, 0, 0, 0, count, 1);
  for (int l = 0; l < 80; ++l) {
    const double half = l % 9 == 0 ? 1.0 : l % 3 == 0 ? 0.25 : 0.5, at = 0.5 + half;
    all.add(half, l % 2 ? at : -at, 0.25 * (l % 5), l % 7 < 3 ? at : 0, l % 19, unsigned(10 + l));
  }
  all.add(0.5, 0, 1, 0, 1100, 2);
  all.add(0.5, 0, -1, 0, 3, 3);
  return all;
}

TEST_P(LeafFrameLoop, LeafAndPartners) {
  for (const Index count : {0, 1, 15, 16, 17, 33, 64, 65, 128, 150, 300}) {
    Leaves all = leaf_and_partners(count);
    std::vector<LeafFramePartner> partners = all.partners();
    std::vector<LeafFramePartner> some;  // not contiguous in memory
    std::vector<bool> acts(all.x.size());
    for (std::size_t l = 0; l < partners.size(); ++l)
      if (l % 4 != 3) {
        some.push_back(partners[l]);
        for (Index i = 0; i < some.back().count; ++i) acts[std::size_t(some.back().first + i)] = true;
      }
    for (const bool gradient : {false, true})
      for (const bool estimate : {false, true}) {
        SCOPED_TRACE(testing::Message()
                     << count << " points, gradient " << gradient << ", estimate " << estimate);
        pair_symmetric_leaf_frame(Laplace{}, all.arrays(), all.clear(gradient), all.first(), some.data(),
                                  static_cast<Index>(some.size()), estimate, all.close());
        all.expect_sums(gradient, tolerance(estimate),
                        [&](Index, Index b) { return bool(acts[std::size_t(b)]); });
        if (count == 300) {
          EXPECT_GT(all.left_out.size(), 3U) << "no close pair was met";
        }
      }
  }
}

TEST_P(LeafFrameLoop, ManySmallPartners) {
  Leaves all;
  all.add(0.5, 0, 0, 0, 120, 1);
  for (int l = 0; l < 400; ++l)
    all.add(0.125, l % 2 ? 0.5 : -0.5, 0.1 * (l % 9) - 0.4, 0.1 * (l % 7), l % 3, unsigned(l));
  const std::vector<LeafFramePartner> partners = all.partners();
  for (const bool gradient : {false, true}) {
    pair_symmetric_leaf_frame(Laplace{}, all.arrays(), all.clear(gradient), all.first(), partners.data(),
                              static_cast<Index>(partners.size()), false, all.close());
    EXPECT_GT(all.left_out.size(), 10U);
    all.expect_sums(gradient, 1e-5, [](Index, Index b) { return b >= 120; });
  }
}

TEST_P(LeafFrameLoop, PartnerOfManyTimesTheSize) {
  // Without 2:1 balance. Padding of the row lies closer to the partner's points than the minimum distance.
  Leaves all;
  all.add(0.5, 0, 0, 0, 15, 1);
  all.add(512, 512.5, 0, 0, 32, 2);
  all.push(-12.5F / 512, 0, 0, 1);
  const std::vector<LeafFramePartner> partners = all.partners();
  for (const bool gradient : {false, true}) {
    pair_symmetric_leaf_frame(Laplace{}, all.arrays(), all.clear(gradient), all.first(), partners.data(), 1,
                              false, all.close());
    for (const auto& [a, b] : all.left_out) EXPECT_TRUE(a < 15 && b >= 15) << a << ' ' << b;
    all.expect_sums(gradient, 1e-4, [](Index, Index b) { return b >= 15; });
  }
}

TEST_P(LeafFrameLoop, WithinLeaf) {
  for (const Index count : {1, 2, 16, 31, 64, 65, 127, 129, 200, 700}) {
    Leaves all;
    all.add(2.0, 1, 2, 3, count, 5);
    const Index twin = count / 2;
    all.push(all.x[std::size_t(twin)], all.y[std::size_t(twin)], all.z[std::size_t(twin)],
             1);                   // coincident with `twin`
    all.add(2.0, 5, 2, 3, 20, 6);  // receives nothing
    const Index end = count + 1;
    for (const bool gradient : {false, true})
      for (const bool estimate : {false, true}) {
        SCOPED_TRACE(testing::Message()
                     << count << " points, gradient " << gradient << ", estimate " << estimate);
        pair_self_leaf_frame(Laplace{}, all.arrays(), all.clear(gradient), all.first(), estimate,
                             all.close());
        EXPECT_EQ(all.left_out.count({twin, count}), 1U);
        all.expect_sums(gradient, tolerance(estimate), [&](Index a, Index b) { return a < b && b < end; });
      }
  }
}

INSTANTIATE_TEST_SUITE_P(AllIsas, LeafFrameLoop, testing::ValuesIn(simd::available_isas()),
                         [](const auto& param) { return std::string(simd::isa_name(param.param)); });

}  // namespace
}  // namespace octopole

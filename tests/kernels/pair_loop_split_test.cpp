// The pair loop over points of two floats per coordinate against the direct sum, for every instruction set.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "kernels/direct.hpp"
#include "kernels/pair_loop.hpp"
#include "octopole/kernels.hpp"
#include "simd/isa.hpp"

using namespace octopole;

namespace {

/// Points that equal the sums of their high and low parts exactly, in double.
struct Cloud {
  std::vector<float> part[2][3], charge;
  std::vector<double> interleaved;

  void push(double x, double y, double z, float q) {
    const double point[3] = {x, y, z};
    for (std::size_t c = 0; c < 3; ++c) {
      const float high = static_cast<float>(point[c]), low = static_cast<float>(point[c] - double(high));
      part[0][c].push_back(high);
      part[1][c].push_back(low);
      interleaved.push_back(double(high) + double(low));
    }
    charge.push_back(q);
  }
  Index size() const { return static_cast<Index>(charge.size()); }
  TargetArrays<float> targets() const {
    return {part[0][0].data(), part[0][1].data(), part[0][2].data(), size()};
  }
  SourceArrays<float> sources() const {
    return {part[0][0].data(), part[0][1].data(), part[0][2].data(), charge.data(), size()};
  }
  LowParts<float> low() const { return {part[1][0].data(), part[1][1].data(), part[1][2].data()}; }
};

Cloud random_cloud(Index count, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  Cloud cloud;
  for (Index i = 0; i < count; ++i) {
    const double x = uniform(generator), y = uniform(generator), z = uniform(generator);
    cloud.push(x, y, z, static_cast<float>(uniform(generator)));
  }
  return cloud;
}

/// A point at `distance` in a random direction from every point of `cloud`.
Cloud beside(const Cloud& cloud, double distance, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal;
  Cloud result;
  for (std::size_t i = 0; i < cloud.charge.size(); ++i) {
    const double x = normal(generator), y = normal(generator), z = normal(generator);
    const double s = distance / std::sqrt(x * x + y * y + z * z);
    const double* p = &cloud.interleaved[3 * i];
    result.push(p[0] + s * x, p[1] + s * y, p[2] + s * z, 0.5F + static_cast<float>(i % 7) / 8);
  }
  return result;
}

double squared_distance(const Cloud& a, Index i, const Cloud& b, Index j) {
  double r2 = 0;
  for (Index c = 0; c < 3; ++c)
    r2 += std::pow(a.interleaved[std::size_t(3 * i + c)] - b.interleaved[std::size_t(3 * j + c)], 2);
  return r2;
}

constexpr float kSmallest = std::numeric_limits<float>::min();  // only pairs that coincide in floats
constexpr float kReach = 0x1p-20F;

/// Pairs that a loop skips, and their contributions to its sums.
struct LeftOut {
  const Cloud &targets, &sources;
  float least;
  std::set<std::pair<Index, Index>> pairs;

  static void take(void* to, Index a, Index b) {
    auto& left_out = *static_cast<LeftOut*>(to);
    ASSERT_TRUE(a >= 0 && a < left_out.targets.size() && b >= 0 && b < left_out.sources.size());
    EXPECT_TRUE(left_out.pairs.insert({a, b}).second) << "reported twice: " << a << ' ' << b;
  }
  CloseGuard guard() { return {least, {&take, this}}; }

  /// Expects all pairs within reach and no others.
  void expect_all() const {
    for (Index i = 0; i < targets.size(); ++i)
      for (Index j = 0; j < sources.size(); ++j) {
        const double r2 = squared_distance(targets, i, sources, j);
        if (std::abs(r2 - double(least)) > 1e-5 * double(least)) {
          EXPECT_EQ(pairs.count({i, j}) == 1, r2 < double(least)) << i << ' ' << j << ' ' << r2;
        }
      }
  }
  /// Adds their contributions to target i's four sums, without the constant.
  void add(Index i, double (&sums)[4]) const {
    for (auto p = pairs.lower_bound({i, 0}); p != pairs.end() && p->first == i; ++p) {
      const double r2 = squared_distance(targets, i, sources, p->second);
      if (r2 == 0) continue;
      const double q = double(sources.charge[std::size_t(p->second)]), r = std::sqrt(r2);
      sums[0] += q / r;
      for (Index c = 0; c < 3; ++c)
        sums[c + 1] -= q / r / r2 *
                       (targets.interleaved[std::size_t(3 * i + c)] -
                        sources.interleaved[std::size_t(3 * p->second + c)]);
    }
  }
};

/// Compares both loops with the direct sum; errors of each target relative to the sum of its absolute terms.
void compare(const Cloud& targets, const Cloud& sources, double tolerance, float least = kSmallest) {
  const Laplace kernel;
  const auto m = static_cast<std::size_t>(targets.size());
  const std::vector<double> charges(sources.charge.begin(), sources.charge.end());
  std::vector<double> u(m), g(3 * m);
  direct_sum(kernel, targets.interleaved, sources.interleaved, charges, u, g);
  LeftOut left_out{targets, sources, least, {}};
  // A sentinel after the last result, which must not change.
  std::vector<float> only(m + 1, 0), both[4];
  only[m] = -77;
  for (auto& v : both) v = only;
  pair_potential_split(kernel, targets.targets(), targets.low(), sources.sources(), sources.low(),
                       left_out.guard(), only.data());
  left_out.expect_all();
  const auto pairs = std::exchange(left_out.pairs, {});
  pair_gradient_split(kernel, targets.targets(), targets.low(), sources.sources(), sources.low(),
                      left_out.guard(), both[0].data(), both[1].data(), both[2].data(), both[3].data());
  EXPECT_EQ(left_out.pairs, pairs);
  for (const auto* v : {&only, &both[0], &both[1], &both[2], &both[3]}) EXPECT_EQ(v->back(), -77);
  for (std::size_t i = 0; i < m; ++i) {
    double size = 0, gradient_size = 0;
    for (std::size_t j = 0; j < charges.size(); ++j) {
      const double r2 = squared_distance(targets, Index(i), sources, Index(j));
      if (r2 == 0) continue;
      size += std::abs(charges[j]) / std::sqrt(r2);
      gradient_size += std::abs(charges[j]) / r2;
    }
    double left[4] = {};
    left_out.add(Index(i), left);
    ASSERT_NEAR(double(only[i]) + left[0], u[i] / Laplace::constant, tolerance * size);
    ASSERT_NEAR(double(both[0][i]) + left[0], u[i] / Laplace::constant, tolerance * size);
    for (std::size_t c = 0; c < 3; ++c)
      ASSERT_NEAR(double(both[c + 1][i]) + left[c + 1], g[3 * i + c] / Laplace::constant,
                  3 * tolerance * gradient_size);
  }
}

class PairLoopSplit : public ::testing::TestWithParam<simd::Isa> {
 protected:
  void SetUp() override {
    before_ = simd::active_isa();
    simd::force_isa(GetParam());
  }
  void TearDown() override { simd::force_isa(before_); }

 private:
  simd::Isa before_{};
};

TEST_P(PairLoopSplit, EveryNumberOfTargetsWithClosePairs) {
  for (Index m = 0; m <= 40; ++m) {
    const Cloud targets = random_cloud(m, 1 + static_cast<unsigned>(m));
    compare(targets, random_cloud(23, 2), 3e-6);
    compare(targets, beside(targets, 1e-7, 3), 3e-6);
  }
}

TEST_P(PairLoopSplit, EveryDistance) {
  const Cloud targets = random_cloud(43, 4);
  for (int e = 3; e <= 12; ++e) {
    SCOPED_TRACE(e);
    const double distance = std::pow(10.0, -e);
    // The difference of the low parts, at most 2^-24, is rounded to 2^-49 in each coordinate.
    compare(targets, beside(targets, distance, 5), 1e-6 + std::sqrt(3.0) * 0x1p-49 / distance);
  }
}

TEST_P(PairLoopSplit, EqualHighPartsKeepAllDigits) {
  // Only the low parts distinguish the points, and their difference is as exact as a float.
  Cloud targets = random_cloud(43, 6);
  for (int e = 9; e <= 12; ++e) {
    SCOPED_TRACE(e);
    Cloud sources;
    for (std::size_t i = 0; i < targets.charge.size(); ++i) {
      for (std::size_t c = 0; c < 3; ++c) targets.part[1][c][i] = 0;
      double point[3];
      for (std::size_t c = 0; c < 3; ++c) {
        targets.interleaved[3 * i + c] = double(targets.part[0][c][i]);
        point[c] = targets.interleaved[3 * i + c] + std::pow(10.0, -e) * (double(c) - 0.75);
      }
      sources.push(point[0], point[1], point[2], 1);
    }
    compare(targets, sources, 1e-6);
  }
}

TEST_P(PairLoopSplit, OnlyPointsThatAgreeInBothPartsAreCoincident) {
  const Cloud cloud = random_cloud(37, 7);
  compare(cloud, cloud, 3e-6);
  const float zero = 0, x = 0.75F, low = 0x1p-40F, smaller = 0x1p-41F, charge = 2;
  const TargetArrays<float> target{&x, &x, &x, 1};
  const SourceArrays<float> source{&x, &x, &x, &charge, 1};
  float u = 0, gx = 0, gy = 0, gz = 0;
  int left_out = 0;
  const CloseGuard guard{kSmallest, {[](void* to, Index, Index) { ++*static_cast<int*>(to); }, &left_out}};
  pair_gradient_split(Laplace{}, target, {&low, &zero, &zero}, source, {&low, &zero, &zero}, guard, &u, &gx,
                      &gy, &gz);
  EXPECT_EQ(left_out, 1);
  for (const float value : {u, gx, gy, gz}) EXPECT_EQ(value, 0);
  pair_gradient_split(Laplace{}, target, {&low, &zero, &zero}, source, {&smaller, &zero, &zero}, guard, &u,
                      &gx, &gy, &gz);
  EXPECT_EQ(left_out, 1);
  EXPECT_NEAR(double(u) * 0x1p-41, 2, 2e-6);
  EXPECT_NEAR(double(gx) * 0x1p-82, -2, 6e-6);
  EXPECT_EQ(gy, 0);
  EXPECT_EQ(gz, 0);
  // High and low parts that differ and cancel: the same point.
  const float above = x + 0x1p-20F, back = -0x1p-20F;
  u = 0;
  pair_potential_split(Laplace{}, TargetArrays<float>{&above, &x, &x, 1}, {&back, &zero, &zero}, source,
                       {&zero, &zero, &zero}, guard, &u);
  EXPECT_EQ(u, 0);
  EXPECT_EQ(left_out, 2);
}

TEST_P(PairLoopSplit, SquaresBelowTheNormalNumbersAreLeftOut) {
  const float zero = 0, charge = 1;
  for (const float x : {1.1e-19F, 1e-15F, 1e-10F, 1.07e-19F, 1e-25F, 0.0F}) {
    float u = 0;
    int left_out = 0;
    pair_potential_split(Laplace{}, TargetArrays<float>{&zero, &zero, &zero, 1}, {&x, &zero, &zero},
                         SourceArrays<float>{&zero, &zero, &zero, &charge, 1}, {&zero, &zero, &zero},
                         {kSmallest, {[](void* to, Index, Index) { ++*static_cast<int*>(to); }, &left_out}},
                         &u);
    const bool told_apart = x > 1.08e-19F;
    EXPECT_EQ(left_out, told_apart ? 0 : 1) << x;
    if (told_apart)
      EXPECT_NEAR(double(u) * double(x), 1, 2e-6);
    else
      EXPECT_EQ(u, 0);
  }
}

/// A cloud of n points: one near each of `others`, then random ones, and some near ones again at the end.
Cloud around(const Cloud& others, Index n, double distance) {
  Cloud cloud = beside(others, distance, 5);
  const Cloud random = random_cloud(n, 6);
  for (Index i = cloud.size(); i < n; ++i) {
    const Index k = n - i <= others.size() / 2 ? (i - n + others.size()) % others.size() : -1;
    const double* p =
        k < 0 ? &random.interleaved[std::size_t(3 * i)] : &cloud.interleaved[std::size_t(3 * k)];
    cloud.push(p[0], p[1], p[2], random.charge[std::size_t(i)]);
  }
  return cloud;
}

TEST_P(PairLoopSplit, ClosePairsAreLeftOutAndReported) {
  for (const double distance : {0.0, 1e-30, 1e-14, 3e-7, 0.99 * double(kReach), 1.01 * double(kReach)})
    for (const Index m : {1, 2, 3, 15, 16, 17, 31, 32, 33, 50})
      for (const Index n : {1, 16, 31, 32, 33, 64, 65, 127, 128, 129, 257, 300}) {
        SCOPED_TRACE(testing::Message() << distance << ' ' << m << ' ' << n);
        const Cloud targets = random_cloud(m, 4);
        compare(targets, around(targets, n, distance), 3e-6, kReach * kReach);
      }
}

TEST_P(PairLoopSplit, AllPairsMayBeClose) {
  Cloud targets, sources;
  std::mt19937 generator(3);
  std::uniform_real_distribution<double> uniform(-1e-22, 1e-22);
  for (Index i = 0; i < 150; ++i) {
    const double x = uniform(generator), y = uniform(generator), z = uniform(generator);
    (i < 37 ? targets : sources).push(x, y, z, i % 2 ? 1.0F : -0.5F);
  }
  compare(targets, sources, 1e-12, kReach * kReach);
}

INSTANTIATE_TEST_SUITE_P(AllIsas, PairLoopSplit, ::testing::ValuesIn(simd::available_isas()),
                         [](const auto& param) { return std::string(simd::isa_name(param.param)); });

/// A cloud as one side of symmetric pairs, padded as far as pair_symmetric_split may access it.
struct Side {
  explicit Side(const Cloud& cloud) : count(cloud.size()) {
    const auto size = static_cast<std::size_t>(padded(count) + kPaddedPoints);
    for (std::size_t part = 0; part < 2; ++part)
      for (std::size_t c = 0; c < 3; ++c) {
        values[part][c] = cloud.part[part][c];
        values[part][c].resize(size, 0.25F);
      }
    charge = cloud.charge;
    charge.resize(size, 0.0F);
    for (auto& v : results) v.assign(size, 0.0F);
    for (auto& v : in_double) v.assign(size, 0.0);
  }
  SymmetricArrays<float> arrays(bool gradient) {
    return {values[0][0].data(),
            values[0][1].data(),
            values[0][2].data(),
            charge.data(),
            count,
            {{results[0].data(), results[1].data(), results[2].data(), results[3].data()},
             {1, gradient ? 1 : 0}}};
  }
  LowParts<float> low() const { return {values[1][0].data(), values[1][1].data(), values[1][2].data()}; }
  ResultArrays<double> sums(bool gradient) {
    return {{in_double[0].data(), in_double[1].data(), in_double[2].data(), in_double[3].data()},
            {1, gradient ? 1 : 0}};
  }

  Index count;
  std::vector<float> values[2][3], charge, results[4];
  std::vector<double> in_double[4];
};

template <class T>
void expect_direct_sum(const Cloud& targets, const Cloud& sources, const std::vector<T> (&found)[4],
                       bool gradient, const LeftOut& left_out) {
  const auto n = static_cast<std::size_t>(targets.size());
  const std::vector<double> charge(sources.charge.begin(), sources.charge.end());
  std::vector<double> u(n), g(3 * n);
  direct_sum(Laplace{}, targets.interleaved, sources.interleaved, charge, u, g);
  double error = 0, norm = 0, g_error = 0, g_norm = 0;
  for (std::size_t i = 0; i < n; ++i) {
    double left[4] = {};
    left_out.add(Index(i), left);
    error += std::pow(Laplace::constant * (double(found[0][i]) + left[0]) - u[i], 2);
    norm += u[i] * u[i];
    for (std::size_t c = 0; c < 3 && gradient; ++c) {
      g_error += std::pow(Laplace::constant * (double(found[c + 1][i]) + left[c + 1]) - g[3 * i + c], 2);
      g_norm += g[3 * i + c] * g[3 * i + c];
    }
  }
  EXPECT_LE(error, 1e-12 * norm);
  EXPECT_LE(g_error, 1e-11 * g_norm);
}

TEST(SplitPairLoop, SymmetricEqualsBothDirectSums) {
  const auto before = simd::active_isa();
  for (const auto isa : simd::available_isas()) {
    simd::force_isa(isa);
    for (const Index na : {1, 7, 16, 17, 32, 50})
      for (const Index nb : {1, 5, 16, 128, 131, 300})
        for (const double distance : {0.0, 1e-25, 1e-13, 1e-6, 1e-5}) {
          const bool gradient = (na + nb) % 3 != 0;
          SCOPED_TRACE(testing::Message()
                       << simd::isa_name(isa) << ' ' << na << ' ' << nb << ' ' << distance);
          Cloud a = random_cloud(na, 1), b = beside(a, distance, 2);
          const Cloud more = random_cloud(nb, 3);
          for (Index i = b.size(); i < nb; ++i) {
            const double* p = more.interleaved.data() + 3 * i;
            b.push(p[0], p[1], p[2], more.charge[std::size_t(i)]);
          }
          if (na > 5) a.push(b.interleaved[0], b.interleaved[1], b.interleaved[2], 2.0F);  // one common point
          Side first(a), second(b);
          LeftOut to_a{a, b, kReach * kReach, {}}, to_b{b, a, kReach * kReach, {}};
          pair_symmetric_split(Laplace{}, first.arrays(gradient), first.low(), first.sums(gradient),
                               second.arrays(gradient), second.low(), to_a.guard());
          to_a.expect_all();
          for (const auto& [i, j] : to_a.pairs) to_b.pairs.insert({j, i});
          expect_direct_sum(a, b, first.in_double, gradient, to_a);
          expect_direct_sum(b, a, second.results, gradient, to_b);
          for (std::size_t i = std::size_t(b.size()); i < second.results[0].size(); ++i)
            EXPECT_EQ(second.results[0][i], 0) << "past the last point";
        }
  }
  simd::force_isa(before);
}

}  // namespace

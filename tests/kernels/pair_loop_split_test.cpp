// The pair loop over points of two parts against the direct sum, for every instruction set of this machine.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "octopole/kernels/direct.hpp"
#include "octopole/kernels/laplace.hpp"
#include "octopole/kernels/pair_loop.hpp"
#include "octopole/simd/isa.hpp"

using namespace octopole;

namespace {

/// Points that are what their two parts add up to, which is a double.
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

/// For every point of `cloud` one at `distance` in a random direction.
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

/// Compares both loops with the direct sum, each target relative to the sum of its absolute terms.
void compare(const Cloud& targets, const Cloud& sources, double tolerance) {
  const Laplace kernel;
  const auto m = static_cast<std::size_t>(targets.size());
  const std::vector<double> charges(sources.charge.begin(), sources.charge.end());
  std::vector<double> u(m), g(3 * m);
  direct_sum(kernel, targets.interleaved, sources.interleaved, charges, u, g);
  // A number behind the last result, which nobody may touch.
  std::vector<float> only(m + 1, 0), both[4];
  only[m] = -77;
  for (auto& v : both) v = only;
  pair_potential_split(kernel, targets.targets(), targets.low(), sources.sources(), sources.low(),
                       only.data());
  pair_gradient_split(kernel, targets.targets(), targets.low(), sources.sources(), sources.low(),
                      both[0].data(), both[1].data(), both[2].data(), both[3].data());
  for (const auto* v : {&only, &both[0], &both[1], &both[2], &both[3]}) EXPECT_EQ(v->back(), -77);
  for (std::size_t i = 0; i < m; ++i) {
    double size = 0, gradient_size = 0;
    for (std::size_t j = 0; j < charges.size(); ++j) {
      double r2 = 0;
      for (std::size_t c = 0; c < 3; ++c)
        r2 += std::pow(targets.interleaved[3 * i + c] - sources.interleaved[3 * j + c], 2);
      if (r2 == 0) continue;
      size += std::abs(charges[j]) / std::sqrt(r2);
      gradient_size += std::abs(charges[j]) / r2;
    }
    ASSERT_NEAR(double(only[i]), u[i] / Laplace::constant, tolerance * size);
    ASSERT_NEAR(double(both[0][i]), u[i] / Laplace::constant, tolerance * size);
    for (std::size_t c = 0; c < 3; ++c)
      ASSERT_NEAR(double(both[c + 1][i]), g[3 * i + c] / Laplace::constant, 3 * tolerance * gradient_size);
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
  // All that tells the points apart is in the low parts, whose difference is then as exact as a float.
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
  pair_gradient_split(Laplace{}, target, {&low, &zero, &zero}, source, {&low, &zero, &zero}, &u, &gx, &gy,
                      &gz);
  for (const float value : {u, gx, gy, gz}) EXPECT_EQ(value, 0);
  pair_gradient_split(Laplace{}, target, {&low, &zero, &zero}, source, {&smaller, &zero, &zero}, &u, &gx, &gy,
                      &gz);
  EXPECT_NEAR(double(u) * 0x1p-41, 2, 2e-6);
  EXPECT_NEAR(double(gx) * 0x1p-82, -2, 6e-6);
  EXPECT_EQ(gy, 0);
  EXPECT_EQ(gz, 0);
  // High and low parts that differ and cancel: the same point.
  const float above = x + 0x1p-20F, back = -0x1p-20F;
  u = 0;
  pair_potential_split(Laplace{}, TargetArrays<float>{&above, &x, &x, 1}, {&back, &zero, &zero}, source,
                       {&zero, &zero, &zero}, &u);
  EXPECT_EQ(u, 0);
}

TEST_P(PairLoopSplit, LowerLimitOfDistances) {
  const float zero = 0, charge = 1;
  for (const float x : {1.1e-19F, 1e-15F, 1e-10F}) {
    float u = 0;
    pair_potential_split(Laplace{}, TargetArrays<float>{&zero, &zero, &zero, 1}, {&x, &zero, &zero},
                         SourceArrays<float>{&zero, &zero, &zero, &charge, 1}, {&zero, &zero, &zero}, &u);
    EXPECT_NEAR(double(u) * double(x), 1, 2e-6);
  }
  const float x = 1.07e-19F;
  float u = 0;
  pair_potential_split(Laplace{}, TargetArrays<float>{&zero, &zero, &zero, 1}, {&x, &zero, &zero},
                       SourceArrays<float>{&zero, &zero, &zero, &charge, 1}, {&zero, &zero, &zero}, &u);
  EXPECT_EQ(u, 0);
}

INSTANTIATE_TEST_SUITE_P(AllIsas, PairLoopSplit, ::testing::ValuesIn(simd::available_isas()),
                         [](const auto& param) { return std::string(simd::isa_name(param.param)); });

/// A cloud as one side of mutual pairs, with as much behind its points as pair_mutual_split may touch.
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
    for (auto& v : wide) v.assign(size, 0.0);
  }
  MutualArrays<float> arrays(bool gradient) {
    return {values[0][0].data(),
            values[0][1].data(),
            values[0][2].data(),
            charge.data(),
            count,
            results[0].data(),
            gradient ? results[1].data() : nullptr,
            gradient ? results[2].data() : nullptr,
            gradient ? results[3].data() : nullptr};
  }
  LowParts<float> low() const { return {values[1][0].data(), values[1][1].data(), values[1][2].data()}; }
  WideSums sums(bool gradient) {
    return {wide[0].data(), gradient ? wide[1].data() : nullptr, gradient ? wide[2].data() : nullptr,
            gradient ? wide[3].data() : nullptr};
  }

  Index count;
  std::vector<float> values[2][3], charge, results[4];
  std::vector<double> wide[4];
};

template <class T>
void expect_direct_sum(const Cloud& targets, const Cloud& sources, const std::vector<T> (&found)[4],
                       bool gradient) {
  const auto n = static_cast<std::size_t>(targets.size());
  const std::vector<double> charge(sources.charge.begin(), sources.charge.end());
  std::vector<double> u(n), g(3 * n);
  direct_sum(Laplace{}, targets.interleaved, sources.interleaved, charge, u, g);
  double error = 0, norm = 0, g_error = 0, g_norm = 0;
  for (std::size_t i = 0; i < n; ++i) {
    error += std::pow(Laplace::constant * double(found[0][i]) - u[i], 2);
    norm += u[i] * u[i];
    for (std::size_t c = 0; c < 3 && gradient; ++c) {
      g_error += std::pow(Laplace::constant * double(found[c + 1][i]) - g[3 * i + c], 2);
      g_norm += g[3 * i + c] * g[3 * i + c];
    }
  }
  EXPECT_LE(error, 1e-12 * norm);
  EXPECT_LE(g_error, 1e-11 * g_norm);
}

TEST(SplitPairLoop, MutualEqualsBothDirectSums) {
  const auto before = simd::active_isa();
  for (const auto isa : simd::available_isas()) {
    simd::force_isa(isa);
    for (const Index na : {1, 7, 16, 17, 32, 50})
      for (const Index nb : {1, 5, 16, 128, 131, 300})
        for (const bool gradient : {false, true}) {
          SCOPED_TRACE(testing::Message() << simd::isa_name(isa) << ' ' << na << ' ' << nb);
          Cloud a = random_cloud(na, 1), b = beside(a, 1e-6, 2);  // close pairs, whose low parts count
          const Cloud more = random_cloud(nb, 3);
          for (Index i = b.size(); i < nb; ++i) {
            const double* p = more.interleaved.data() + 3 * i;
            b.push(p[0], p[1], p[2], more.charge[std::size_t(i)]);
          }
          if (na > 5) a.push(b.interleaved[0], b.interleaved[1], b.interleaved[2], 2.0F);  // one in common
          Side first(a), second(b);
          pair_mutual_split(Laplace{}, first.arrays(gradient), first.low(), first.sums(gradient),
                            second.arrays(gradient), second.low());
          expect_direct_sum(a, b, first.wide, gradient);
          expect_direct_sum(b, a, second.results, gradient);
          for (std::size_t i = std::size_t(b.size()); i < second.results[0].size(); ++i)
            EXPECT_EQ(second.results[0][i], 0) << "behind the last point";
        }
  }
  simd::force_isa(before);
}

}  // namespace

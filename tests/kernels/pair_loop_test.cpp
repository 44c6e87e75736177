// The vectorised pair loop against the plain direct sum, for every instruction set of this machine.
#include "kernels/pair_loop.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "kernels/direct.hpp"
#include "octopole/kernels.hpp"
#include "simd/isa.hpp"

using namespace octopole;

namespace {

template <class Real>
struct Cloud {
  std::vector<Real> x, y, z, charge;
  Cloud(Index n, unsigned seed, double scale = 1) {
    std::mt19937 generator(seed);
    std::uniform_real_distribution<double> uniform(-1, 1);
    for (Index i = 0; i < n; ++i) {
      x.push_back(Real(scale * uniform(generator)));
      y.push_back(Real(scale * uniform(generator)));
      z.push_back(Real(scale * uniform(generator)));
      charge.push_back(Real(uniform(generator)));
    }
  }
  Index size() const { return static_cast<Index>(x.size()); }
  TargetArrays<Real> targets() const { return {x.data(), y.data(), z.data(), size()}; }
  SourceArrays<Real> sources() const { return {x.data(), y.data(), z.data(), charge.data(), size()}; }
  std::vector<double> interleaved() const {
    std::vector<double> points;
    for (std::size_t i = 0; i < x.size(); ++i) points.insert(points.end(), {x[i], y[i], z[i]});
    return points;
  }
};

template <class Real>
struct Field {
  std::vector<Real> u, gx, gy, gz;
  explicit Field(Index n) : u(std::size_t(n) + 1, 0), gx(u), gy(u), gz(u) { mark(); }
  // A sentinel after the last result, which must not change.
  void mark() { u.back() = gx.back() = gy.back() = gz.back() = Real(-77); }
  bool intact() const { return u.back() == -77 && gx.back() == -77 && gy.back() == -77 && gz.back() == -77; }
};

template <class Real>
constexpr double kTolerance = sizeof(Real) == 8 ? 2e-14 : 3e-6;

/// Compares both loops with the direct sum; errors relative to the sum of the absolute terms.
template <class Real>
void compare(const Cloud<Real>& targets, const Cloud<Real>& sources) {
  const Laplace kernel;
  const auto m = static_cast<std::size_t>(targets.size());
  const std::vector<double> charges(sources.charge.begin(), sources.charge.end());
  std::vector<double> magnitudes(charges);
  for (double& q : magnitudes) q = std::abs(q);
  std::vector<double> u(m), g(3 * m), size_u(m), size_g(3 * m);
  direct_sum(kernel, targets.interleaved(), sources.interleaved(), charges, u, g);
  direct_sum(kernel, targets.interleaved(), sources.interleaved(), magnitudes, size_u);
  Field<Real> potential(targets.size()), both(targets.size());
  pair_potential(kernel, targets.targets(), sources.sources(), potential.u.data());
  pair_gradient(kernel, targets.targets(), sources.sources(), both.u.data(), both.gx.data(), both.gy.data(),
                both.gz.data());
  EXPECT_TRUE(potential.intact() && both.intact());
  for (std::size_t i = 0; i < m; ++i) {
    const double tolerance = kTolerance<Real> * size_u[i];
    EXPECT_NEAR(Laplace::constant * double(potential.u[i]), u[i], tolerance);
    EXPECT_NEAR(Laplace::constant * double(both.u[i]), u[i], tolerance);
    double gradient_scale = 0;
    for (Index j = 0; j < sources.size(); ++j) {
      const double dx = double(targets.x[i]) - double(sources.x[std::size_t(j)]),
                   dy = double(targets.y[i]) - double(sources.y[std::size_t(j)]),
                   dz = double(targets.z[i]) - double(sources.z[std::size_t(j)]);
      const double r2 = dx * dx + dy * dy + dz * dz;
      if (r2 > 0) gradient_scale += std::abs(charges[std::size_t(j)]) / r2;
    }
    const double gradient_tolerance = 3 * kTolerance<Real> * Laplace::constant * gradient_scale;
    EXPECT_NEAR(Laplace::constant * double(both.gx[i]), g[3 * i], gradient_tolerance);
    EXPECT_NEAR(Laplace::constant * double(both.gy[i]), g[3 * i + 1], gradient_tolerance);
    EXPECT_NEAR(Laplace::constant * double(both.gz[i]), g[3 * i + 2], gradient_tolerance);
  }
}

class PairLoop : public ::testing::TestWithParam<simd::Isa> {
 protected:
  void SetUp() override {
    before_ = simd::active_isa();
    simd::force_isa(GetParam());
  }
  void TearDown() override { simd::force_isa(before_); }

 private:
  simd::Isa before_{};
};

TEST_P(PairLoop, EveryNumberOfTargets) {
  for (Index m = 0; m <= 40; ++m) {
    compare(Cloud<double>(m, 1), Cloud<double>(23, 2));
    compare(Cloud<float>(m, 1), Cloud<float>(23, 2));
  }
}

TEST_P(PairLoop, NoSources) {
  Cloud<double> targets(5, 1), sources(0, 2);
  Field<double> field(5);
  pair_potential(Laplace{}, targets.targets(), sources.sources(), field.u.data());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(field.u[std::size_t(i)], 0);
}

TEST_P(PairLoop, AddsToWhatIsThere) {
  const Cloud<double> targets(19, 1), sources(7, 2);
  Field<double> once(19), twice(19);
  pair_potential(Laplace{}, targets.targets(), sources.sources(), once.u.data());
  for (int k = 0; k < 2; ++k) pair_potential(Laplace{}, targets.targets(), sources.sources(), twice.u.data());
  for (std::size_t i = 0; i < 19; ++i) EXPECT_DOUBLE_EQ(twice.u[i], 2 * once.u[i]);
}

TEST_P(PairLoop, CoincidentPointsContributeNothing) {
  const Cloud<double> cloud(37, 3);
  compare(cloud, cloud);
  const Cloud<float> single(37, 3);
  compare(single, single);
  Cloud<double> point(1, 4);
  Field<double> field(1);
  pair_gradient(Laplace{}, point.targets(), point.sources(), field.u.data(), field.gx.data(), field.gy.data(),
                field.gz.data());
  EXPECT_EQ(field.u[0], 0);
  EXPECT_EQ(field.gx[0], 0);
  EXPECT_EQ(field.gy[0], 0);
  EXPECT_EQ(field.gz[0], 0);
}

TEST_P(PairLoop, TinyAndHugeDistances) {
  // Far outside the range of single precision, in which the estimate of 1/sqrt may be computed.
  for (const double scale : {1e-75, 1e-40, 1e-20, 1e-19, 1e-10, 1e10, 1e19, 1e20, 1e40, 1e75})
    compare(Cloud<double>(17, 5, scale), Cloud<double>(9, 6, scale));
  for (const double scale : {1e-10, 1e-5, 1e5, 1e10})
    compare(Cloud<float>(17, 5, scale), Cloud<float>(9, 6, scale));
}

TEST_P(PairLoop, EveryBinade) {
  // One pair at a time over the whole range of exponents.
  const double zero = 0, charge = 1;
  for (int e = -500; e <= 500; ++e)
    for (const double mantissa : {1.0, 1.2, 1.5, 1.9}) {
      const double x = std::ldexp(mantissa, e);
      double u = 0;
      pair_potential(Laplace{}, TargetArrays<double>{&x, &zero, &zero, 1},
                     SourceArrays<double>{&zero, &zero, &zero, &charge, 1}, &u);
      ASSERT_NEAR(u * x, 1, 1e-14) << "distance 2^" << e << " * " << mantissa;
    }
}

TEST_P(PairLoop, InfiniteDistanceGivesNothingAndNanStays) {
  const double zero = 0, charge = 1, far = 1e200, nan = std::numeric_limits<double>::quiet_NaN();
  const SourceArrays<double> source{&zero, &zero, &zero, &charge, 1};
  double u = 0;
  pair_potential(Laplace{}, TargetArrays<double>{&far, &zero, &zero, 1}, source, &u);
  EXPECT_EQ(u, 0);
  pair_potential(Laplace{}, TargetArrays<double>{&nan, &zero, &zero, 1}, source, &u);
  EXPECT_TRUE(std::isnan(u));
}

INSTANTIATE_TEST_SUITE_P(AllIsas, PairLoop, ::testing::ValuesIn(simd::available_isas()),
                         [](const auto& param) { return std::string(simd::isa_name(param.param)); });

/// Checks both sides of the pairs between two clouds against direct sums, also with common points.
void compare_symmetric(Index na, Index nb) {
  Cloud<double> a(na, 1), b(nb, 2);
  if (na > 3 && nb > 3) a.x[3] = b.x[2], a.y[3] = b.y[2], a.z[3] = b.z[2];
  for (const bool gradient : {false, true}) {
    Field<double> to_a(na), to_b(nb);
    const auto arrays = [gradient](Cloud<double>& c, Field<double>& f) {
      return SymmetricArrays<double>{
          c.x.data(), c.y.data(),
          c.z.data(), c.charge.data(),
          c.size(),   {{f.u.data(), f.gx.data(), f.gy.data(), f.gz.data()}, {1, gradient ? 1 : 0}}};
    };
    pair_symmetric(Laplace{}, arrays(a, to_a), arrays(b, to_b), 2.0);
    EXPECT_TRUE(to_a.intact() && to_b.intact());
    const auto check = [&](const Cloud<double>& targets, const Cloud<double>& sources,
                           const Field<double>& found) {
      const auto n = static_cast<std::size_t>(targets.size());
      std::vector<double> u(n), g(3 * n);
      direct_sum(Laplace{}, targets.interleaved(), sources.interleaved(), sources.charge, u, g);
      double error = 0, norm = 0, g_error = 0, g_norm = 0;
      for (std::size_t i = 0; i < n; ++i) {
        const double scale = 2 / Laplace::constant;
        error += std::pow(found.u[i] - scale * u[i], 2);
        norm += std::pow(scale * u[i], 2);
        const double got[3] = {found.gx[i], found.gy[i], found.gz[i]};
        for (std::size_t c = 0; c < 3 && gradient; ++c) {
          g_error += std::pow(got[c] - scale * g[3 * i + c], 2);
          g_norm += std::pow(scale * g[3 * i + c], 2);
        }
      }
      EXPECT_LE(error, 1e-26 * norm) << na << ' ' << nb;
      EXPECT_LE(g_error, 1e-25 * g_norm) << na << ' ' << nb;
    };
    check(a, b, to_a);
    check(b, a, to_b);
  }
}

TEST(PairLoop, SymmetricEqualsBothDirectSums) {
  const auto before = simd::active_isa();
  for (const auto isa : simd::available_isas()) {
    simd::force_isa(isa);
    for (const Index na : {1, 2, 7, 8, 9, 16, 33, 100})
      for (const Index nb : {1, 5, 64, 128, 129, 300}) compare_symmetric(na, nb);
    compare_symmetric(0, 4);
    compare_symmetric(4, 0);
  }
  simd::force_isa(before);
}

}  // namespace

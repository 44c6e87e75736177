// Vector kernels: their formulas, the composition of potentials, and every loop against the plain sum.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <numbers>
#include <set>
#include <utility>
#include <vector>

#include "kernels/direct.hpp"
#include "kernels/pair_loop.hpp"
#include "kernels/reference_sum.hpp"
#include "octopole/error.hpp"
#include "simd/isa.hpp"
#include "tests/support/points.hpp"

namespace octopole {
namespace {

using namespace test;

using Vector = std::array<double, 3>;

double dot(const Vector& a, const Vector& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/// K(d) f with the constant, as textbooks write it.
Vector formula(const AnyKernel& kernel, const Vector& d, const Vector& f) {
  const double r = std::sqrt(dot(d, d)), pi = std::numbers::pi;
  const auto parameters = kernel.parameters();
  Vector u;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::size_t j = (i + 1) % 3, k = (i + 2) % 3;
    if (kernel.name() == "stokes")
      u[i] = (f[i] / r + d[i] * dot(d, f) / (r * r * r)) / (8 * pi * parameters[0]);
    else if (kernel.name() == "elasticity")
      u[i] = ((3 - 4 * parameters[1]) * f[i] / r + d[i] * dot(d, f) / (r * r * r)) /
             (16 * pi * parameters[0] * (1 - parameters[1]));
    else
      u[i] = (f[j] * d[k] - f[k] * d[j]) / (4 * pi * r * r * r);
  }
  return u;
}

const std::vector<AnyKernel>& kernels() {
  static const std::vector<AnyKernel> all{Stokes{0.7}, Elasticity{1.3, 0.3}, BiotSavart{}};
  return all;
}

TEST(VectorKernels, AreTheTextbooksFormulas) {
  for (const AnyKernel& kernel : kernels()) {
    const Vector d{0.3, -1.1, 0.7}, f{2, 0.5, -1.5};
    const double r2 = dot(d, d);
    Vector u{};
    kernel.add_vector(d, r2, 1 / std::sqrt(r2), f, u);
    const Vector expected = formula(kernel, d, f);
    for (std::size_t i = 0; i < 3; ++i)
      EXPECT_NEAR(kernel.constant() * u[i], expected[i], 1e-15) << kernel.name();
    EXPECT_EQ(kernel.components(), 3);
    EXPECT_EQ(kernel.translation_kernel().name(), "laplace");
  }
  // An incompressible solid moves as a Stokes fluid does.
  const Vector d{1, 2, 3}, f{1, -1, 2}, solid = formula(Elasticity{2, 0.5}, d, f),
                                        fluid = formula(Stokes{2}, d, f);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(solid[i], fluid[i], 1e-16);
}

// u = a phi - b (x_j grad phi_j - grad psi) + c curl phi from any origin.
TEST(VectorKernels, AreComposedOfPotentials) {
  for (const AnyKernel& kernel : kernels())
    for (const double origin : {0.0, 5.0}) {
      const Vector x{0.4 + origin, 0.1, -0.3}, y{-0.2 + origin, 0.6, 0.8}, f{1, 2, -0.5};
      const Vector d{x[0] - y[0], x[1] - y[1], x[2] - y[2]};
      const double r = std::sqrt(dot(d, d)), slope = -1 / (r * r * r);
      const HarmonicColumns columns = kernel.columns();
      EXPECT_EQ(columns.count(), kernel.name() == "biot-savart" ? 3 : 4);
      const auto gradient = [&](std::size_t axis, double charge) { return charge * slope * d[axis]; };
      const Vector expected = formula(kernel, d, f);
      for (std::size_t i = 0; i < 3; ++i) {
        const std::size_t j = (i + 1) % 3, k = (i + 2) % 3;
        double along = -gradient(i, dot(y, f));
        for (std::size_t c = 0; c < 3; ++c) along += x[c] * gradient(i, f[c]);
        const double u =
            columns.a * f[i] / r - columns.b * along + columns.c * (gradient(j, f[k]) - gradient(k, f[j]));
        EXPECT_NEAR(kernel.constant() * u, expected[i], 1e-14);
      }
    }
}

TEST(VectorKernels, ParametersAreNamedAndChecked) {
  EXPECT_EQ(AnyKernel(Stokes{2}).parameter_names()[0], "viscosity");
  EXPECT_NO_THROW(AnyKernel(Elasticity{1, 0.5}).check());
  EXPECT_NO_THROW(AnyKernel(BiotSavart{}).check());
  for (const double bad : {0.0, -1.0, std::nan(""), HUGE_VAL})
    EXPECT_THROW(AnyKernel(Stokes{bad}).check(), Error) << bad;
  for (const double bad : {-1.0, 0.51, std::nan("")})
    EXPECT_THROW(AnyKernel(Elasticity{1, bad}).check(), Error) << bad;
  const NamedParameter given[] = {{"viscosity", 3}};
  EXPECT_EQ(named_kernel("stokes", given).parameters()[0], 3);
}

/// Points with strengths and results, three of each, in arrays of their own.
template <class Real>
struct Cloud {
  std::vector<Real> x, y, z, low_x, low_y, low_z, strengths, results[3];
  std::vector<double> points, forces;  // interleaved, as rounded
  Index count, stride;

  /// `copies`: how many of the points of `other` coincide with the first of this.
  Cloud(Index n, unsigned seed, const Cloud* other = nullptr, Index copies = 0)
      : count(n), stride(padded(n) + kPaddedPoints) {
    points = make_points("cube", static_cast<std::size_t>(n), seed);
    for (Index i = 0; i < 3 * copies; ++i) points[std::size_t(i)] = other->points[std::size_t(i)];
    const auto size = static_cast<std::size_t>(stride);
    for (auto* v : {&x, &y, &z, &low_x, &low_y, &low_z}) v->resize(size, Real{0});
    strengths.resize(3 * size);
    for (auto& part : results) part.resize(size);
    forces = make_charges(3 * static_cast<std::size_t>(n), seed + 7);
    for (Index i = 0; i < n; ++i) {
      std::vector<Real>*const high[] = {&x, &y, &z}, *const low[] = {&low_x, &low_y, &low_z};
      for (Index c = 0; c < 3; ++c) {
        double& at = points[std::size_t(3 * i + c)];
        (*high[c])[std::size_t(i)] = static_cast<Real>(at);
        (*low[c])[std::size_t(i)] = static_cast<Real>(at - double((*high[c])[std::size_t(i)]));
        double& f = forces[std::size_t(3 * i + c)];
        f = double(static_cast<Real>(f));
        strengths[std::size_t(c * stride + i)] = static_cast<Real>(f);
      }
    }
    for (Index i = n; i < stride; ++i) {  // padding
      x[std::size_t(i)] = x[std::size_t(n - 1)] + 1;
      y[std::size_t(i)] = y[std::size_t(n - 1)];
      z[std::size_t(i)] = z[std::size_t(n - 1)];
    }
  }
  /// Without low parts the points are those of the high parts.
  void drop_low_parts() {
    for (Index i = 0; i < count; ++i)
      for (Index c = 0; c < 3; ++c) {
        const std::vector<Real>* const high[] = {&x, &y, &z};
        points[std::size_t(3 * i + c)] = double((*high[c])[std::size_t(i)]);
      }
  }
  TargetArrays<Real> targets() const { return {x.data(), y.data(), z.data(), count}; }
  SourceArrays<Real> sources() const {
    return {x.data(), y.data(), z.data(), strengths.data(), count, stride};
  }
  LowParts<Real> low() const { return {low_x.data(), low_y.data(), low_z.data()}; }
  ResultArrays<Real> arrays() { return {{results[0].data(), results[1].data(), results[2].data()}, {3, 0}}; }
  SymmetricArrays<Real> symmetric() {
    return {x.data(), y.data(), z.data(), strengths.data(), count, arrays(), stride};
  }
};

/// The plain sum of all pairs but those in `left_out`, without the constant, (targets, 3).
std::vector<double> plain(const AnyKernel& kernel, const std::vector<double>& targets,
                          const std::vector<double>& sources, const std::vector<double>& forces,
                          const std::function<bool(Index, Index)>& left_out = {}) {
  std::vector<double> u(targets.size());
  for (std::size_t i = 0; i < targets.size() / 3; ++i)
    for (std::size_t j = 0; j < sources.size() / 3; ++j) {
      Vector d, f;
      for (std::size_t c = 0; c < 3; ++c)
        d[c] = targets[3 * i + c] - sources[3 * j + c], f[c] = forces[3 * j + c];
      if (dot(d, d) == 0 || (left_out && left_out(Index(i), Index(j)))) continue;
      const Vector one = formula(kernel, d, f);
      for (std::size_t c = 0; c < 3; ++c) u[3 * i + c] += one[c] / kernel.constant();
    }
  return u;
}

template <class T>
void expect_near(const T* const (&results)[3], const std::vector<double>& expected, double tolerance) {
  std::vector<double> found;
  for (std::size_t i = 0; i < expected.size() / 3; ++i)
    for (const T* part : results) found.push_back(double(part[i]));
  EXPECT_LT(relative_l2(found, expected), tolerance);
}

template <class Real>
void expect_near(const Cloud<Real>& cloud, const std::vector<double>& expected, double tolerance) {
  const Real* const parts[] = {cloud.results[0].data(), cloud.results[1].data(), cloud.results[2].data()};
  expect_near(parts, expected, tolerance);
}

class VectorLoops : public ::testing::TestWithParam<simd::Isa> {
 protected:
  void SetUp() override {
    before_ = simd::active_isa();
    simd::force_isa(GetParam());
  }
  void TearDown() override { simd::force_isa(before_); }

 private:
  simd::Isa before_{};
};

template <class Real>
void check_one_sided(double tolerance) {
  for (const AnyKernel& kernel : kernels())
    for (const Index n : {1, 2, 7, 8, 16, 31, 45}) {
      SCOPED_TRACE(std::string(kernel.name()) + ' ' + std::to_string(n));
      Cloud<Real> sources(23, 2), targets(n, 1, &sources, std::min<Index>(n, 2));
      sources.drop_low_parts();
      targets.drop_low_parts();
      pair_sums(kernel, targets.targets(), sources.sources(), 0, targets.arrays().parts.data());
      expect_near(targets, plain(kernel, targets.points, sources.points, sources.forces), tolerance);
    }
}

TEST_P(VectorLoops, OneSided) {
  check_one_sided<double>(1e-14);
  check_one_sided<float>(1e-5);
}

TEST_P(VectorLoops, OneSidedOverSplitPoints) {
  for (const AnyKernel& kernel : kernels())
    for (const Index n : {1, 2, 3, 16, 45})
      for (const Index m : {5, 70}) {
        SCOPED_TRACE(std::string(kernel.name()) + ' ' + std::to_string(n) + ' ' + std::to_string(m));
        Cloud<float> sources(m, 2), targets(n, 1, &sources, 1);
        std::set<std::pair<Index, Index>> reported;
        const ClosePairs close{[](void* to, Index a, Index b) {
                                 static_cast<std::set<std::pair<Index, Index>>*>(to)->insert({a, b});
                               },
                               &reported};
        pair_sums_split(kernel, targets.targets(), targets.low(), sources.sources(), sources.low(),
                        {0.01F, close}, 0, targets.arrays().parts.data());
        EXPECT_TRUE(reported.count({0, 0}));
        expect_near(targets,
                    plain(kernel, targets.points, sources.points, sources.forces,
                          [&](Index i, Index j) {
                            return reported.count({i, j}) > 0;
                          }),
                    1e-5);
      }
}

TEST_P(VectorLoops, Symmetric) {
  for (const AnyKernel& kernel : kernels())
    for (const Index na : {1, 7, 16, 37})
      for (const Index nb : {1, 20, 140}) {
        SCOPED_TRACE(std::string(kernel.name()) + ' ' + std::to_string(na) + ' ' + std::to_string(nb));
        Cloud<double> a(na, 1), b(nb, 2, &a, 1);
        pair_symmetric(kernel, a.symmetric(), b.symmetric(), 1);
        expect_near(a, plain(kernel, a.points, b.points, b.forces), 1e-14);
        expect_near(b, plain(kernel, b.points, a.points, a.forces), 1e-14);

        Cloud<float> fa(na, 1), fb(nb, 2, &fa, 1);
        std::vector<double> sums[3];
        for (auto& part : sums) part.resize(static_cast<std::size_t>(fa.stride));
        std::set<std::pair<Index, Index>> reported;
        const ClosePairs close{[](void* to, Index i, Index j) {
                                 static_cast<std::set<std::pair<Index, Index>>*>(to)->insert({i, j});
                               },
                               &reported};
        pair_symmetric_split(kernel, fa.symmetric(), fa.low(),
                             {{sums[0].data(), sums[1].data(), sums[2].data()}, {3, 0}}, fb.symmetric(),
                             fb.low(), {0.01F, close});
        const double* const to_a[] = {sums[0].data(), sums[1].data(), sums[2].data()};
        expect_near(to_a,
                    plain(kernel, fa.points, fb.points, fb.forces,
                          [&](Index i, Index j) {
                            return reported.count({i, j}) > 0;
                          }),
                    1e-5);
        expect_near(fb,
                    plain(kernel, fb.points, fa.points, fa.forces,
                          [&](Index i, Index j) {
                            return reported.count({j, i}) > 0;
                          }),
                    1e-5);
      }
}

// Two leaves of different size, and pairs within one.
TEST_P(VectorLoops, LeafFrames) {
  constexpr Index na = 37, nb = 150, n = na + nb;
  for (const AnyKernel& kernel : kernels())
    for (const bool estimate : {false, true}) {
      SCOPED_TRACE(std::string(kernel.name()) + (estimate ? ", estimate" : ""));
      std::vector<float> x, y, z, strengths(3 * n);
      std::vector<double> points, forces = make_charges(3 * n, 5);
      const std::vector<double> unit = make_points("cube", n, 3);
      // Leaf a: centre 0, half side 1; leaf b: centre (2.5, 0.5, 0), half side 0.5.
      for (Index i = 0; i < n; ++i) {
        const auto at = [&](Index c) { return static_cast<float>(2 * unit[std::size_t(3 * i + c)] - 1); };
        x.push_back(at(0));
        y.push_back(at(1));
        z.push_back(at(2));
        const double half = i < na ? 1 : 0.5;
        points.push_back(half * double(x.back()) + (i < na ? 0 : 2.5));
        points.push_back(half * double(y.back()) + (i < na ? 0 : 0.5));
        points.push_back(half * double(z.back()));
        for (Index c = 0; c < 3; ++c) {
          double& f = forces[std::size_t(3 * i + c)];
          strengths[std::size_t(c * n + i)] = static_cast<float>(f);
          f = double(static_cast<float>(f));
        }
      }
      std::vector<double> sums[3];
      for (auto& part : sums) part.resize(n);
      std::set<std::pair<Index, Index>> reported;
      const ClosePairs close{[](void* to, Index i, Index j) {
                               static_cast<std::set<std::pair<Index, Index>>*>(to)->insert({i, j});
                             },
                             &reported};
      const LeafFrameArrays arrays{x.data(), y.data(), z.data(), strengths.data(), n, n};
      const ResultArrays<double> to{{sums[0].data(), sums[1].data(), sums[2].data()}, {3, 0}};
      const LeafFrame leaf{0, na, 1e-3F, 1, 1};
      const LeafFramePartner other{na, nb, 0.5F, 2.5F, 0.5F, 0};
      pair_symmetric_leaf_frame(kernel, arrays, to, leaf, &other, 1, estimate, close);
      pair_self_leaf_frame(kernel, arrays, to, leaf, estimate, close);
      const double* const parts[] = {sums[0].data(), sums[1].data(), sums[2].data()};
      expect_near(
          parts,
          plain(kernel, points, points, forces,
                [&](Index i, Index j) {
                  return (i >= na && j >= na) || reported.count({i, j}) > 0 || reported.count({j, i}) > 0;
                }),
          estimate ? 2e-4 : 1e-5);
    }
}

INSTANTIATE_TEST_SUITE_P(AllIsas, VectorLoops, ::testing::ValuesIn(simd::available_isas()),
                         [](const auto& param) { return std::string(simd::isa_name(param.param)); });

TEST(VectorKernels, ReferenceSumsAreDirectSums) {
  const std::vector<double> sources = make_points("plummer", 1500), targets = make_points("cube", 70, 3),
                            forces = make_charges(4500);
  for (const AnyKernel& kernel : kernels())
    for (const double unit : {1.0, 0x1p-100}) {
      SCOPED_TRACE(std::string(kernel.name()) + ' ' + std::to_string(unit));
      std::vector<double> from = sources, to = targets;
      for (auto* points : {&from, &to})
        for (double& v : *points) v *= unit;
      const ReferenceSums sums = reference_sums(kernel, to, from, {forces, {}}, Output::potential);
      Field expected;
      direct_sum(kernel, to, from, {forces, {}}, Output::potential, expected);
      EXPECT_LT(relative_l2(sums.potential, expected.potential), 1e-13);
      for (std::size_t i = 0; i < 70; ++i) {
        const double length = std::hypot(expected.potential[3 * i], expected.potential[3 * i + 1],
                                         expected.potential[3 * i + 2]);
        EXPECT_GT(sums.scale[i], length);
        EXPECT_LT(sums.scale[i], 1e4 * length);
      }
    }
}

}  // namespace
}  // namespace octopole

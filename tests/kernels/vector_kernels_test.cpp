// Vector kernels: their formulas, the composition of potentials, and every loop against the plain sum.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <numbers>
#include <set>
#include <string>
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

/// d u_i / d x_k of K(d) f at 3 i + k, likewise.
std::array<double, 9> gradient_formula(const AnyKernel& kernel, const Vector& d, const Vector& f) {
  const double r = std::sqrt(dot(d, d)), r3 = r * r * r, r5 = r3 * r * r, along = dot(d, f);
  const auto delta = [](std::size_t i, std::size_t k) { return i == k ? 1.0 : 0.0; };
  std::array<double, 9> g{};
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t k = 0; k < 3; ++k) {
      const std::size_t j = (i + 1) % 3, l = (i + 2) % 3;
      if (kernel.name() == "biot-savart") {
        const double turned = f[j] * d[l] - f[l] * d[j];
        g[3 * i + k] = (f[j] * delta(l, k) - f[l] * delta(j, k)) / r3 - 3 * turned * d[k] / r5;
      } else {
        const double a = kernel.columns().a;
        g[3 * i + k] =
            -a * f[i] * d[k] / r3 + (delta(i, k) * along + d[i] * f[k]) / r3 - 3 * d[i] * d[k] * along / r5;
      }
      g[3 * i + k] *= kernel.constant();
    }
  return g;
}

const std::vector<AnyKernel>& kernels() {
  static const std::vector<AnyKernel> all{Stokes{0.7}, Elasticity{1.3, 0.3}, BiotSavart{}};
  return all;
}

/// A kernel with one of its outputs.
struct Case {
  AnyKernel kernel;
  ResultLayout layout;
  std::string name() const {
    return std::string(kernel.name()) + (layout.pressure ? ", pressure" : "") +
           (layout.order > 0 ? ", gradient" : "");
  }
};
const std::vector<Case>& cases() {
  static const std::vector<Case> all = [] {
    std::vector<Case> some;
    for (const AnyKernel& kernel : kernels())
      for (const Output output :
           {Output::potential, Output::potential_and_gradient, Output::potential_and_pressure})
        if (output != Output::potential_and_pressure || kernel.has_pressure())
          some.push_back({kernel, layout_of(kernel, output)});
    return some;
  }();
  return all;
}

TEST(VectorKernels, AreTheTextbooksFormulas) {
  for (const AnyKernel& kernel : kernels()) {
    const Vector d{0.3, -1.1, 0.7}, f{2, 0.5, -1.5};
    const double r = std::sqrt(dot(d, d));
    Vector u{};
    double pressure = 0;
    std::array<double, 9> gradient{};
    kernel.add_vector(d, 1 / r, f, u.data(), &pressure, gradient.data());
    const Vector expected = formula(kernel, d, f);
    const std::array<double, 9> slopes = gradient_formula(kernel, d, f);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(kernel.constant() * u[i], expected[i], 1e-15) << kernel.name();
      for (std::size_t k = 0; k < 3; ++k) {
        EXPECT_NEAR(kernel.constant() * gradient[3 * i + k], slopes[3 * i + k], 1e-15) << kernel.name();
        constexpr double h = 1e-5;
        Vector after = d, before = d;
        after[k] += h;
        before[k] -= h;
        EXPECT_NEAR(slopes[3 * i + k],
                    (formula(kernel, after, f)[i] - formula(kernel, before, f)[i]) / (2 * h), 1e-9)
            << kernel.name();
      }
    }
    EXPECT_EQ(kernel.has_pressure(), kernel.name() == "stokes");
    EXPECT_NEAR(kernel.constant() * kernel.pressure_factor() * pressure,
                kernel.has_pressure() ? dot(d, f) / (4 * std::numbers::pi * r * r * r) : 0, 1e-15);
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

template <class T>
ResultArrays<T> arrays_of(std::vector<std::vector<T>>& results, const ResultLayout& layout) {
  ResultArrays<T> arrays{{}, layout};
  for (std::size_t r = 0; r < results.size(); ++r) arrays.parts[r] = results[r].data();
  return arrays;
}

/// Points with strengths and results in arrays of their own.
template <class Real>
struct Cloud {
  ResultLayout layout;
  std::vector<Real> x, y, z, low_x, low_y, low_z, strengths;
  std::vector<std::vector<Real>> results;
  std::vector<double> points, forces;  // interleaved, as rounded
  Index count, stride;

  /// `copies`: how many of the points of `other` coincide with the first of this.
  Cloud(const ResultLayout& results_of, Index n, unsigned seed, const Cloud* other = nullptr,
        Index copies = 0)
      : layout(results_of),
        results(static_cast<std::size_t>(layout.count())),
        count(n),
        stride(padded(n) + kPaddedPoints) {
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
  ResultArrays<Real> arrays() { return arrays_of(results, layout); }
  SymmetricArrays<Real> symmetric() {
    return {x.data(), y.data(), z.data(), strengths.data(), count, arrays(), stride};
  }
};

/// The plain sums of all pairs but those in `left_out`, without the constant, (targets, results).
std::vector<double> plain(const Case& of, const std::vector<double>& targets,
                          const std::vector<double>& sources, const std::vector<double>& forces,
                          const std::function<bool(Index, Index)>& left_out = {}) {
  const auto width = static_cast<std::size_t>(of.layout.count());
  std::vector<double> sums(targets.size() / 3 * width);
  for (std::size_t i = 0; i < targets.size() / 3; ++i)
    for (std::size_t j = 0; j < sources.size() / 3; ++j) {
      Vector d, f;
      for (std::size_t c = 0; c < 3; ++c)
        d[c] = targets[3 * i + c] - sources[3 * j + c], f[c] = forces[3 * j + c];
      const double r2 = dot(d, d);
      if (r2 == 0 || (left_out && left_out(Index(i), Index(j)))) continue;
      double* const to = &sums[width * i];
      const Vector u = formula(of.kernel, d, f);
      for (std::size_t c = 0; c < 3; ++c) to[c] += u[c] / of.kernel.constant();
      if (of.layout.pressure) to[of.layout.first_of_pressure()] += dot(d, f) / (r2 * std::sqrt(r2));
      if (of.layout.order == 0) continue;
      const std::array<double, 9> g = gradient_formula(of.kernel, d, f);
      for (std::size_t c = 0; c < 9; ++c)
        to[of.layout.first_of_gradient() + Index(c)] += g[c] / of.kernel.constant();
    }
  return sums;
}

/// Compares values, pressures and gradients, each with all others of its kind.
template <class T>
void expect_near(const std::vector<std::vector<T>>& results, const ResultLayout& layout,
                 const std::vector<double>& expected, double tolerance) {
  const int width = layout.count(), begins[] = {0, layout.first_of_pressure(), layout.first_of_gradient()},
            ends[] = {3, begins[1] + layout.pressure, layout.order > 0 ? width : 0};
  for (std::size_t group = 0; group < 3; ++group) {
    std::vector<double> found, exact;
    for (std::size_t i = 0; i < expected.size() / static_cast<std::size_t>(width); ++i)
      for (int r = begins[group]; r < ends[group]; ++r) {
        found.push_back(double(results[static_cast<std::size_t>(r)][i]));
        exact.push_back(expected[i * static_cast<std::size_t>(width) + static_cast<std::size_t>(r)]);
      }
    if (!exact.empty()) {
      EXPECT_LT(relative_l2(found, exact), tolerance) << group;
    }
  }
}

template <class Real>
void expect_near(const Cloud<Real>& cloud, const std::vector<double>& expected, double tolerance) {
  expect_near(cloud.results, cloud.layout, expected, tolerance);
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
  for (const Case& of : cases())
    for (const Index n : {1, 2, 7, 8, 16, 31, 45}) {
      SCOPED_TRACE(of.name() + ' ' + std::to_string(n));
      Cloud<Real> sources(of.layout, 23, 2), targets(of.layout, n, 1, &sources, std::min<Index>(n, 2));
      sources.drop_low_parts();
      targets.drop_low_parts();
      pair_sums(of.kernel, targets.targets(), sources.sources(), of.layout, targets.arrays().parts.data());
      expect_near(targets, plain(of, targets.points, sources.points, sources.forces), tolerance);
    }
}

TEST_P(VectorLoops, OneSided) {
  check_one_sided<double>(1e-14);
  check_one_sided<float>(1e-5);
}

TEST_P(VectorLoops, OneSidedOverSplitPoints) {
  for (const Case& of : cases())
    for (const Index n : {1, 2, 3, 16, 45})
      for (const Index m : {5, 70}) {
        SCOPED_TRACE(of.name() + ' ' + std::to_string(n) + ' ' + std::to_string(m));
        Cloud<float> sources(of.layout, m, 2), targets(of.layout, n, 1, &sources, 1);
        std::set<std::pair<Index, Index>> reported;
        const ClosePairs close{[](void* to, Index a, Index b) {
                                 static_cast<std::set<std::pair<Index, Index>>*>(to)->insert({a, b});
                               },
                               &reported};
        pair_sums_split(of.kernel, targets.targets(), targets.low(), sources.sources(), sources.low(),
                        {0.01F, close}, of.layout, targets.arrays().parts.data());
        EXPECT_TRUE(reported.count({0, 0}));
        expect_near(targets,
                    plain(of, targets.points, sources.points, sources.forces,
                          [&](Index i, Index j) {
                            return reported.count({i, j}) > 0;
                          }),
                    1e-5);
      }
}

TEST_P(VectorLoops, Symmetric) {
  for (const Case& of : cases())
    for (const Index na : {1, 7, 16, 37})
      for (const Index nb : {1, 20, 140}) {
        SCOPED_TRACE(of.name() + ' ' + std::to_string(na) + ' ' + std::to_string(nb));
        Cloud<double> a(of.layout, na, 1), b(of.layout, nb, 2, &a, 1);
        pair_symmetric(of.kernel, a.symmetric(), b.symmetric(), 1);
        expect_near(a, plain(of, a.points, b.points, b.forces), 1e-14);
        expect_near(b, plain(of, b.points, a.points, a.forces), 1e-14);

        Cloud<float> fa(of.layout, na, 1), fb(of.layout, nb, 2, &fa, 1);
        std::vector<std::vector<double>> sums(fa.results.size(),
                                              std::vector<double>(static_cast<std::size_t>(fa.stride)));
        std::set<std::pair<Index, Index>> reported;
        const ClosePairs close{[](void* to, Index i, Index j) {
                                 static_cast<std::set<std::pair<Index, Index>>*>(to)->insert({i, j});
                               },
                               &reported};
        pair_symmetric_split(of.kernel, fa.symmetric(), fa.low(), arrays_of(sums, of.layout), fb.symmetric(),
                             fb.low(), {0.01F, close});
        expect_near(sums, of.layout,
                    plain(of, fa.points, fb.points, fb.forces,
                          [&](Index i, Index j) {
                            return reported.count({i, j}) > 0;
                          }),
                    1e-5);
        expect_near(fb,
                    plain(of, fb.points, fa.points, fa.forces,
                          [&](Index i, Index j) {
                            return reported.count({j, i}) > 0;
                          }),
                    1e-5);
      }
}

// Two leaves of different size, and pairs within one.
TEST_P(VectorLoops, LeafFrames) {
  constexpr Index na = 37, nb = 150, n = na + nb;
  for (const Case& of : cases())
    for (const bool estimate : {false, true}) {
      SCOPED_TRACE(of.name() + (estimate ? ", estimate" : ""));
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
      std::vector<std::vector<double>> sums(static_cast<std::size_t>(of.layout.count()),
                                            std::vector<double>(n));
      std::set<std::pair<Index, Index>> reported;
      const ClosePairs close{[](void* to, Index i, Index j) {
                               static_cast<std::set<std::pair<Index, Index>>*>(to)->insert({i, j});
                             },
                             &reported};
      const LeafFrameArrays arrays{x.data(), y.data(), z.data(), strengths.data(), n, n};
      const ResultArrays<double> to = arrays_of(sums, of.layout);
      const LeafFrame leaf{0, na, 1e-3F, 1, 1};
      const LeafFramePartner other{na, nb, 0.5F, 2.5F, 0.5F, 0};
      pair_symmetric_leaf_frame(of.kernel, arrays, to, leaf, &other, 1, estimate, close);
      pair_self_leaf_frame(of.kernel, arrays, to, leaf, estimate, close);
      expect_near(
          sums, of.layout,
          plain(of, points, points, forces,
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
    for (const Output output :
         {Output::potential, Output::potential_and_gradient, Output::potential_and_pressure})
      for (const double unit : {1.0, 0x1p-100}) {
        if (output == Output::potential_and_pressure && !kernel.has_pressure()) continue;
        SCOPED_TRACE(std::string(kernel.name()) + ' ' + std::to_string(unit));
        std::vector<double> from = sources, to = targets;
        for (auto* points : {&from, &to})
          for (double& v : *points) v *= unit;
        const ReferenceSums sums = reference_sums(kernel, to, from, {forces, {}}, output);
        Field expected;
        direct_sum(kernel, to, from, {forces, {}}, output, expected);
        const auto check = [](const std::vector<double>& values, const std::vector<double>& scales,
                              const std::vector<double>& exact, std::size_t width) {
          ASSERT_EQ(values.size(), exact.size());
          ASSERT_EQ(scales.size(), exact.size() / width);
          if (exact.empty()) return;
          EXPECT_LT(relative_l2(values, exact), 1e-13);
          for (std::size_t i = 0; i < scales.size(); ++i) {
            double square = 0;
            for (std::size_t c = 0; c < width; ++c)
              square += exact[width * i + c] / scales[i] * (exact[width * i + c] / scales[i]);
            EXPECT_LT(square, 1);
            EXPECT_GT(square, 1e-8);
          }
        };
        check(sums.potential, sums.scale, expected.potential, 3);
        check(sums.gradient, sums.gradient_scale, expected.gradient, 9);
        check(sums.pressure, sums.pressure_scale, expected.pressure, 1);
        EXPECT_EQ(sums.pressure.size(), output != Output::potential && kernel.has_pressure() ? 70 : 0);
      }
}

// Scales of a single source are the largest lengths that results can have.
TEST(VectorKernels, ScalesAreTheLargestLengths) {
  const std::vector<double> source(3, 0.0), target = {0.3, -0.4, 0.5};
  for (const AnyKernel& kernel : kernels()) {
    double largest[3] = {}, scales[3] = {};
    // Along the distance, across it, and others.
    std::vector<double> directions = {0.3, -0.4, 0.5, 0.4, 0.3, 0}, others = make_charges(60, 9);
    directions.insert(directions.end(), others.begin(), others.end());
    for (std::size_t i = 0; i < directions.size(); i += 3) {
      const double length = std::hypot(directions[i], directions[i + 1], directions[i + 2]);
      std::vector<double> f;
      for (std::size_t c = 0; c < 3; ++c) f.push_back(directions[i + c] / length);
      const ReferenceSums sums =
          reference_sums(kernel, target, source, {f, {}}, Output::potential_and_gradient);
      const auto raise = [&](int k, const std::vector<double>& values, const std::vector<double>& scale) {
        double square = 0;
        for (const double v : values) square += v * v;
        largest[k] = std::max(largest[k], std::sqrt(square));
        scales[k] = scale.empty() ? 0 : scale[0];
      };
      raise(0, sums.potential, sums.scale);
      raise(1, sums.gradient, sums.gradient_scale);
      raise(2, sums.pressure, sums.pressure_scale);
    }
    for (int k = 0; k < 3; ++k) {
      EXPECT_LE(largest[k], scales[k] * (1 + 1e-12)) << kernel.name() << ' ' << k;
      EXPECT_GE(largest[k], scales[k] * (1 - 1e-12)) << kernel.name() << ' ' << k;
    }
  }
}

}  // namespace
}  // namespace octopole

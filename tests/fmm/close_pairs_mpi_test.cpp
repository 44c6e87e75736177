// Every path must distinguish points that are distinct in double: pairs far closer than single precision
// resolves, against the direct sum, target by target.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "kernels/reference_sum.hpp"
#include "simd/isa.hpp"
#include "tests/support/kept_operators.hpp"
#include "tests/support/problem.hpp"

namespace octopole {
namespace {

using namespace test;

struct Case {
  std::string name;
  Problem problem;
};

/// Points in [-1, 1]^3, scaled by `width`.
std::vector<double> cube_of(std::size_t n, double width, unsigned seed) {
  std::vector<double> points = make_points("cube", n, seed);
  for (double& x : points) x = width * (2 * x - 1);
  return points;
}

std::vector<double> joined(std::vector<double> a, const std::vector<double>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// Adds two cases: distinct targets, and all points as sources = targets.
void add_both(std::vector<Case>& cases, const std::string& name, const std::vector<double>& sources,
              const std::vector<double>& targets) {
  cases.push_back({name + ", distinct", {sources, make_charges(sources.size() / 3), targets}});
  const std::vector<double> all = joined(sources, targets);
  cases.push_back({name + ", same", {all, make_charges(all.size() / 3), {}}});
}

/// Adds targets at distance h from sources in the unit cube.
void add_pairs(std::vector<Case>& cases, double h) {
  const std::vector<double> sources = make_points("cube", 200, 3), step = cube_of(200, 1, 4);
  std::vector<double> targets = sources;
  for (std::size_t i = 0; i < targets.size(); i += 3) {
    const double length = std::hypot(step[i], step[i + 1], step[i + 2]);
    for (std::size_t c = 0; c < 3; ++c) targets[i + c] += h * step[i + c] / length;
  }
  add_both(cases, "pairs at " + std::to_string(std::log10(h)), sources, targets);
}

/// Adds one target far away.
void add_outlier(std::vector<Case>& cases, double distance) {
  const std::vector<double> outlier = {distance, 0.5 * distance, -0.25 * distance};
  add_both(cases, "outlier at " + std::to_string(std::log10(distance)), make_points("cube", 150, 5),
           joined(make_points("cube", 150, 6), outlier));
}

/// Adds clouds with half of their points in a much smaller cube at the origin.
void add_cluster(std::vector<Case>& cases, double width) {
  const auto draw = [&](unsigned seed) { return joined(cube_of(70, 1, seed), cube_of(70, width, seed + 1)); };
  add_both(cases, "cluster of 10^" + std::to_string(std::log10(width)), draw(7), draw(9));
}

/// Adds clouds with the same number of points in every decade of distance from the origin.
void add_all_scales(std::vector<Case>& cases) {
  const auto draw = [](unsigned seed) {
    std::vector<double> points = cube_of(150, 1, seed);
    for (std::size_t i = 0; i < points.size(); ++i) {
      const std::size_t point = i / 3;
      points[i] *= std::pow(10.0, -25 * static_cast<double>(point) / 150);
    }
    return points;
  };
  add_both(cases, "all scales", draw(11), draw(12));
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const double h : {1e-3, 1e-6, 1e-8, 1e-10, 1e-12, 1e-14, 1e-15}) add_pairs(cases, h);
  for (const double distance : {1e6, 1e9, 1e12, 1e14}) add_outlier(cases, distance);
  for (const double width : {1e-10, 1e-13, 1e-16, 1e-19, 1e-22, 1e-25}) add_cluster(cases, width);
  add_all_scales(cases);
  return cases;
}

std::vector<Case> hardest_cases() {
  std::vector<Case> cases;
  add_pairs(cases, 1e-14);
  add_outlier(cases, 1e14);
  add_cluster(cases, 1e-15);
  add_cluster(cases, 1e-22);
  add_all_scales(cases);
  return cases;
}

/// Largest errors over this rank's targets: of the potential relative to the sum of |q|/r, of the gradient
/// relative to the sum of |q|/r^2. Infinite if not finite.
struct Errors {
  double potential = 0, gradient = 0;
};

/// What the errors of the targets of one rank are measured against.
struct Reference {
  std::vector<double> potential, gradient, size, gradient_size;  // sizes: sums of |q|/r and |q|/r^2
};

Reference reference_of(const std::vector<double>& targets, const Problem& problem) {
  const std::size_t m = targets.size() / 3;
  Reference exact{std::vector<double>(m), std::vector<double>(3 * m), std::vector<double>(m),
                  std::vector<double>(m)};
  direct_sum(Laplace{}, targets, problem.sources, problem.charges, exact.potential, exact.gradient);
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < problem.charges.size(); ++j) {
      const auto d = [&](std::size_t c) { return targets[3 * i + c] - problem.sources[3 * j + c]; };
      const double r = std::hypot(d(0), d(1), d(2)), q = Laplace::constant * std::abs(problem.charges[j]);
      if (r == 0) continue;
      exact.size[i] += q / r;
      exact.gradient_size[i] += q / (r * r);
    }
  return exact;
}

Errors errors_of(const Field& field, const Reference& exact) {
  Errors errors;
  const auto worst = [](double& error, double difference, double size) {
    error = std::isfinite(difference) ? std::max(error, std::abs(difference) / size) : INFINITY;
  };
  for (std::size_t i = 0; i < exact.potential.size(); ++i) {
    worst(errors.potential, field.potential[i] - exact.potential[i], exact.size[i]);
    for (std::size_t k = 3 * i; k < 3 * i + 3 && !field.gradient.empty(); ++k)
      worst(errors.gradient, field.gradient[k] - exact.gradient[k], exact.gradient_size[i]);
  }
  return errors;
}

/// Evaluates all cases with one operator set, with and without the gradient.
void expect_told_apart(const Options& options, const std::vector<Case>& cases, const Errors& bound) {
  const Part part = world();
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
  for (const auto& [name, problem] : cases) {
    const std::vector<double> sources = part.of(problem.sources, 3), targets = part.of(problem.targets, 3);
    if (problem.targets.empty())
      fmm.set_points(sources);
    else
      fmm.set_points(sources, targets);
    const Reference exact = reference_of(problem.targets.empty() ? sources : targets, problem);
    for (const Output output : {Output::potential, Output::potential_and_gradient}) {
      const Field field = fmm.evaluate(part.of(problem.charges, 1), output);
      ASSERT_EQ(field.potential.size(), exact.potential.size()) << name;
      const Errors errors = errors_of(field, exact);
      EXPECT_LT(errors.potential, bound.potential) << name;
      EXPECT_LT(errors.gradient, bound.gradient) << name;
    }
  }
}

/// Bound for near-field errors only. The estimate of 1/sqrt at 3 digits is accurate to 2^-13.
Errors near_bound(int digits) {
  const double bound = digits == 3 ? 1.5e-4 : 1e-6;
  return {bound, 3 * bound};
}

/// Bound with a far field, whose errors are larger at single targets far from all others than on average.
Errors far_bound(int digits) {
  return {std::pow(10.0, -digits), std::pow(10.0, 1 - digits)};
}

class ClosePairs : public testing::TestWithParam<int> {};

TEST_P(ClosePairs, AreToldApartInOneLeaf) {
  Options options;
  options.digits = GetParam();
  options.ncrit = 1000;
  expect_told_apart(options, all_cases(), near_bound(GetParam()));
}

TEST_P(ClosePairs, AreToldApartInManyLeaves) {
  Options options;
  options.digits = GetParam();
  options.ncrit = 20;
  expect_told_apart(options, all_cases(), far_bound(GetParam()));
}

// Errors of vectors relative to the sum of the strengths' lengths times what the kernel stretches them by.
TEST_P(ClosePairs, OfVectorKernelsAreToldApart) {
  const Part part = world();
  Options options;
  options.digits = GetParam();
  options.ncrit = 20;
  for (const AnyKernel& kernel :
       {AnyKernel(Stokes{1}), AnyKernel(Elasticity{1, 0.3}), AnyKernel(BiotSavart{})}) {
    Fmm fmm(MPI_COMM_WORLD, kernel, options, kept_operators());
    for (const auto& [name, problem] : hardest_cases()) {
      const std::vector<double> sources = part.of(problem.sources, 3), targets = part.of(problem.targets, 3),
                                strengths = make_charges(problem.sources.size(), 5);
      if (problem.targets.empty())
        fmm.set_points(sources);
      else
        fmm.set_points(sources, targets);
      const Field field = fmm.evaluate(part.of(strengths, 3));
      const ReferenceSums exact = reference_sums(kernel, problem.targets.empty() ? sources : targets,
                                                 problem.sources, {strengths, {}}, Output::potential);
      ASSERT_EQ(field.potential.size(), exact.potential.size());
      double worst = 0;
      for (std::size_t i = 0; i < field.potential.size(); ++i) {
        const double difference = field.potential[i] - exact.potential[i];
        worst =
            std::isfinite(difference) ? std::max(worst, std::abs(difference) / exact.scale[i / 3]) : INFINITY;
      }
      EXPECT_LT(worst, far_bound(GetParam()).potential) << kernel.name() << ' ' << name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Digits, ClosePairs, testing::Values(3, 4, 5, 6));

class ClosePairsOnIsa : public testing::TestWithParam<simd::Isa> {
 protected:
  void SetUp() override { simd::force_isa(GetParam()); }
  void TearDown() override { simd::force_isa(before_); }

 private:
  simd::Isa before_ = simd::active_isa();
};

TEST_P(ClosePairsOnIsa, AreToldApartInEveryForm) {
  for (const NearForm form : {NearForm::two_floats, NearForm::one_float, NearForm::estimate}) {
    Options options;
    options.digits = form == NearForm::estimate ? 3 : 5;
    options.near_form = form;
    options.ncrit = 30;
    SCOPED_TRACE(near_form_name(form));
    expect_told_apart(options, hardest_cases(), far_bound(*options.digits));
  }
}

TEST_P(ClosePairsOnIsa, AreToldApartWithTheNearFieldAloneInSinglePrecision) {
  Options options;
  options.digits = 6;
  options.precision = Precision::double_precision;
  options.near_precision = Precision::single_precision;
  options.ncrit = 30;
  for (const NearForm form : {NearForm::two_floats, NearForm::one_float}) {
    options.near_form = form;
    SCOPED_TRACE(near_form_name(form));
    expect_told_apart(options, hardest_cases(), far_bound(6));
  }
}

INSTANTIATE_TEST_SUITE_P(AllIsas, ClosePairsOnIsa, testing::ValuesIn(simd::available_isas()),
                         [](const auto& param) { return std::string(simd::isa_name(param.param)); });

}  // namespace
}  // namespace octopole

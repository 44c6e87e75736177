// What verify() measures, reports and refuses.
#include "octopole/verify.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

#include "io/point_distributions.hpp"
#include "kernels/direct.hpp"
#include "mpi/comm.hpp"
#include "octopole/fmm.hpp"

namespace octopole {
namespace {

/// A problem of which this rank holds its block, and its exact field by direct sums.
struct Problem {
  mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  Index sources_in_all, targets_in_all;
  std::vector<double> all_sources, all_charges, all_targets, sources, charges, targets;
  Field field;

  Problem(Index n, Index m, Charges kind = Charges::uniform) : sources_in_all(n), targets_in_all(m) {
    all_sources = make_positions(Shape::cube, 0, n, 4);
    all_charges = make_charges(kind, 0, n, 5);
    all_targets = make_positions(Shape::cube, 0, m, 4, RngStream::targets);
    const auto first = [&](Index count, int rank) { return count * rank / comm.size(); };
    const auto part = [&](const std::vector<double>& all, Index count, Index width) {
      return std::vector<double>(all.begin() + width * first(count, comm.rank()),
                                 all.begin() + width * first(count, comm.rank() + 1));
    };
    sources = part(all_sources, n, 3);
    charges = part(all_charges, n, 1);
    targets = part(all_targets, m, 3);
    field.potential.resize(targets.size() / 3);
    field.gradient.resize(targets.size());
    direct_sum(Laplace{}, targets, all_sources, all_charges, field.potential, field.gradient);
  }
  Index first_target() const { return targets_in_all * comm.rank() / comm.size(); }
  Verification check(Index samples, std::uint64_t seed = 1,
                     ReferenceForm form = ReferenceForm::in_double) const {
    return verify(comm.handle(), Laplace{}, sources, charges, targets, field, samples, seed, form);
  }
};

TEST(Verify, SeesWhatIsWrong) {
  Problem p(200, 300);
  const Verification right = p.check(300);
  EXPECT_LT(right.potential.relative_l2, 1e-14);
  EXPECT_LT(right.gradient->relative_l2, 1e-14);
  EXPECT_TRUE(reaches(right, 12));
  // An error at the last target, on the last rank.
  const bool last = p.comm.rank() == p.comm.size() - 1;
  if (last) p.field.potential.back() *= 1.5;
  const Verification wrong = p.check(300);
  EXPECT_GT(wrong.potential.relative_l2, 1e-3);
  EXPECT_EQ(wrong.worst_target, 299);
  EXPECT_LT(wrong.gradient->relative_l2, 1e-14);
  EXPECT_FALSE(reaches(wrong, 6));
  if (last) p.field.potential.back() = std::nan("");
  const Verification nan = p.check(300);
  EXPECT_TRUE(std::isinf(nan.potential.relative_l2) && std::isinf(nan.potential.scaled_l2) &&
              std::isinf(nan.max));
  EXPECT_FALSE(reaches(nan, 2));
  EXPECT_EQ(nan.worst_target, 299);
}

TEST(Verify, TheGradientIsJudged) {
  Problem p(200, 300);
  for (double& g : p.field.gradient) g *= 1.01;
  const Verification v = p.check(300);
  EXPECT_NEAR(v.gradient->relative_l2, 0.01, 1e-9);
  EXPECT_LT(v.potential.relative_l2, 1e-14);
  EXPECT_FALSE(reaches(v, 6));
  p.field.gradient.clear();
  EXPECT_TRUE(reaches(p.check(300), 6));
}

TEST(Verify, MeasuresRelativeToTheSumOfMagnitudes) {
  Problem p(150, 90);
  std::vector<double> sizes = p.all_charges, scale(90);
  for (double& q : sizes) q = std::abs(q);
  direct_sum(Laplace{}, p.all_targets, p.all_sources, sizes, scale);
  std::vector<double> gradient_scale(90), exact(90);
  direct_sum(Laplace{}, p.all_targets, p.all_sources, p.all_charges, exact);
  for (std::size_t i = 0; i < 90; ++i)
    for (std::size_t j = 0; j < 150; ++j) {
      double r2 = 0;
      for (std::size_t c = 0; c < 3; ++c)
        r2 += std::pow(p.all_targets[3 * i + c] - p.all_sources[3 * j + c], 2);
      gradient_scale[i] += Laplace::constant * sizes[j] / r2;
    }
  for (double& u : p.field.potential) u += 1e-3;
  for (double& g : p.field.gradient) g -= 2e-3;
  double of_scale = 0, of_gradient = 0, of_result = 0;
  for (std::size_t i = 0; i < 90; ++i) {
    of_scale += scale[i] * scale[i];
    of_gradient += gradient_scale[i] * gradient_scale[i];
    of_result += exact[i] * exact[i];
  }
  const Verification v = p.check(90);
  EXPECT_NEAR(v.potential.scaled_l2, 1e-3 * std::sqrt(90 / of_scale), 1e-12);
  EXPECT_NEAR(v.potential.relative_l2, 1e-3 * std::sqrt(90 / of_result), 1e-10);
  EXPECT_NEAR(v.potential.cancellation, std::sqrt(of_result / of_scale), 1e-12);
  EXPECT_NEAR(v.gradient->scaled_l2, 2e-3 * std::sqrt(270 / of_gradient), 1e-12);
  EXPECT_EQ(v.samples, 90);
  EXPECT_EQ(v.potential.scaled_l2_bound, v.potential.scaled_l2);  // all were sampled
  EXPECT_EQ(v.worse_share, 0);
}

// The potential of alternating charges decays exponentially with the distance, and relative accuracy with it.
// Relative to the sum of magnitudes, the digits are reached.
TEST(Verify, ChargesThatCancelAreNotCalledInaccurate) {
  std::vector<double> points, charges, targets;
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  for (int i = 0; i < 12 * 12 * 12; ++i) {
    if (i % comm.size() != comm.rank()) continue;
    const int x = i % 12, y = i / 12 % 12, z = i / 144;
    points.insert(points.end(), {x + 0.5, y + 0.5, z + 0.5});
    charges.push_back((x + y + z) % 2 ? 1 : -1);
    targets.insert(targets.end(), {x - 0.25, y + 0.5, z + 30.5});
  }
  for (const int digits : {3, 6}) {
    Options options;
    options.digits = digits;
    options.ncrit = 20;
    options.output = Output::potential_and_gradient;
    Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
    fmm.set_points(points, targets);
    const Field field = fmm.evaluate(charges, options.output);
    const Verification v = verify(comm.handle(), Laplace{}, points, charges, targets, field, 12 * 12 * 12);
    EXPECT_LT(v.potential.cancellation, 1e-4);
    EXPECT_GT(v.potential.relative_l2, std::pow(10.0, -digits));
    EXPECT_LT(v.potential.scaled_l2, std::pow(10.0, -digits));
    EXPECT_TRUE(reaches(v, digits));
  }
}

// A field with a different error at every target; each seed samples 64 of them.
TEST(Verify, TheBoundHoldsAsOftenAsItSays) {
  Problem p(40, 3000, Charges::unit);
  std::mt19937_64 random(3);
  std::vector<double> factors(3000);
  for (double& f : factors) {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += static_cast<double>(random() >> 11) * 0x1p-53;
    f = 1 + 1e-6 * sum;  // normally distributed
  }
  for (std::size_t i = 0; i < p.field.potential.size(); ++i)
    p.field.potential[i] *= factors[static_cast<std::size_t>(p.first_target()) + i];
  p.field.gradient.clear();
  const Verification whole = p.check(3000);
  int held = 0, judged = 0;
  double largest = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed, ++judged) {
    const Verification v = p.check(64, seed);
    EXPECT_GT(v.potential.scaled_l2_bound, v.potential.scaled_l2);
    held += v.potential.scaled_l2_bound >= whole.potential.scaled_l2;
    largest = std::max(largest, v.potential.scaled_l2_bound);
    EXPECT_NEAR(v.worse_share, 0.0457, 1e-4);
    EXPECT_EQ(v.targets, 3000);
  }
  EXPECT_GE(held, 180);  // of 190 expected, with a standard deviation of 3
  EXPECT_LE(held, 198);  // the bound is not larger than necessary
  EXPECT_LT(largest, 1.7 * whole.potential.scaled_l2);
  EXPECT_TRUE(std::isinf(p.check(1).potential.scaled_l2_bound));  // one sample says nothing about the others
}

TEST(Verify, CheaperFormsAreGoodEnough) {
  Problem p(4000, 500);
  for (double& u : p.field.potential) u += 1e-5;
  for (double& g : p.field.gradient) g += 1e-4;
  const Verification exact = p.check(64), one_step = p.check(64, 1, ReferenceForm::one_step),
                     cheap = p.check(64, 1, ReferenceForm::in_single);
  EXPECT_NEAR(one_step.potential.scaled_l2, exact.potential.scaled_l2, 6e-9);
  EXPECT_NEAR(one_step.gradient->scaled_l2, exact.gradient->scaled_l2, 2e-8);
  EXPECT_NEAR(cheap.potential.relative_l2, exact.potential.relative_l2, 1e-6);
  EXPECT_NEAR(cheap.potential.scaled_l2, exact.potential.scaled_l2, 1e-7);
  EXPECT_NEAR(cheap.gradient->relative_l2, exact.gradient->relative_l2, 2e-6);
  Parameters parameters;
  for (int digits = 2; digits <= 12; ++digits) {
    parameters.digits = digits;
    EXPECT_EQ(self_check_form(parameters) == ReferenceForm::estimated, digits <= 3);
    EXPECT_EQ(self_check_form(parameters) == ReferenceForm::in_single, digits == 4 || digits == 5);
    EXPECT_EQ(self_check_form(parameters) == ReferenceForm::one_step, digits == 6 || digits == 7);
    EXPECT_EQ(self_check_form(parameters) == ReferenceForm::in_double, digits >= 8);
  }
}

TEST(Verify, EveryRankSaysTheSame) {
  Problem p(500, 100);
  for (double& u : p.field.potential) u += 1e-5 * (1 + p.comm.rank());
  const Verification v = p.check(64);
  for (const double value : {v.potential.relative_l2, v.potential.scaled_l2, v.potential.scaled_l2_bound,
                             v.gradient->scaled_l2, v.max, v.worst_place[1]}) {
    EXPECT_EQ(p.comm.min(value), value);
    EXPECT_EQ(p.comm.max(value), value);
  }
}

// Wrong lengths on one rank: all ranks throw an error that names them.
TEST(Verify, WrongLengthsAreErrorsOnAllRanks) {
  const Problem right(60, 30);
  const auto expect_error = [&](const std::string& what, const auto& spoil) {
    Problem p = right;
    Index samples = 10;
    if (p.comm.rank() == p.comm.size() - 1) spoil(p, samples);
    try {
      verify(p.comm.handle(), Laplace{}, p.sources, p.charges, p.targets, p.field, samples);
      FAIL() << what;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(what), std::string::npos) << error.what();
    }
  };
  expect_error("sources", [](Problem& p, Index&) { p.sources.pop_back(); });
  expect_error("charges", [](Problem& p, Index&) { p.charges.push_back(1); });
  expect_error("targets", [](Problem& p, Index&) { p.targets.pop_back(); });
  expect_error("potential", [](Problem& p, Index&) { p.field.potential.pop_back(); });
  expect_error("gradient", [](Problem& p, Index&) { p.field.gradient.push_back(0); });
  if (right.comm.size() > 1) {
    expect_error("gradient", [](Problem& p, Index&) { p.field.gradient.clear(); });
    expect_error("samples", [](Problem&, Index& samples) { samples = 11; });
  }
  expect_error("samples", [](Problem&, Index& samples) { samples = 0; });
  right.check(10);  // the communicator is still usable
}

}  // namespace
}  // namespace octopole

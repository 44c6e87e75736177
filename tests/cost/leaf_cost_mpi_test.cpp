// Leaves that cannot be divided further: found, priced, and refused on all ranks if the price is absurd.
#include <gtest/gtest.h>

#include <chrono>

#include "cost/leaf_cost.hpp"
#include "fmm/set_points.hpp"
#include "tests/support/problem.hpp"

namespace octopole {
namespace {

/// `spread` points in a cube, `coincident` more at one place, and two very close to that place.
std::vector<double> with_coincident(std::size_t spread, std::size_t coincident) {
  std::vector<double> points = test::make_points("cube", spread);
  for (std::size_t i = 0; i < coincident; ++i) points.insert(points.end(), {0.3, 0.4, 0.55});
  points.insert(points.end(), {0.3 + 1e-9, 0.4, 0.55, 0.3, 0.4 - 1e-9, 0.55});
  return points;
}

Options few_digits() {
  Options options;
  options.digits = 3;
  options.ncrit = 200;
  return options;
}

OverfullLeaves overfull_of(const std::vector<double>& all, const Options& options) {
  const test::Part part = test::world();
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
  fmm.set_points(part.of(all, 3));
  return fmm.summary().overfull;
}

TEST(OverfullLeaves, ArePricedAlikeOnAnyRanks) {
  const OverfullLeaves none = overfull_of(test::make_points("cube", 5000), few_digits());
  EXPECT_EQ(none.leaves, 0);
  EXPECT_EQ(none.seconds, 0);
  EXPECT_LE(none.largest, 200);

  Options options = few_digits();
  options.near_form = NearForm::two_floats;
  const OverfullLeaves found = overfull_of(with_coincident(5000, 3000), options);
  EXPECT_EQ(found.leaves, 1);
  EXPECT_GE(found.largest, 3000);
  EXPECT_LE(found.largest, 3002);
  EXPECT_GE(found.pairs, 3000.0 * 3000.0);
  EXPECT_LE(found.pairs, 3400.0 * 3400.0);
  EXPECT_GT(found.other_seconds, 0);
  EXPECT_FALSE(is_absurd(found));

  // One thread sums all pairs of one leaf: the seconds follow from the rate of pairs.
  const Parameters parameters = resolve(options, Laplace::name);
  OperationCounts pairs;
  pairs.near_pairs = found.pairs;
  double seconds = 0;
  for (const double s : predict_seconds(pairs, parameters, true)) seconds += s;
  EXPECT_NEAR(found.seconds / seconds, 1, 0.15);
}

TEST(OverfullLeaves, ClosePairsCostMoreWithOneFloat) {
  const auto all = with_coincident(5000, 3000), spread = test::make_points("cube", 40'000);
  Options options = few_digits();
  options.near_form = NearForm::one_float;
  const double close = overfull_of(all, options).seconds;
  options.max_level = 2;
  const double apart = overfull_of(spread, options).seconds;
  options.near_form = NearForm::two_floats;
  EXPECT_LT(apart, overfull_of(spread, options).seconds)
      << "one float is the faster form where points lie apart";
  options.max_level = 20;
  EXPECT_GT(close, 3 * overfull_of(all, options).seconds);
}

TEST(OverfullLeaves, ACoarseDeepestLevelIsOneToo) {
  Options options = few_digits();
  options.max_level = 2;
  const OverfullLeaves found = overfull_of(test::make_points("cube", 40'000), options);
  EXPECT_EQ(found.leaves, 64);
  EXPECT_GT(found.pairs, 40e3 * 40e3 / 64 * 7);  // corner leaves have 7 neighbours, others more
  EXPECT_LE(found.pairs, 40e3 * 40e3 / 64 * 27 * 1.2);
}

TEST(OverfullLeaves, DistinctTargetsCountAsWell) {
  const test::Part part = test::world();
  const std::vector<double> targets = with_coincident(2000, 1500), sources = test::make_points("cube", 2000);
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, few_digits());
  fmm.set_points(part.of(sources, 3), part.of(targets, 3));
  const OverfullLeaves found = fmm.summary().overfull;
  EXPECT_EQ(found.leaves, 1);
  EXPECT_GE(found.largest, 1500);
  EXPECT_LT(found.pairs, 1600.0 * 400) << "few sources are near";
}

TEST(OverfullLeaves, AbsurdOnesAreRefusedOnAllRanksUnlessAllowed) {
  const std::vector<double> all = with_coincident(5000, 500'000);
  std::string text;
  try {
    overfull_of(all, few_digits());
  } catch (const AgreedError& error) {
    text = error.what();
  }
  for (const char* part : {"1 leaf at the maximum level 20 holds more than ncrit = 200 points, up to 5000",
                           " s for their ", "merge coincident sources", "allow_overfull_leaves"})
    EXPECT_NE(text.find(part), std::string::npos) << text;
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  std::string first = text;
  comm.broadcast(first);
  EXPECT_EQ(text, first);

  Options options = few_digits();
  options.allow_overfull_leaves = true;
  const OverfullLeaves allowed = overfull_of(all, options);
  EXPECT_TRUE(is_absurd(allowed));
  EXPECT_GT(allowed.seconds, kOverfullSeconds);
}

TEST(OverfullLeaves, BothMinuteAndShareMustBeExceeded) {
  OverfullLeaves overfull;
  overfull.leaves = 1;
  overfull.seconds = 2 * kOverfullSeconds;
  overfull.other_seconds = 1;
  EXPECT_TRUE(is_absurd(overfull));
  overfull.other_seconds = 2;
  EXPECT_FALSE(is_absurd(overfull)) << "the rest also takes long";
  overfull = {.leaves = 1, .largest = 1, .pairs = 1, .seconds = kOverfullSeconds / 2, .other_seconds = 1e-3};
  EXPECT_FALSE(is_absurd(overfull)) << "half a minute is a warning";
}

}  // namespace
}  // namespace octopole

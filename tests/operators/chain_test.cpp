// The whole sequence of operators on a uniform tree: accuracy by order, and bitwise equal results on any
// number of threads.
#include <gtest/gtest.h>
#include <omp.h>

#include "uniform_tree.hpp"

namespace octopole::testing {
namespace {

/// Three levels, distinct targets, charges of one sign.
struct Problem {
  UniformTree tree{3};
  PointSet sources = tree.random_points(4, 1), targets = tree.random_points(2, 5000);
  std::vector<double> charges = random_values(static_cast<std::size_t>(sources.size()), 0, 1, 2);
  std::vector<double> potential = std::vector<double>(static_cast<std::size_t>(targets.size()));
  std::vector<double> gradient = std::vector<double>(3 * static_cast<std::size_t>(targets.size()));
  Problem() {
    direct_sum(Laplace{}, targets.interleaved(), sources.interleaved(), charges, potential, gradient);
  }
  template <class Real>
  Sums evaluate(const OperatorKey& key) const {
    const auto ops = make_operators<Real>(Laplace{}, key);
    return evaluate_uniform(ops, tree, targets, sources, std::vector<Real>(charges.begin(), charges.end()),
                            true);
  }
};

const Problem& problem() {
  static const Problem p;
  return p;
}

TEST(Chain, ErrorFallsWithTheOrder) {
  for (const auto& [order, potential, gradient] : {std::tuple{4, 2e-4, 4e-3},
                                                   {6, 2e-6, 1e-4},
                                                   {8, 5e-8, 3e-6},
                                                   {10, 2e-9, 1e-7},
                                                   {12, 3e-11, 5e-9},
                                                   {14, 3e-12, 3e-10}}) {
    const Sums sums = problem().evaluate<double>(laplace_key(order));
    EXPECT_LT(relative_error(sums.potential, problem().potential), potential) << "order " << order;
    EXPECT_LT(relative_error(sums.gradient(), problem().gradient), gradient) << "order " << order;
  }
}

TEST(Chain, WiderCheckSurfaces) {
  auto key = laplace_key(6);
  key.check_order = 8;
  EXPECT_LT(relative_error(problem().evaluate<double>(key).potential, problem().potential), 1.5e-6);
  key.m2l = M2lMethod::svd;
  key.downward_check_order = 8;
  key.svd_tolerance = 1e-9;
  EXPECT_LT(relative_error(problem().evaluate<double>(key).potential, problem().potential), 1.5e-6);
}

TEST(Chain, SinglePrecision) {
  for (const auto& [order, tolerance] : {std::pair{4, 2e-4}, {5, 2e-5}, {6, 3e-6}}) {
    const Sums sums =
        problem().evaluate<float>(laplace_key(order, M2lMethod::fft, Precision::single_precision));
    EXPECT_LT(relative_error(sums.potential, problem().potential), tolerance) << "order " << order;
  }
}

TEST(Chain, SameBitsOnAnyNumberOfThreads) {
  const int before = omp_get_max_threads();
  for (const auto method : {M2lMethod::fft, M2lMethod::svd}) {
    auto key = laplace_key(4, method);
    key.svd_tolerance = 1e-6;
    const auto ops = make_operators<double>(Laplace{}, key);
    const auto& p = problem();
    omp_set_num_threads(1);
    const Sums one = evaluate_uniform(ops, p.tree, p.targets, p.sources, p.charges, true);
    for (const int threads : {2, 4}) {
      omp_set_num_threads(threads);
      const Sums many = evaluate_uniform(ops, p.tree, p.targets, p.sources, p.charges, true);
      EXPECT_EQ(many.potential, one.potential);
      EXPECT_EQ(many.gx, one.gx);
      EXPECT_EQ(many.gy, one.gy);
      EXPECT_EQ(many.gz, one.gz);
    }
  }
  omp_set_num_threads(before);
}

}  // namespace
}  // namespace octopole::testing

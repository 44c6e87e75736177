#include "operators/operator_set.hpp"

#include <gtest/gtest.h>

#include <map>

#include "uniform_tree.hpp"

namespace octopole::testing {
namespace {

TEST(OperatorSet, StoredArraysAreAllThatIsNeeded) {
  for (const auto method : {M2lMethod::fft, M2lMethod::svd}) {
    auto key = laplace_key(4, method);
    key.svd_tolerance = 1e-4;
    auto made = make_operators<double>(Laplace{}, key);
    std::map<std::string, AlignedVector<double>> store;
    made.for_each_array([&]<class T>(const std::string& name, AlignedVector<T>& values) {
      EXPECT_TRUE(store.emplace(name, AlignedVector<double>(values.begin(), values.end())).second)
          << name << " occurs twice";
    });
    auto read = lay_out_operators<double>(key);
    read.for_each_array([&]<class T>(const std::string& name, AlignedVector<T>& values) {
      values.assign(store.at(name).begin(), store.at(name).end());
    });
    adopt_arrays(read);
    EXPECT_EQ(read.translations.upward_rank, made.translations.upward_rank);
    EXPECT_EQ(read.translations.downward_rank, made.translations.downward_rank);
    const UniformTree tree(2);
    const PointSet points = tree.random_points(3, 1);
    const auto charges = random_values(static_cast<std::size_t>(points.size()), -1, 1, 2);
    EXPECT_EQ(evaluate_uniform(read, tree, points, points, charges, false).potential,
              evaluate_uniform(made, tree, points, points, charges, false).potential);
  }
}

TEST(OperatorSet, DamagedArraysAreRefused) {
  for (const auto method : {M2lMethod::fft, M2lMethod::svd}) {
    auto key = laplace_key(3, method);
    key.svd_tolerance = 1e-3;
    const auto made = make_operators<double>(Laplace{}, key);
    int arrays = 0;
    auto counted = made;
    counted.for_each_array([&](const std::string&, auto&) { ++arrays; });
    for (int damaged = 0; damaged < arrays; ++damaged) {
      auto set = made;
      int i = 0;
      set.for_each_array([&](const std::string&, auto& values) {
        if (i++ == damaged) values.pop_back();
      });
      EXPECT_THROW(adopt_arrays(set), Error) << "array " << damaged;
    }
  }
}

TEST(OperatorSet, AnotherKernelsKeyIsRefused) {
  auto key = laplace_key(3);
  key.kernel = "yukawa";
  EXPECT_THROW((make_operators<double>(Laplace{}, key)), Error);
}

TEST(OperatorSet, EqualKeysGiveEqualOperators) {
  const auto key = laplace_key(5);
  auto one = make_operators<double>(Laplace{}, key), two = make_operators<double>(Laplace{}, key);
  EXPECT_EQ(one.translations.m2m, two.translations.m2m);
  EXPECT_EQ(one.translations.downward_second, two.translations.downward_second);
  EXPECT_EQ(one.fft.transforms, two.fft.transforms);
}

}  // namespace
}  // namespace octopole::testing

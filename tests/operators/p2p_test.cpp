// P2P: from sources to targets, between points much closer than the size of their leaf, and with sources =
// targets in all forms of points, against direct sums; and exceptions of what the calling thread does
// meanwhile.
#include "operators/p2p.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <atomic>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>

#include "base/threads.hpp"
#include "simd/isa.hpp"
#include "strengths.hpp"
#include "uniform_tree.hpp"

namespace octopole::testing {
namespace {

template <class Real>
void check_p2p(Index sources, double unit, double tolerance, const AnyKernel& kernel = Laplace{}) {
  const Scene scene(sources, unit);
  const std::vector<Real> charges(scene.charges.begin(), scene.charges.end());
  std::vector<double> potential(29), gradient(3 * 29);
  direct_sum(kernel, scene.targets.interleaved(), scene.sources.interleaved(), scene.charges, potential,
             gradient);
  Sums sums(29, true), only(29, false);
  p2p<Real>(kernel, scene.nodes, scene.list.view(), scene.boxes.data(), scene.targets.view(),
            scene.sources.view(), StrengthVectors(charges.data()), sums.view());
  p2p<Real>(kernel, scene.nodes, scene.list.view(), scene.boxes.data(), scene.targets.view(),
            scene.sources.view(), StrengthVectors(charges.data()), only.view());
  EXPECT_LT(relative_error(sums.potential, potential), tolerance);
  EXPECT_LT(relative_error(only.potential, potential), tolerance);
  EXPECT_LT(relative_error(sums.gradient(), gradient), 10 * tolerance);
}

TEST(P2P, IsTheDirectSum) {
  for (const AnyKernel& kernel : tested_kernels()) {
    for (const Index sources : {1, 40, 1023, 1024, 1025, 3000}) check_p2p<double>(sources, 1, 1e-13, kernel);
    check_p2p<float>(40, 1, 1e-6, kernel);
    check_p2p<float>(3000, 1, 1e-6, kernel);
  }
}

TEST(P2P, SinglePrecisionDoesNotDependOnTheUnitOfLength) {
  check_p2p<float>(40, 1e-25, 1e-6);
  check_p2p<float>(40, 1e25, 1e-6);
}

TEST(P2P, SinglePrecisionDoesNotDependOnThePlace) {
  // Far from the origin, absolute coordinates in single precision would have no digits left.
  std::vector<Box> boxes{{1e6, 1e6, -1e6, 0.5}};
  PointSet points(1);
  points.fill(0, boxes[0], 50, 1);
  List list;
  list.push(0);
  list.close_row();
  const auto charges = random_values(50, 0, 1, 2);
  const std::vector<float> rounded(charges.begin(), charges.end());
  const std::vector<NodeIndex> leaves{0};
  std::vector<double> potential(50);
  direct_sum(Laplace{}, points.interleaved(), points.interleaved(), charges, potential);
  Sums sums(50, false);
  p2p<float>(Laplace{}, leaves, list.view(), boxes.data(), points.view(), points.view(),
             StrengthVectors(rounded.data()), sums.view());
  EXPECT_LT(relative_error(sums.potential, potential), 1e-6);
}

TEST(P2P, CoincidentPointsContributeNothing) {
  const std::vector<Box> boxes{{0, 0, 0, 1}};
  PointSet points(1);
  points.fill(0, boxes[0], 1, 1);
  List list;
  list.push(0);
  list.close_row();
  const std::vector<NodeIndex> leaves{0};
  const std::vector<double> charge{1};
  const std::vector<float> single{1};
  Sums sums(1, true);
  p2p<double>(Laplace{}, leaves, list.view(), boxes.data(), points.view(), points.view(),
              StrengthVectors(charge.data()), sums.view());
  p2p<float>(Laplace{}, leaves, list.view(), boxes.data(), points.view(), points.view(),
             StrengthVectors(single.data()), sums.view());
  EXPECT_EQ(sums.potential[0], 0);
  EXPECT_EQ(sums.gx[0], 0);
}

// ---- single precision between points much closer than the size of their leaf.

/// All points in one leaf, each of them target and source.
struct OneLeaf {
  std::vector<Box> boxes{{0.5, 0.5, 0.5, 0.5}};
  PointSet points{1};
  std::vector<float> charges;

  void push(double x, double y, double z, float charge) {
    points.x.push_back(x);
    points.y.push_back(y);
    points.z.push_back(z);
    points.end[0] = points.size();
    charges.push_back(charge);
  }
  Sums evaluate(bool gradient) const {
    List list;
    list.push(0);
    list.close_row();
    const std::vector<NodeIndex> leaves{0};
    Sums sums(points.size(), gradient);
    p2p<float>(Laplace{}, leaves, list.view(), boxes.data(), points.view(), points.view(),
               StrengthVectors(charges.data()), sums.view());
    return sums;
  }
  /// Checks the relative errors of the potential, with and without the gradient, and of the gradient.
  void check(double tolerance, double gradient_tolerance) const {
    const auto places = points.interleaved();
    const std::vector<double> exact(charges.begin(), charges.end());
    std::vector<double> potential(exact.size()), gradient(3 * exact.size());
    direct_sum(Laplace{}, places, places, exact, potential, gradient);
    const Sums only = evaluate(false), both = evaluate(true);
    EXPECT_LT(relative_error(only.potential, potential), tolerance);
    EXPECT_LT(relative_error(both.potential, potential), tolerance);
    EXPECT_LT(relative_error(both.gradient(), gradient), gradient_tolerance);
  }
};

TEST(NearField, TwoCloseInSinglePrecision) {
  for (const double distance : {1e-3, 1e-5, 1e-7, 1e-8, 1e-9}) {
    SCOPED_TRACE(distance);
    OneLeaf leaf;
    leaf.push(0.8, 0.3, 0.9, 1.0F);
    leaf.push(0.8 + 0.6 * distance, 0.3 - 0.48 * distance, 0.9 + 0.64 * distance, -0.75F);
    leaf.check(1e-6, 3e-6);
  }
}

TEST(NearField, CloserThanTheLowPartsHoldDigits) {
  // The digits left in the coordinates limit accuracy: 2^-48 half sides, and their own last place.
  for (const double distance : {1e-10, 1e-11, 1e-12}) {
    SCOPED_TRACE(distance);
    OneLeaf leaf;
    leaf.push(0.8, 0.3, 0.9, 1.0F);
    leaf.push(0.8 + 0.6 * distance, 0.3 - 0.48 * distance, 0.9 + 0.64 * distance, -0.75F);
    leaf.check(1e-6 + 4e-15 / distance, 3e-6 + 12e-15 / distance);
  }
}

TEST(NearField, GradientsAreFiniteDownToTheLastBit) {
  // The kernel's gradient factor, distance^-3, would not fit in single precision if a half side were 1. Near
  // the centre the low parts hold all digits of the doubles.
  OneLeaf leaf;
  const double x = 0.501, next = std::nextafter(x, 1.0), distance = next - x;
  leaf.push(x, 0.501, 0.499, 1.0F);
  leaf.push(next, 0.501, 0.499, 1.0F);
  const Sums sums = leaf.evaluate(true);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_NEAR(sums.potential[i] * distance / Laplace::constant, 1, 0.05);
    EXPECT_NEAR(sums.gx[i] * distance * distance / Laplace::constant, i == 0 ? 1 : -1, 0.1);
    EXPECT_EQ(sums.gy[i], 0);
    EXPECT_EQ(sums.gz[i], 0);
  }
}

TEST(NearField, LineInSinglePrecision) {
  OneLeaf leaf;
  const auto place = random_values(2000, 0, 1, 1), charge = random_values(2000, -1, 1, 2);
  for (std::size_t i = 0; i < place.size(); ++i)
    leaf.push(place[i], 0.25 + 0.5 * place[i], 0.9 - 0.7 * place[i], static_cast<float>(charge[i]));
  leaf.check(1e-6, 3e-6);
}

TEST(NearField, LineThroughManyLeavesInSinglePrecision) {
  // In a leaf's frame, its neighbours' points lie outside the leaf.
  const UniformTree tree(2);
  PointSet points(tree.boxes.size());
  for (const NodeIndex leaf : tree.nodes_of(2)) {
    const Box& box = tree.boxes[static_cast<std::size_t>(leaf)];
    points.begin[static_cast<std::size_t>(leaf)] = points.size();
    if (box.x == box.y && box.y == box.z)
      for (const double t : random_values(500, -1, 1, static_cast<unsigned>(leaf))) {
        for (auto* v : {&points.x, &points.y, &points.z}) v->push_back(box.x + box.half * t);
      }
    points.end[static_cast<std::size_t>(leaf)] = points.size();
  }
  const auto drawn = random_values(static_cast<std::size_t>(points.size()), -1, 1, 3);
  const std::vector<float> charges(drawn.begin(), drawn.end());
  Sums sums(points.size(), true), expected(points.size(), true);
  p2p<float>(Laplace{}, tree.nodes_of(2), tree.u.view(), tree.boxes.data(), points.view(), points.view(),
             StrengthVectors(charges.data()), sums.view());
  const std::vector<double> exact(charges.begin(), charges.end());
  p2p<double>(Laplace{}, tree.nodes_of(2), tree.u.view(), tree.boxes.data(), points.view(), points.view(),
              StrengthVectors(exact.data()), expected.view());
  EXPECT_LT(relative_error(sums.potential, expected.potential), 1e-6);
  EXPECT_LT(relative_error(sums.gradient(), expected.gradient()), 3e-6);
}

TEST(NearField, TheCallingThreadLooksAfterOtherThings) {
  const UniformTree tree(2);
  PointSet points(tree.boxes.size());
  for (const NodeIndex leaf : tree.nodes_of(2)) {
    const Box& box = tree.boxes[static_cast<std::size_t>(leaf)];
    points.begin[static_cast<std::size_t>(leaf)] = points.size();
    points.x.push_back(box.x);
    points.y.push_back(box.y);
    points.z.push_back(box.z);
    points.end[static_cast<std::size_t>(leaf)] = points.size();
  }
  const std::vector<double> charges(static_cast<std::size_t>(points.size()), 1.0);
  const auto near = [&](const std::function<void()>& poll) {
    Sums sums(points.size(), false);
    p2p<double>(Laplace{}, tree.nodes_of(2), tree.u.view(), tree.boxes.data(), points.view(), points.view(),
                StrengthVectors(charges.data()), sums.view(), poll);
    return sums.potential;
  };
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  int calls = 0;
  const auto alone = near({}), interrupted = near([&] { ++calls; });
  EXPECT_EQ(calls, 64 / kLeavesPerPoll);
  EXPECT_EQ(alone, interrupted);
  omp_set_num_threads(3);
  std::atomic<int> elsewhere = 0;
  near([&] { elsewhere += omp_get_thread_num() != 0; });
  EXPECT_EQ(elsewhere, 0);
  omp_set_num_threads(threads);
}

// ---- sources = targets.

/// Pairs of leaves as p2p_symmetric takes them: the leaves of a uniform tree in two ranges, all pairs of
/// neighbours symmetric.
struct Pairs {
  std::vector<NodeIndex> leaves, symmetric_items, one_sided_items, row_leaves;
  std::vector<Index> symmetric_offsets, one_sided_offsets, ranges, task_rows{0},
      task_range_begins{0, 1, 2, 4};
  std::vector<std::int32_t> task_ranges{0, 1, 0, 1};

  explicit Pairs(const UniformTree& tree) : leaves(tree.nodes_of(2)) {
    const NodeIndex half = leaves[leaves.size() / 2];
    ranges = {0, static_cast<Index>(leaves.size() / 2), static_cast<Index>(leaves.size())};
    symmetric_offsets.assign(tree.boxes.size() + 1, 0);
    one_sided_offsets.assign(tree.boxes.size() + 1, 0);
    std::vector<NodeIndex> rows[3];  // one per task
    for (NodeIndex node = 0; node < static_cast<NodeIndex>(tree.boxes.size()); ++node) {
      if (node >= leaves.front()) {
        one_sided_items.push_back(node);
        for (const NodeIndex other : tree.u.view().of(node))
          if (other > node) symmetric_items.push_back(other);
        const bool in_second = node >= half, meets_second = symmetric_items.back() >= half;
        rows[in_second ? 1 : meets_second ? 2 : 0].push_back(node);
      }
      symmetric_offsets[at(node) + 1] = static_cast<Index>(symmetric_items.size());
      one_sided_offsets[at(node) + 1] = static_cast<Index>(one_sided_items.size());
    }
    for (const auto& row : rows) {
      row_leaves.insert(row_leaves.end(), row.begin(), row.end());
      task_rows.push_back(static_cast<Index>(row_leaves.size()));
    }
  }
  NearPairsView view() const {
    return {leaves,
            ranges,
            {symmetric_offsets.data(), symmetric_items.data()},
            {one_sided_offsets.data(), one_sided_items.data()},
            task_range_begins,
            task_ranges,
            task_rows,
            row_leaves};
  }
};

struct Problem {
  AnyKernel kernel = Laplace{};
  UniformTree tree{2};
  PointSet points{tree.boxes.size()};
  Pairs pairs{tree};
  std::vector<double> charges;
  std::vector<float> single;
  AlignedVector<float> x, y, z;

  /// Leaves of 1 to 70 points; with `close`, some at the corners, 1e-7 half sides from others in their own
  /// leaf and in neighbours, and some coincident.
  explicit Problem(bool close) {
    for (const NodeIndex leaf : tree.nodes_of(2)) {
      const Box& box = tree.boxes[at(leaf)];
      points.begin[at(leaf)] = points.size();
      const auto push = [&](double px, double py, double pz) {
        points.x.push_back(box.x + box.half * px);
        points.y.push_back(box.y + box.half * py);
        points.z.push_back(box.z + box.half * pz);
      };
      const auto offsets =
          random_values(static_cast<std::size_t>(3 * (1 + leaf * 7 % 70)), -1, 1, unsigned(leaf));
      for (std::size_t i = 0; i < offsets.size(); i += 3) push(offsets[i], offsets[i + 1], offsets[i + 2]);
      constexpr double nearly = 1 - 5e-8;
      for (const double side : {-nearly, nearly})
        for (int k = 0; k < 3 && close; ++k) push(side, k == 1 ? side * nearly : side, side);
      points.end[at(leaf)] = points.size();
    }
    charges = random_values(static_cast<std::size_t>(points.size()), -1, 1, 3);
    for (double& q : charges) q = static_cast<float>(q);
    single.assign(charges.begin(), charges.end());
    for (auto* axis : {&x, &y, &z}) axis->resize(charges.size());
    to_leaf_frames(pairs.leaves, tree.boxes.data(), points.view(), x.data(), y.data(), z.data());
  }
  LeafFramePoints leaf_frame(NearForm form) const {
    return {form, points.size(), x.data(), y.data(), z.data()};
  }
  Sums one_sided(bool gradient) const {
    Sums sums(points.size(), gradient);
    p2p<double>(kernel, tree.nodes_of(2), tree.u.view(), tree.boxes.data(), points.view(), points.view(),
                StrengthVectors(charges.data()), sums.view());
    return sums;
  }
  Sums symmetric(bool gradient, NearForm form, const NearPairsView& view) const {
    Sums sums(points.size(), gradient);
    p2p_symmetric<float>(kernel, view, tree.boxes.data(), points.view(), StrengthVectors(single.data()),
                         sums.view(), {}, leaf_frame(form));
    return sums;
  }
};

constexpr NearForm kForms[] = {NearForm::two_floats, NearForm::one_float, NearForm::estimate};

class NearSymmetric : public ::testing::TestWithParam<simd::Isa> {
 protected:
  void SetUp() override { simd::force_isa(GetParam()); }
  void TearDown() override { simd::force_isa(before_); }

 private:
  simd::Isa before_ = simd::active_isa();
};

TEST_P(NearSymmetric, EqualsOneSided) {
  for (const AnyKernel& kernel : tested_kernels())
    for (const bool close : {false, true}) {
      Problem problem(close);
      problem.kernel = kernel;
      for (const bool gradient : {false, true}) {
        const Sums expected = problem.one_sided(gradient);
        Sums in_double(problem.points.size(), gradient);
        p2p_symmetric<double>(kernel, problem.pairs.view(), problem.tree.boxes.data(), problem.points.view(),
                              StrengthVectors(problem.charges.data()), in_double.view());
        EXPECT_LT(relative_error(in_double.potential, expected.potential), 1e-13);
        if (gradient) {
          EXPECT_LT(relative_error(in_double.gradient(), expected.gradient()), 1e-13);
        }
        for (const NearForm form : kForms) {
          SCOPED_TRACE(::testing::Message()
                       << kernel.name() << ", close " << close << ", form " << int(form));
          const Sums sums = problem.symmetric(gradient, form, problem.pairs.view());
          const bool estimated = form == NearForm::estimate && (GetParam() == simd::Isa::avx512 ||
                                                                GetParam() == simd::Isa::avx2_reproducible);
          EXPECT_LT(relative_error(sums.potential, expected.potential), estimated ? 5e-5 : 1e-6);
          if (gradient) {
            EXPECT_LT(relative_error(sums.gradient(), expected.gradient()), estimated ? 2e-4 : 3e-6);
          }
        }
      }
    }
}

// Dipoles, both kinds and Hessians, in loops of their own and by tiles (several vectors, derivatives of
// dipoles).
TEST_P(NearSymmetric, DipolesAndHessians) {
  for (const AnyKernel& kernel : tested_kernels())
    for (const SourceKind kind : kKinds)
      for (const int order : {0, 1, 2})
        for (const int vectors : {1, 2}) {
          if (vectors == 2 && (order != 1 || kind == SourceKind::charges)) continue;
          SCOPED_TRACE(::testing::Message() << kernel.name() << ", kind " << static_cast<int>(kind)
                                            << ", order " << order << ", " << vectors << " vectors");
          const Problem problem(true);
          const Index n = problem.points.size();
          const RandomStrengths<float> single(kind, vectors, n);
          std::vector<double> in_double(single.by_part.begin(), single.by_part.end());
          const StrengthVectors<double> exact(in_double.data(), n, vectors, kind);
          AllSums sums(n, vectors, order);
          p2p<double>(kernel, problem.tree.nodes_of(2), problem.tree.u.view(), problem.tree.boxes.data(),
                      problem.points.view(), problem.points.view(), exact, sums.view());
          AllSums symmetric(n, vectors, order);
          p2p_symmetric<double>(kernel, problem.pairs.view(), problem.tree.boxes.data(),
                                problem.points.view(), exact, symmetric.view());
          const auto compare = [&](const AllSums& results, double tolerance) {
            for (int o = 0; o <= order; ++o)
              EXPECT_LT(relative_error(results.of_order(o), sums.of_order(o)), tolerance) << "order " << o;
          };
          compare(symmetric, 1e-12);
          for (const NearForm form : kForms) {
            AllSums in_single(n, vectors, order);
            p2p_symmetric<float>(kernel, problem.pairs.view(), problem.tree.boxes.data(),
                                 problem.points.view(), single.view(), in_single.view(), {},
                                 problem.leaf_frame(form));
            const bool estimated = form == NearForm::estimate && (GetParam() == simd::Isa::avx512 ||
                                                                  GetParam() == simd::Isa::avx2_reproducible);
            compare(in_single, estimated ? 1e-3 : 2e-5);
          }
        }
}

TEST_P(NearSymmetric, ClosePairsKeepTheirDigits) {
  // One float per coordinate cannot distinguish them: close pairs must be summed in double.
  const Problem problem(true);
  const Sums expected = problem.one_sided(true);
  for (const NearForm form : {NearForm::one_float, NearForm::estimate}) {
    const Sums sums = problem.symmetric(true, form, problem.pairs.view());
    for (const NodeIndex leaf : problem.pairs.leaves)
      for (Index i = problem.points.end[at(leaf)] - 6; i < problem.points.end[at(leaf)]; ++i) {
        const auto k = static_cast<std::size_t>(i);
        EXPECT_NEAR(sums.potential[k], expected.potential[k], 1e-6 * std::abs(expected.potential[k]) + 1e-3);
        EXPECT_NEAR(sums.gx[k], expected.gx[k], 1e-6 * std::abs(expected.gx[k]) + 1e-2);
      }
  }
}

INSTANTIATE_TEST_SUITE_P(AllIsas, NearSymmetric, ::testing::ValuesIn(simd::available_isas()),
                         [](const auto& param) { return std::string(simd::isa_name(param.param)); });

// ---- what the calling thread polls may throw.

/// near(poll) evaluates the near field and returns the potential: an exception of `poll` arrives
/// here, from the inside of a parallel region, and a later call is right.
void expect_exceptions_to_arrive(const std::function<std::vector<double>(std::function<void()>)>& near) {
  const int before = max_threads();
  for (const int threads : {1, 3}) {
    SCOPED_TRACE(threads);
    set_threads(threads);
    const std::vector<double> expected = near({});
    // With several threads, the calling one may get too few leaves for a call of `poll`.
    bool called = false, arrived = false;
    for (int attempt = 0; attempt < 1000 && !called; ++attempt) {
      try {
        near([&called] {
          called = true;
          throw std::runtime_error("while polling");
        });
      } catch (const std::runtime_error& error) {
        arrived = std::string(error.what()) == "while polling";
      }
    }
    EXPECT_TRUE(called);
    EXPECT_EQ(arrived, called);
    EXPECT_LT(relative_error(near({}), expected), 1e-14);
  }
  set_threads(before);
}

TEST(P2P, ExceptionsOfTheCallingThreadArrive) {
  const Problem problem(false);
  expect_exceptions_to_arrive([&problem](const std::function<void()>& poll) {
    Sums sums(problem.points.size(), false);
    p2p<double>(Laplace{}, problem.tree.nodes_of(2), problem.tree.u.view(), problem.tree.boxes.data(),
                problem.points.view(), problem.points.view(), StrengthVectors(problem.charges.data()),
                sums.view(), poll);
    return sums.potential;
  });
}

TEST(NearSymmetricTasks, ExceptionsOfTheCallingThreadArrive) {
  const Problem problem(false);
  expect_exceptions_to_arrive([&problem](const std::function<void()>& poll) {
    Sums sums(problem.points.size(), false);
    p2p_symmetric<double>(Laplace{}, problem.pairs.view(), problem.tree.boxes.data(), problem.points.view(),
                          StrengthVectors(problem.charges.data()), sums.view(), poll);
    return sums.potential;
  });
}

}  // namespace
}  // namespace octopole::testing

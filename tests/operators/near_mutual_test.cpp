// P2P with sources = targets, in all forms of points, against the direct sum over the lists.
#include <gtest/gtest.h>

#include <cmath>

#include "operators/near_field.hpp"
#include "simd/isa.hpp"
#include "uniform_tree.hpp"

namespace octopole::testing {
namespace {

/// Pairs of leaves as p2p_mutual takes them: the leaves of a uniform tree in two ranges, all pairs of
/// neighbours symmetric.
struct Pairs {
  std::vector<NodeIndex> leaves, mutual_items, alone_items, row_leaves;
  std::vector<Index> mutual_offsets, alone_offsets, ranges, task_rows{0}, task_range_begins{0, 1, 2, 4};
  std::vector<std::int32_t> task_ranges{0, 1, 0, 1};

  explicit Pairs(const UniformTree& tree) : leaves(tree.nodes_of(2)) {
    const NodeIndex half = leaves[leaves.size() / 2];
    ranges = {0, static_cast<Index>(leaves.size() / 2), static_cast<Index>(leaves.size())};
    mutual_offsets.assign(tree.boxes.size() + 1, 0);
    alone_offsets.assign(tree.boxes.size() + 1, 0);
    std::vector<NodeIndex> rows[3];  // one per task
    for (NodeIndex node = 0; node < static_cast<NodeIndex>(tree.boxes.size()); ++node) {
      if (node >= leaves.front()) {
        alone_items.push_back(node);
        for (const NodeIndex other : tree.u.view().of(node))
          if (other > node) mutual_items.push_back(other);
        const bool in_second = node >= half, meets_second = mutual_items.back() >= half;
        rows[in_second ? 1 : meets_second ? 2 : 0].push_back(node);
      }
      mutual_offsets[at(node) + 1] = static_cast<Index>(mutual_items.size());
      alone_offsets[at(node) + 1] = static_cast<Index>(alone_items.size());
    }
    for (const auto& row : rows) {
      row_leaves.insert(row_leaves.end(), row.begin(), row.end());
      task_rows.push_back(static_cast<Index>(row_leaves.size()));
    }
  }
  NearPairsView view() const {
    return {leaves,
            ranges,
            {mutual_offsets.data(), mutual_items.data()},
            {alone_offsets.data(), alone_items.data()},
            task_range_begins,
            task_ranges,
            task_rows,
            row_leaves};
  }
};

struct Problem {
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
    localize(pairs.leaves, tree.boxes.data(), points.view(), x.data(), y.data(), z.data());
  }
  LeafFramePoints local(NearForm form) const { return {form, points.size(), x.data(), y.data(), z.data()}; }
  Sums one_sided(bool gradient) const {
    Sums sums(points.size(), gradient);
    p2p<double>(Laplace{}, tree.nodes_of(2), tree.u.view(), tree.boxes.data(), points.view(), points.view(),
                charges.data(), sums.view());
    return sums;
  }
  Sums mutual(bool gradient, NearForm form, const NearPairsView& view) const {
    Sums sums(points.size(), gradient);
    p2p_mutual<float>(Laplace{}, view, tree.boxes.data(), points.view(), single.data(), sums.view(), {},
                      local(form));
    return sums;
  }
};

constexpr NearForm kForms[] = {NearForm::two_floats, NearForm::one_float, NearForm::estimate};

class NearMutual : public ::testing::TestWithParam<simd::Isa> {
 protected:
  void SetUp() override { simd::force_isa(GetParam()); }
  void TearDown() override { simd::force_isa(before_); }

 private:
  simd::Isa before_ = simd::active_isa();
};

TEST_P(NearMutual, EqualsOneSided) {
  for (const bool close : {false, true}) {
    const Problem problem(close);
    for (const bool gradient : {false, true}) {
      const Sums expected = problem.one_sided(gradient);
      Sums in_double(problem.points.size(), gradient);
      p2p_mutual<double>(Laplace{}, problem.pairs.view(), problem.tree.boxes.data(), problem.points.view(),
                         problem.charges.data(), in_double.view());
      EXPECT_LT(relative_error(in_double.potential, expected.potential), 1e-13);
      if (gradient) {
        EXPECT_LT(relative_error(in_double.gradient(), expected.gradient()), 1e-13);
      }
      for (const NearForm form : kForms) {
        SCOPED_TRACE(::testing::Message() << "close " << close << ", form " << int(form));
        const Sums sums = problem.mutual(gradient, form, problem.pairs.view());
        const bool estimated = form == NearForm::estimate && GetParam() == simd::Isa::avx512;
        EXPECT_LT(relative_error(sums.potential, expected.potential), estimated ? 5e-5 : 1e-6);
        if (gradient) {
          EXPECT_LT(relative_error(sums.gradient(), expected.gradient()), estimated ? 2e-4 : 3e-6);
        }
      }
    }
  }
}

TEST_P(NearMutual, ClosePairsKeepTheirDigits) {
  // One float per coordinate cannot distinguish them: close pairs must be summed in double.
  const Problem problem(true);
  const Sums expected = problem.one_sided(true);
  for (const NearForm form : {NearForm::one_float, NearForm::estimate}) {
    const Sums sums = problem.mutual(true, form, problem.pairs.view());
    for (const NodeIndex leaf : problem.pairs.leaves)
      for (Index i = problem.points.end[at(leaf)] - 6; i < problem.points.end[at(leaf)]; ++i) {
        const auto k = static_cast<std::size_t>(i);
        EXPECT_NEAR(sums.potential[k], expected.potential[k], 1e-6 * std::abs(expected.potential[k]) + 1e-3);
        EXPECT_NEAR(sums.gx[k], expected.gx[k], 1e-6 * std::abs(expected.gx[k]) + 1e-2);
      }
  }
}

INSTANTIATE_TEST_SUITE_P(AllIsas, NearMutual, ::testing::ValuesIn(simd::available_isas()),
                         [](const auto& param) { return std::string(simd::isa_name(param.param)); });

}  // namespace
}  // namespace octopole::testing

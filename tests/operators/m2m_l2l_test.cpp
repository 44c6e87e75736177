// M2M, L2L and check-to-local, each alone, against direct sums.
#include "operators/m2m_l2l.hpp"

#include <gtest/gtest.h>

#include "uniform_tree.hpp"

namespace octopole::testing {
namespace {

/// A screened field varies faster over a node's surfaces: more points resolve it.
double slack(const AnyKernel& kernel) {
  return kernel.scale_free() ? 1 : 10;
}

/// Points at distances of 3 to 5 half sides (maximum norm) around a box at the origin.
std::vector<double> far_points(int count, double half) {
  std::vector<double> points;
  for (int i = 0; i < count; ++i) {
    const auto v = random_values(3, -1, 1, 100 + static_cast<unsigned>(i));
    const double length = std::max({std::abs(v[0]), std::abs(v[1]), std::abs(v[2])});
    for (const double c : v) points.push_back(half * (3 + 2.0 * i / count) * c / length);
  }
  return points;
}

/// Relative error of the far field of the root's multipole, from children that exist and have sources.
double m2m_error(int order, unsigned absent, unsigned without_sources, const AnyKernel& kernel = Laplace{}) {
  const auto t = translations_of<double>(kernel, laplace_key(order), 1),
             of_leaves = translations_of<double>(kernel, laplace_key(order), 0.5);
  const auto n = static_cast<std::size_t>(t.equivalent_size());
  UniformTree tree(1);
  const PointSet sources = tree.random_points(20, 1);
  auto charges = random_values(static_cast<std::size_t>(sources.size()), 0, 1, 2);
  std::vector<double> multipoles(n * tree.boxes.size(), 3.0);
  const auto leaves = tree.nodes_of(1), root = tree.nodes_of(0);
  p2m(kernel, of_leaves, leaves, tree.boxes.data(), sources.view(), charges.data(), multipoles.data());
  for (std::size_t octant = 0; octant < 8; ++octant) {
    const auto child = static_cast<std::size_t>(tree.children[octant]);
    const bool skipped = ((absent | without_sources) >> octant & 1) != 0;
    if (absent >> octant & 1) tree.children[octant] = kNoNode;
    if (without_sources >> octant & 1) tree.has_source[child] = 0;
    if (skipped)
      for (Index i = sources.begin[child]; i < sources.end[child]; ++i)
        charges[static_cast<std::size_t>(i)] = 0;
  }
  m2m(t, root, tree.children.data(), tree.has_source.data(), multipoles.data());
  const auto far = far_points(80, 1);
  std::vector<double> expected(80), computed(80);
  direct_sum(kernel, far, sources.interleaved(), charges, expected);
  direct_sum(kernel, far, placed(t.upward_equivalent, tree.boxes[0]), std::span(multipoles).first(n),
             computed);
  return relative_error(computed, expected);
}

TEST(M2M, FarFieldOfEightChildren) {
  for (const AnyKernel& kernel : tested_kernels()) {
    SCOPED_TRACE(kernel.name());
    EXPECT_LT(m2m_error(4, 0, 0, kernel), slack(kernel) * 2e-4);
    EXPECT_LT(m2m_error(6, 0, 0, kernel), slack(kernel) * 3e-6);
    EXPECT_LT(m2m_error(10, 0, 0, kernel), slack(kernel) * 2e-9);
    EXPECT_LT(m2m_error(14, 0, 0, kernel), slack(kernel) * 2e-12);
  }
}

TEST(M2M, EveryOctantAlone) {
  for (unsigned octant = 0; octant < 8; ++octant) EXPECT_LT(m2m_error(6, 255u & ~(1u << octant), 0), 2e-5);
}

TEST(M2M, AbsentAndEmptyChildrenAreSkipped) {
  EXPECT_LT(m2m_error(6, 0b00010001, 0b10000100), 5e-6);
}

/// Check potentials and locals of the root, then locals of its children, from sources far from the root.
struct Downward {
  AnyKernel kernel;
  Translations<double> t, of_children;
  UniformTree tree{1};
  PointSet targets, sources;
  std::vector<double> charges, locals, expected;
  explicit Downward(int order, const AnyKernel& of = Laplace{})
      : kernel(of),
        t(translations_of<double>(kernel, laplace_key(order), 1)),
        of_children(translations_of<double>(kernel, laplace_key(order), 0.5)) {
    const auto n = static_cast<std::size_t>(t.equivalent_size());
    targets = tree.random_points(10, 1);
    sources = PointSet(tree.boxes.size());
    const auto far = far_points(200, 1.0);
    for (std::size_t i = 0; i < far.size(); i += 3) {
      sources.x.push_back(far[i]);
      sources.y.push_back(far[i + 1]);
      sources.z.push_back(far[i + 2]);
    }
    sources.end[0] = sources.size();
    charges = random_values(200, 0, 1, 3);
    List list;
    list.push(0);
    for (std::size_t row = 0; row < tree.boxes.size(); ++row) list.close_row();
    std::vector<double> checks(n * tree.boxes.size());
    locals.assign(checks.size(), 0.0);
    const std::vector<NodeIndex> root{0};
    p2l(kernel, t, root, list.view(), tree.boxes.data(), sources.view(), charges.data(), checks.data());
    locals[0] = 77;  // rows are overwritten, not added to
    check_to_local(t, root, checks.data(), locals.data());
    expected.assign(static_cast<std::size_t>(targets.size()), 0.0);
    direct_sum(kernel, targets.interleaved(), sources.interleaved(), charges, expected);
  }
};

TEST(CheckToLocal, FieldInsideTheNode) {
  for (const AnyKernel& kernel : tested_kernels())
    for (const auto& [order, tolerance] : {std::pair{4, 1e-4}, {6, 1e-6}, {10, 1e-9}, {14, 2e-12}}) {
      const Downward d(order, kernel);
      std::vector<double> computed(d.expected.size());
      direct_sum(kernel, d.targets.interleaved(), placed(d.t.downward_equivalent, d.tree.boxes[0]),
                 std::span(d.locals).first(static_cast<std::size_t>(d.t.equivalent_size())), computed);
      EXPECT_LT(relative_error(computed, d.expected), slack(kernel) * tolerance)
          << kernel.name() << ", order " << order;
    }
}

TEST(L2L, FieldInsideEveryChild) {
  for (const AnyKernel& kernel : tested_kernels())
    for (const auto& [order, tolerance] : {std::pair{4, 1e-4}, {6, 1e-6}, {10, 1e-9}, {14, 2e-12}}) {
      Downward d(order, kernel);
      const std::vector<NodeIndex> root{0};
      l2l(d.of_children, root, d.tree.children.data(), d.tree.has_target.data(), d.locals.data());
      Sums sums(d.targets.size(), false);
      l2p(kernel, d.of_children, d.tree.nodes_of(1), d.tree.boxes.data(), d.targets.view(), d.locals.data(),
          sums.view());
      EXPECT_LT(relative_error(sums.potential, d.expected), slack(kernel) * tolerance)
          << kernel.name() << ", order " << order;
    }
}

TEST(L2L, ChildrenWithoutTargetsAreLeftAlone) {
  Downward d(4);
  const std::vector<NodeIndex> root{0};
  const auto child = static_cast<std::size_t>(d.tree.children[5]);
  d.tree.has_target[child] = 0;
  l2l(d.t, root, d.tree.children.data(), d.tree.has_target.data(), d.locals.data());
  const auto n = static_cast<std::size_t>(d.t.equivalent_size());
  for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(d.locals[child * n + i], 0);
  EXPECT_NE(d.locals[(child - 1) * n], 0);
}

}  // namespace
}  // namespace octopole::testing

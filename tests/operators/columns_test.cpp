// Vector kernels by columns of potentials: each operator alone, and all together.
#include <gtest/gtest.h>

#include <string>

#include "kernels/direct.hpp"
#include "operators/columns.hpp"
#include "tests/operators/uniform_tree.hpp"

namespace octopole::testing {
namespace {

const std::vector<AnyKernel>& vector_kernels() {
  static const std::vector<AnyKernel> kernels = {Stokes{0.7}, Elasticity{1.3, 0.3}, BiotSavart{}};
  return kernels;
}

std::vector<std::uint8_t> octants_of(const UniformTree& tree) {
  std::vector<std::uint8_t> octants(tree.boxes.size(), 0);
  for (std::size_t i = 0; i < tree.children.size(); ++i)
    if (tree.children[i] != kNoNode)
      octants[static_cast<std::size_t>(tree.children[i])] = static_cast<std::uint8_t>(i % 8);
  return octants;
}

/// Strengths in arrays of their own, and interleaved.
template <class Real>
struct Forces {
  std::vector<Real> parts;
  std::vector<double> interleaved;
  Index count;

  explicit Forces(Index n) : parts(static_cast<std::size_t>(3 * n)), count(n) {
    interleaved = random_values(parts.size(), -1, 1, 9);
    for (Index i = 0; i < n; ++i)
      for (Index c = 0; c < 3; ++c) {
        double& f = interleaved[static_cast<std::size_t>(3 * i + c)];
        parts[static_cast<std::size_t>(c * n + i)] = static_cast<Real>(f);
        f = static_cast<double>(static_cast<Real>(f));
      }
  }
  StrengthVectors<Real> view() const { return {parts.data(), count, 1, SourceKind::charges, 3}; }
};

/// Sums of all results: values, the pressure if there is one, and the gradient.
struct VectorSums {
  ResultLayout layout;
  std::vector<double> values;
  Index count;

  VectorSums(const AnyKernel& kernel, Index n)
      : layout(layout_of(kernel, Output::potential_and_gradient)),
        values(static_cast<std::size_t>(layout.count() * n)),
        count(n) {}
  TargetSums view() {
    TargetSums sums{{{}, layout}, count, 1};
    for (int r = 0; r < layout.count(); ++r)
      sums.results.parts[static_cast<std::size_t>(r)] = values.data() + r * count;
    return sums;
  }
  /// Results `first` to `first + width` - 1, times a factor.
  std::vector<double> interleaved(int first, int width, double factor = 1) const {
    std::vector<double> u;
    for (Index i = 0; i < count; ++i)
      for (int r = first; r < first + width; ++r)
        u.push_back(factor * values[static_cast<std::size_t>(r * count + i)]);
    return u;
  }
};

/// Compares the results with direct sums; derivatives may have a relative error larger by `of_derivatives`.
template <class Real>
void expect_direct(const AnyKernel& kernel, const PointSet& targets, const PointSet& sources,
                   const Forces<Real>& forces, const VectorSums& sums, double tolerance,
                   double of_derivatives = 10) {
  Field exact;
  octopole::direct_sum(kernel, targets.interleaved(), sources.interleaved(), {forces.interleaved, {}},
                       Output::potential_and_gradient, exact);
  EXPECT_LT(relative_error(sums.interleaved(0, 3), exact.potential), tolerance) << kernel.name();
  EXPECT_LT(relative_error(sums.interleaved(sums.layout.first_of_gradient(), 9), exact.gradient),
            of_derivatives * tolerance)
      << kernel.name();
  if (sums.layout.pressure) {
    EXPECT_LT(relative_error(sums.interleaved(sums.layout.first_of_pressure(), 1, kernel.pressure_factor()),
                             exact.pressure),
              of_derivatives * tolerance);
  }
}

/// A tree of three levels in a cube that is not the unit cube, with operators, points and columns of one
/// kernel.
template <class Real>
struct Scene {
  UniformTree tree{3, 0.75};
  std::vector<std::uint8_t> octants = octants_of(tree);
  AnyKernel kernel;
  OperatorSet<Real> ops;
  int columns = columns_of(kernel);
  Index n = ops.translations.equivalent_size(), nc = ops.translations.downward_check_size();
  std::vector<Real> multipoles = rows(n), locals = rows(n), checks = rows(nc);

  Scene(const AnyKernel& of, M2lMethod m2l, int order = 7)
      : kernel(of),
        ops(make_operators<Real>(Laplace{}, laplace_key(order, m2l,
                                                        sizeof(Real) == 4 ? Precision::single_precision
                                                                          : Precision::double_precision))) {}

  std::vector<Real> rows(Index width) const {
    return std::vector<Real>(static_cast<std::size_t>(columns * width) * tree.boxes.size());
  }
  const Translations<Real>& t() const { return ops.translations; }

  void upward(const PointSet& sources, const Forces<Real>& forces, int level) {
    p2m(kernel, t(), tree.nodes_of(tree.depth), tree.boxes.data(), sources.view(), forces.view(),
        multipoles.data(), {}, octants.data());
    for (int l = tree.depth - 1; l >= level; --l) {
      m2m(t(), tree.nodes_of(l), tree.children.data(), tree.has_source.data(), multipoles.data(), columns);
      if (has_moments(kernel)) moments_to_parents(tree.nodes_of(l), octants.data(), n, multipoles.data());
    }
  }
  void to_children(int level) {
    prepare_for_children(kernel, ConstantField<Real>(t()), tree.nodes_of(level), octants.data(),
                         locals.data());
    l2l(t(), tree.nodes_of(level), tree.children.data(), tree.has_target.data(), locals.data(), columns);
  }
  void to_locals(int level) {
    remove_means<Real>(kernel, tree.nodes_of(level), nc, CheckRows<Real>(checks.data()));
    check_to_local(t(), tree.nodes_of(level), CheckRows<const Real>(checks.data()), locals.data(), columns);
  }
};

/// Multipoles of one level at far targets.
template <class Real>
void check_m2p(int level, double tolerance) {
  for (const AnyKernel& kernel : vector_kernels()) {
    Scene<Real> s(kernel, M2lMethod::fft);
    const PointSet sources = s.tree.random_points(3, 1);
    const Forces<Real> forces(sources.size());
    s.upward(sources, forces, level);
    // One leaf more, whose targets are far from every node of the level.
    const auto leaf = static_cast<NodeIndex>(s.tree.boxes.size());
    std::vector<Box> boxes = s.tree.boxes;
    boxes.push_back({3.5, -2.5, 0.75, 0.5});
    PointSet targets(boxes.size());
    targets.fill(leaf, boxes.back(), 40, 3);
    List w;
    for (NodeIndex i = 0; i < leaf; ++i) w.close_row();
    for (const NodeIndex node : s.tree.nodes_of(level)) w.push(node);
    w.close_row();
    VectorSums sums(kernel, targets.size());
    m2p(kernel, s.t(), std::span(&leaf, 1), w.view(), boxes.data(), targets.view(), s.multipoles.data(),
        sums.view(), s.octants.data());
    SCOPED_TRACE(level);
    expect_direct(kernel, targets, sources, forces, sums, tolerance);
  }
}

TEST(Columns, P2mM2mAndM2p) {
  for (const int level : {3, 2}) {
    check_m2p<double>(level, 1e-6);
    check_m2p<float>(level, 1e-5);
  }
}

/// Locals of far sources at the targets of nodes of level `from`, through those of level `to`.
template <class Real>
void check_l2p(int from, int to, double tolerance) {
  for (const AnyKernel& kernel : vector_kernels()) {
    Scene<Real> s(kernel, M2lMethod::fft);
    const auto source_node = static_cast<NodeIndex>(s.tree.boxes.size());
    std::vector<Box> boxes = s.tree.boxes;
    boxes.push_back({3.5, -2.5, 0.75, 0.5});
    PointSet sources(boxes.size()), targets(boxes.size());
    sources.fill(source_node, boxes.back(), 40, 3);
    for (const NodeIndex node : s.tree.nodes_of(to))
      targets.fill(node, boxes[static_cast<std::size_t>(node)], 2, static_cast<unsigned>(node));
    const Forces<Real> forces(sources.size());
    List x;
    for (const int level : s.tree.level) {
      if (level == from) x.push(source_node);
      x.close_row();
    }
    x.close_row();
    p2l(kernel, s.t(), s.tree.nodes_of(from), x.view(), boxes.data(), sources.view(), forces.view(),
        CheckRows<Real>(s.checks.data()), s.octants.data());
    s.to_locals(from);
    for (int level = from; level < to; ++level) s.to_children(level);
    VectorSums sums(kernel, targets.size());
    l2p(kernel, s.t(), s.tree.nodes_of(to), boxes.data(), targets.view(), s.locals.data(), sums.view(), {},
        s.octants.data());
    SCOPED_TRACE(std::to_string(from) + ' ' + std::to_string(to));
    expect_direct(kernel, targets, sources, forces, sums, tolerance, 100);
  }
}

TEST(Columns, P2lL2lAndL2p) {
  for (const auto& [from, to] : {std::pair{3, 3}, {2, 2}, {2, 3}, {1, 3}}) {
    check_l2p<double>(from, to, 1e-6);
    check_l2p<float>(from, to, 5e-5);  // values of 1 / r, whose differences are small
  }
}

/// The whole method on the uniform tree, with P2P over one-sided lists.
template <class Real>
void check_all(M2lMethod m2l, double tolerance) {
  for (const AnyKernel& kernel : vector_kernels()) {
    Scene<Real> s(kernel, m2l);
    const PointSet sources = s.tree.random_points(2, 1), targets = s.tree.random_points(1, 7);
    const Forces<Real> forces(sources.size());
    s.upward(sources, forces, 2);
    M2lFftWorkspace<Real> workspace;
    for (int level = 2; level <= s.tree.depth; ++level) {
      const CheckRows<Real> checks(s.checks.data());
      if (m2l == M2lMethod::fft)
        m2l_fft(
            s.ops.fft, s.t(),
            make_m2l_schedule(s.t().key.order, sizeof(Real), s.tree.nodes_of(level - 1), s.tree.siblings()),
            s.multipoles.data(), checks, workspace, s.columns, has_moments(kernel));
      else
        m2l_svd(s.ops.svd, s.t(), s.tree.nodes_of(level), s.tree.v.view(), s.tree.boxes.data(),
                s.multipoles.data(), checks, s.columns, has_moments(kernel) ? s.octants.data() : nullptr);
      s.to_locals(level);
      if (level > 2) s.to_children(level - 1);
    }
    VectorSums sums(kernel, targets.size());
    const auto leaves = s.tree.nodes_of(s.tree.depth);
    l2p(kernel, s.t(), leaves, s.tree.boxes.data(), targets.view(), s.locals.data(), sums.view(), {},
        s.octants.data());
    p2p<Real>(kernel, leaves, s.tree.u.view(), s.tree.boxes.data(), targets.view(), sources.view(),
              forces.view(), sums.view());
    expect_direct(kernel, targets, sources, forces, sums, tolerance);
  }
}

TEST(Columns, AllOperatorsWithM2lByFft) {
  check_all<double>(M2lMethod::fft, 1e-5);
  check_all<float>(M2lMethod::fft, 1e-5);
}

TEST(Columns, AllOperatorsWithM2lBySvd) {
  check_all<double>(M2lMethod::svd, 1e-5);
  check_all<float>(M2lMethod::svd, 1e-5);
}

}  // namespace
}  // namespace octopole::testing

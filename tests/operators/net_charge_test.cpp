// Net charges of multipoles of dipoles, alone and in the far field.
#include "operators/net_charge.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "operators/m2m_l2l.hpp"
#include "operators/p2m_l2p.hpp"
#include "strengths.hpp"

namespace octopole::testing {
namespace {

constexpr double kHalf = 0.5;  // of the root; its children are the leaves

/// Multipoles of a root and its eight leaves due to sources with dipoles, corrected or not.
template <class Real>
struct Multipoles {
  AnyKernel kernel;
  UniformTree tree{1, kHalf};
  PointSet sources = tree.random_points(20, 1);
  RandomStrengths<Real> strengths;
  Translations<Real> of_root, of_leaves;
  NetCharge<Real> root_net, leaf_net;
  std::vector<Real> rows;

  Multipoles(const AnyKernel& k, SourceKind kind, const OperatorKey& key, bool corrected)
      : kernel(k),
        strengths(kind, 2, sources.size()),
        of_root(translations_of<Real>(k, key, kHalf)),
        of_leaves(translations_of<Real>(k, key, kHalf / 2)),
        root_net(k, kHalf, of_root),
        leaf_net(k, kHalf / 2, of_leaves),
        rows(tree.boxes.size() * 2 * static_cast<std::size_t>(of_root.equivalent_size())) {
    const auto leaves = tree.nodes_of(1), root = tree.nodes_of(0);
    p2m(kernel, of_leaves, leaves, tree.boxes.data(), sources.view(), strengths.view(), rows.data());
    if (corrected)
      net_charges_of_sources(leaf_net, leaves, tree.boxes.data(), sources.view(), strengths.view(),
                             rows.data());
    m2m(of_root, root, tree.children.data(), tree.has_source.data(), rows.data(), 2);
    if (corrected)
      net_charges_of_children(root_net, root, tree.children.data(), tree.has_source.data(), rows.data(), 2);
  }
  const Real* row(NodeIndex node, int vector) const {
    return rows.data() + (2 * node + vector) * of_root.equivalent_size();
  }
  /// sum q e^(k x) of the sources of a node, x from its centre in units of its half side.
  double expected(NodeIndex node, int vector) const {
    const Box box = tree.boxes[static_cast<std::size_t>(node)];
    const auto points = sources.view();
    const double k = kernel.decay_rate();
    double total = 0;
    for (const NodeIndex leaf : tree.nodes_of(1)) {
      if (node != 0 && node != leaf) continue;
      for (Index i = points.begin[leaf]; i < points.end[leaf]; ++i) {
        const auto place = static_cast<std::size_t>(2 * i + vector),
                   axis = static_cast<std::size_t>(6 * i + vector);
        double q = 0;
        if (strengths.kind != SourceKind::dipoles) q += strengths.charges[place];
        if (strengths.kind != SourceKind::charges) q += k * strengths.dipoles[axis];
        total += q * std::exp(k * (points.x[i] - box.x));
      }
    }
    return total;
  }
  /// The largest difference from that, relative to the largest equivalent charge.
  double error() const {
    double worst = 0;
    for (NodeIndex node = 0; node < 9; ++node)
      for (int v = 0; v < 2; ++v) {
        const NetCharge<Real>& net = node == 0 ? root_net : leaf_net;
        double largest = 0;
        for (Index i = 0; i < net.size(); ++i)
          largest = std::max(largest, std::abs(static_cast<double>(row(node, v)[i])));
        worst = std::max(worst, std::abs(net.of(row(node, v)) - expected(node, v)) / largest);
      }
    return worst;
  }
};

template <class Real>
double error(const AnyKernel& kernel, SourceKind kind, const OperatorKey& key, bool corrected) {
  return Multipoles<Real>(kernel, kind, key, corrected).error();
}

TEST(NetCharge, IsThatOfTheSources) {
  const OperatorKey in_double = laplace_key(8),
                    in_single = laplace_key(5, M2lMethod::fft, Precision::single_precision);
  for (const AnyKernel& kernel : {AnyKernel(Laplace{}), AnyKernel(Yukawa{1.5})})
    for (const SourceKind kind : {SourceKind::dipoles, SourceKind::charges_and_dipoles}) {
      SCOPED_TRACE(::testing::Message() << kernel.name() << static_cast<int>(kind));
      EXPECT_LT(error<double>(kernel, kind, in_double, true), 1e-13);
      EXPECT_GT(error<double>(kernel, kind, in_double, false), 1e-9);
      // Far below the rounding of single charges.
      EXPECT_LT(error<float>(kernel, kind, in_single, true), 3e-9);
      EXPECT_GT(error<float>(kernel, kind, in_single, false), 1e-7);
    }
}

TEST(NetCharge, OfAFieldThatDecaysWithinANodeIsLeftAlone) {
  const Multipoles<double> as_they_are(Yukawa{20}, SourceKind::dipoles, laplace_key(5), false),
      corrected(Yukawa{20}, SourceKind::dipoles, laplace_key(5), true);
  EXPECT_FALSE(corrected.root_net.matters());
  EXPECT_EQ(as_they_are.rows, corrected.rows);
}

}  // namespace
}  // namespace octopole::testing

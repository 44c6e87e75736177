// Operators alone with dipoles and Hessians, in one and in several vectors, against direct sums.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "operators/p2p.hpp"
#include "strengths.hpp"

namespace octopole::testing {
namespace {

/// The field of densities (nodes, vectors, points) on the surfaces of some nodes.
template <class Real, class Surface>
Field field_of(const AnyKernel& kernel, const Surface& surface, const std::vector<Box>& boxes,
               const std::vector<std::size_t>& nodes, const std::vector<Real>& densities, int vectors,
               const std::vector<double>& targets, Output output) {
  std::vector<double> points, charges;
  const auto n = static_cast<std::size_t>(surface.size()), width = static_cast<std::size_t>(vectors);
  for (const std::size_t node : nodes) {
    const auto at = placed(surface, boxes[node]);
    points.insert(points.end(), at.begin(), at.end());
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t v = 0; v < width; ++v)
        charges.push_back(double(densities[(node * width + v) * n + i]));
  }
  Field field;
  octopole::direct_sum(kernel, targets, points, Strengths{charges, {}, vectors}, output, field);
  return field;
}

template <class Real>
void check_p2m(const AnyKernel& kernel, SourceKind kind, int vectors, Precision precision, double tolerance) {
  const auto t = translations_of<Real>(kernel, laplace_key(8, M2lMethod::fft, precision), 0.25);
  const std::vector<Box> boxes{{9, 9, 9, 1}, {0.3, -0.2, 1.1, 0.25}};
  PointSet sources(2);
  sources.fill(1, boxes[1], 1500, 1);
  const RandomStrengths<Real> strengths(kind, vectors, 1500);
  std::vector<Real> multipoles(static_cast<std::size_t>(2 * vectors * t.equivalent_size()));
  const std::vector<NodeIndex> leaves{1};
  p2m(kernel, t, leaves, boxes.data(), sources.view(), strengths.view(), multipoles.data());
  std::vector<double> far;
  for (unsigned i = 0; i < 40; ++i) {
    const auto direction = random_values(3, -1, 1, 10 + i);
    const double length = std::max({std::abs(direction[0]), std::abs(direction[1]), std::abs(direction[2])});
    for (std::size_t a = 0; a < 3; ++a)
      far.push_back((a == 0 ? 0.3 : a == 1 ? -0.2 : 1.1) + 0.25 * (3.0 + 0.05 * i) * direction[a] / length);
  }
  Field expected;
  octopole::direct_sum(kernel, far, sources.interleaved(), strengths.as_passed(), Output::potential,
                       expected);
  const Field computed =
      field_of(kernel, t.upward_equivalent, boxes, {1}, multipoles, vectors, far, Output::potential);
  EXPECT_LT(relative_error(computed.potential, expected.potential), tolerance);
}

TEST(OperatorsOfDipoles, P2M) {
  for (const AnyKernel& kernel : tested_kernels())
    for (const SourceKind kind : kKinds)
      for (const int vectors : {1, 3}) {
        SCOPED_TRACE(::testing::Message() << kernel.name() << static_cast<int>(kind) << ' ' << vectors);
        check_p2m<double>(kernel, kind, vectors, Precision::double_precision, 2e-6);
        check_p2m<float>(kernel, kind, vectors, Precision::single_precision, 2e-4);
      }
}

template <class Real>
void check_p2l(const AnyKernel& kernel, SourceKind kind, int vectors, Precision precision, double tolerance) {
  const Scene scene(1100);
  const auto t =
      translations_of<Real>(kernel, laplace_key(4, M2lMethod::fft, precision), scene.boxes[0].half);
  const RandomStrengths<Real> strengths(kind, vectors, scene.sources.size());
  const auto nc = static_cast<std::size_t>(t.downward_check_size());
  std::vector<Real> checks(nc * static_cast<std::size_t>(vectors));
  p2l<Real>(kernel, t, scene.nodes, scene.list.view(), scene.boxes.data(), scene.sources.view(),
            strengths.view(), checks.data());
  Field expected;
  octopole::direct_sum(kernel, placed(t.downward_check, scene.boxes[0]), scene.sources.interleaved(),
                       strengths.as_passed(), Output::potential, expected);
  // Check potentials are those of the node scaled to half side 1, without the constant.
  const double scale =
      kernel.constant() * std::pow(scene.boxes[0].half, static_cast<double>(kernel.homogeneity()));
  std::vector<double> computed;
  for (std::size_t i = 0; i < nc; ++i)
    for (int v = 0; v < vectors; ++v)
      computed.push_back(scale * double(checks[static_cast<std::size_t>(v) * nc + i]));
  EXPECT_LT(relative_error(computed, expected.potential), tolerance);
}

TEST(OperatorsOfDipoles, P2L) {
  for (const AnyKernel& kernel : tested_kernels())
    for (const SourceKind kind : kKinds)
      for (const int vectors : {1, 3}) {
        SCOPED_TRACE(::testing::Message() << kernel.name() << static_cast<int>(kind) << ' ' << vectors);
        check_p2l<double>(kernel, kind, vectors, Precision::double_precision, 1e-12);
        check_p2l<float>(kernel, kind, vectors, Precision::single_precision, 3e-5);
      }
}

template <class Real>
void check_l2p_and_m2p(const AnyKernel& kernel, int vectors, Precision precision, double tolerance) {
  const Scene scene;
  const OperatorKey key = laplace_key(4, M2lMethod::fft, precision);
  for (const bool local : {true, false}) {
    const auto t = translations_of<Real>(kernel, key, local ? scene.boxes[0].half : 1);
    const auto& surface = local ? t.downward_equivalent : t.upward_equivalent;
    const std::vector<std::size_t> nodes =
        local ? std::vector<std::size_t>{0} : std::vector<std::size_t>{1, 2};
    const auto values = random_values(static_cast<std::size_t>(4 * vectors * t.equivalent_size()), -1, 1, 5);
    std::vector<Real> densities(values.begin(), values.end());
    // Node 3 is in the list, but has no sources.
    std::fill(densities.end() - vectors * t.equivalent_size(), densities.end(), Real(0));
    for (const int order : {0, 1, 2}) {
      AllSums sums(29, vectors, order);
      if (local)
        l2p(kernel, t, scene.nodes, scene.boxes.data(), scene.targets.view(), densities.data(), sums.view());
      else
        m2p(kernel, t, scene.nodes, scene.list.view(), scene.boxes.data(), scene.targets.view(),
            densities.data(), sums.view());
      sums.expect(field_of(kernel, surface, scene.boxes, nodes, densities, vectors,
                           scene.targets.interleaved(), static_cast<Output>(order)),
                  tolerance);
    }
  }
}

TEST(OperatorsOfHessians, L2PAndM2P) {
  for (const AnyKernel& kernel : tested_kernels())
    for (const int vectors : {1, 3}) {
      SCOPED_TRACE(::testing::Message() << kernel.name() << ' ' << vectors);
      check_l2p_and_m2p<double>(kernel, vectors, Precision::double_precision, 1e-12);
      check_l2p_and_m2p<float>(kernel, vectors, Precision::single_precision, 2e-5);
    }
}

/// P2P with distinct targets, and the symmetric pairs of all leaves of a tree.
template <class Real>
void check_p2p(const AnyKernel& kernel, SourceKind kind, int vectors, int order, double tolerance) {
  SCOPED_TRACE(::testing::Message() << kernel.name() << ", kind " << static_cast<int>(kind) << ", " << vectors
                                    << ", order " << order);
  Scene scene;
  // Two pairs so close that floats relative to the leaf cannot tell them apart.
  for (const Index i : {0, 5}) {
    const auto at = static_cast<std::size_t>(i);
    scene.targets.x[at] = scene.sources.x[at] + 1e-9;
    scene.targets.y[at] = scene.sources.y[at];
    scene.targets.z[at] = scene.sources.z[at] - 1e-9;
  }
  const RandomStrengths<Real> strengths(kind, vectors, scene.sources.size());
  AllSums sums(29, vectors, order);
  p2p<Real>(kernel, scene.nodes, scene.list.view(), scene.boxes.data(), scene.targets.view(),
            scene.sources.view(), strengths.view(), sums.view());
  Field expected;
  octopole::direct_sum(kernel, scene.targets.interleaved(), scene.sources.interleaved(),
                       strengths.as_passed(), static_cast<Output>(order), expected);
  sums.expect(expected, tolerance);
}

TEST(OperatorsOfDipoles, P2P) {
  for (const AnyKernel& kernel : tested_kernels())
    for (const SourceKind kind : kKinds)
      for (const int order : {0, 1, 2})
        for (const int vectors : {1, 2}) {
          check_p2p<double>(kernel, kind, vectors, order, 1e-12);
          check_p2p<float>(kernel, kind, vectors, order, 1e-5);
        }
}

}  // namespace
}  // namespace octopole::testing

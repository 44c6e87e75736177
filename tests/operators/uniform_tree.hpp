// Random points in a full octree of a given depth, and in a few nodes, for the tests of operators.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>
#include <vector>

#include "kernels/direct.hpp"
#include "octopole/kernels.hpp"
#include "operators/m2m_l2l.hpp"
#include "operators/m2p_p2l.hpp"
#include "operators/operator_set.hpp"
#include "operators/p2m_l2p.hpp"
#include "operators/p2p.hpp"

namespace octopole::testing {

inline double relative_error(std::span<const double> values, std::span<const double> reference) {
  double error = 0, norm = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    error += (values[i] - reference[i]) * (values[i] - reference[i]);
    norm += reference[i] * reference[i];
  }
  return std::sqrt(error / norm);
}

inline std::vector<double> random_values(std::size_t n, double low, double high, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> uniform(low, high);
  std::vector<double> values(n);
  for (double& value : values) value = uniform(generator);
  return values;
}

/// The kernels with which every operator is tested. 1.3 is the screening per unit of length.
inline const std::vector<AnyKernel>& tested_kernels() {
  static const std::vector<AnyKernel> kernels = {Laplace{}, Yukawa{1.3}};
  return kernels;
}

/// direct_sum of a kernel that is known at run time.
inline void direct_sum(const AnyKernel& kernel, std::span<const double> targets,
                       std::span<const double> sources, std::span<const double> charges,
                       std::span<double> potential, std::span<double> gradient = {}) {
  for (std::size_t i = 0; i < potential.size(); ++i)
    for (std::size_t j = 0; j < charges.size(); ++j) {
      double d[3], r2 = 0;
      for (std::size_t c = 0; c < 3; ++c) {
        d[c] = targets[3 * i + c] - sources[3 * j + c];
        r2 += d[c] * d[c];
      }
      if (r2 == 0) continue;
      const RadialFactors pair = kernel.at(r2, 1 / std::sqrt(r2));
      potential[i] += kernel.constant() * charges[j] * pair.potential;
      for (std::size_t c = 0; c < 3 && !gradient.empty(); ++c)
        gradient[3 * i + c] += kernel.constant() * charges[j] * pair.gradient_factor * d[c];
    }
}

/// The translations of nodes with half side `half`; of `key` only the kernel's parameters are replaced.
template <class Real>
Translations<Real> translations_of(const AnyKernel& kernel, OperatorKey key, double half) {
  key.kernel = kernel.name();
  return make_translations<Real>(kernel.in_units_of(half).for_operators(), key_for(key, kernel, half));
}

/// Points in structure-of-arrays form, grouped by node.
struct PointSet {
  std::vector<double> x, y, z;
  std::vector<Index> begin, end;

  explicit PointSet(std::size_t nodes = 0) : begin(nodes, 0), end(nodes, 0) {}
  Index size() const { return static_cast<Index>(x.size()); }
  PointsByNode view() const { return {x.data(), y.data(), z.data(), begin.data(), end.data()}; }
  /// Adds `count` random points of the box to node i.
  void fill(NodeIndex i, const Box& box, Index count, unsigned seed) {
    begin[static_cast<std::size_t>(i)] = size();
    const auto random = random_values(static_cast<std::size_t>(3 * count), -1, 1, seed);
    for (std::size_t k = 0; k < random.size(); k += 3) {
      x.push_back(box.x + box.half * random[k]);
      y.push_back(box.y + box.half * random[k + 1]);
      z.push_back(box.z + box.half * random[k + 2]);
    }
    end[static_cast<std::size_t>(i)] = size();
  }
  std::vector<double> interleaved() const {
    std::vector<double> points;
    for (std::size_t i = 0; i < x.size(); ++i) points.insert(points.end(), {x[i], y[i], z[i]});
    return points;
  }
};

/// Interleaved points of a node's surface.
template <class Real>
std::vector<double> placed(const Surface<Real>& surface, const Box& box) {
  std::vector<double> points;
  for (std::size_t i = 0; i < surface.x.size(); ++i)
    points.insert(points.end(),
                  {box.x + box.half * double(surface.x[i]), box.y + box.half * double(surface.y[i]),
                   box.z + box.half * double(surface.z[i])});
  return points;
}

/// An interaction list built row by row.
struct List {
  std::vector<Index> offsets{0};
  std::vector<NodeIndex> items;
  void push(NodeIndex partner) { items.push_back(partner); }
  void close_row() { offsets.push_back(static_cast<Index>(items.size())); }
  ListView view() const { return {offsets.data(), items.data()}; }
};

/// All nodes of levels 0 .. depth of the cube [-half, half]^3; nodes of a level are numbered x fastest.
struct UniformTree {
  int depth;
  std::vector<Box> boxes;
  std::vector<int> level;
  std::vector<NodeIndex> children, near;
  std::vector<std::uint8_t> has_source, has_target;
  List u, v;

  NodeIndex node(int l, int x, int y, int z) const {
    const int side = 1 << l;
    if (x < 0 || y < 0 || z < 0 || x >= side || y >= side || z >= side) return kNoNode;
    return static_cast<NodeIndex>(((Index{1} << (3 * l)) - 1) / 7 + x + Index(side) * (y + Index(side) * z));
  }

  explicit UniformTree(int depth_, double half = 1) : depth(depth_) {
    for (int l = 0; l <= depth; ++l)
      for (int z = 0; z < 1 << l; ++z)
        for (int y = 0; y < 1 << l; ++y)
          for (int x = 0; x < 1 << l; ++x) add_node(l, x, y, z, half / (1 << l), half);
    has_source.assign(boxes.size(), 1);
    has_target.assign(boxes.size(), 1);
  }

  void add_node(int l, int x, int y, int z, double h, double half) {
    boxes.push_back({(2 * x + 1) * h - half, (2 * y + 1) * h - half, (2 * z + 1) * h - half, h});
    level.push_back(l);
    for (int octant = 0; octant < 8; ++octant)
      children.push_back(
          l == depth ? kNoNode
                     : node(l + 1, 2 * x + (octant & 1), 2 * y + (octant >> 1 & 1), 2 * z + (octant >> 2)));
    for (int d = 0; d < 27; ++d) {
      near.push_back(node(l, x + d % 3 - 1, y + d / 3 % 3 - 1, z + d / 9 - 1));
      if (l == depth && near.back() != kNoNode) u.push(near.back());
    }
    u.close_row();
    if (l > 0)
      for (int dz = -3; dz <= 3; ++dz)
        for (int dy = -3; dy <= 3; ++dy)
          for (int dx = -3; dx <= 3; ++dx) {
            const bool far = std::max({std::abs(dx), std::abs(dy), std::abs(dz)}) > 1;
            const bool parents_touch = std::abs((x + dx + 4) / 2 - x / 2 - 2) <= 1 &&
                                       std::abs((y + dy + 4) / 2 - y / 2 - 2) <= 1 &&
                                       std::abs((z + dz + 4) / 2 - z / 2 - 2) <= 1;
            const NodeIndex partner = node(l, x + dx, y + dy, z + dz);
            if (far && parents_touch && partner != kNoNode) v.push(partner);
          }
    v.close_row();
  }

  std::vector<NodeIndex> nodes_of(int l) const {
    std::vector<NodeIndex> nodes;
    for (std::size_t i = 0; i < level.size(); ++i)
      if (level[i] == l) nodes.push_back(static_cast<NodeIndex>(i));
    return nodes;
  }
  SiblingView siblings() const {
    return {near.data(), children.data(), has_source.data(), has_target.data()};
  }
  PointSet random_points(Index per_leaf, unsigned seed) const {
    PointSet points(boxes.size());
    for (const NodeIndex leaf : nodes_of(depth))
      points.fill(leaf, boxes[static_cast<std::size_t>(leaf)], per_leaf, seed + static_cast<unsigned>(leaf));
    return points;
  }
};

/// Results at targets, optionally with the gradient.
struct Sums {
  std::vector<double> potential, gx, gy, gz;
  Sums(Index n, bool gradient) : potential(static_cast<std::size_t>(n), 0.0) {
    if (gradient) gx = gy = gz = potential;
  }
  TargetSums view() {
    return {{{potential.data(), gx.data(), gy.data(), gz.data()}, {1, gx.empty() ? 0 : 1}}};
  }
  std::vector<double> gradient() const {
    std::vector<double> g;
    for (std::size_t i = 0; i < gx.size(); ++i) g.insert(g.end(), {gx[i], gy[i], gz[i]});
    return g;
  }
};

inline OperatorKey laplace_key(int order, M2lMethod method = M2lMethod::fft,
                               Precision precision = Precision::double_precision) {
  OperatorKey key;
  key.kernel = "laplace";
  key.order = key.check_order = key.downward_check_order = order;
  key.m2l = method;
  key.precision = precision;
  return key;
}

/// Evaluates the whole far and near field on a uniform tree.
template <class Real>
Sums evaluate_uniform(const OperatorSet<Real>& ops, const UniformTree& tree, const PointSet& targets,
                      const PointSet& sources, const std::vector<Real>& charges, bool gradient,
                      bool near = true) {
  const Laplace kernel;
  const auto& t = ops.translations;
  const auto n = static_cast<std::size_t>(t.equivalent_size()),
             nc = static_cast<std::size_t>(t.downward_check_size());
  std::vector<Real> multipoles(n * tree.boxes.size()), locals(n * tree.boxes.size()),
      checks(nc * tree.boxes.size());
  const auto leaves = tree.nodes_of(tree.depth);
  M2lFftWorkspace<Real> workspace;
  Sums sums(targets.size(), gradient);
  p2m(kernel, t, leaves, tree.boxes.data(), sources.view(), charges.data(), multipoles.data());
  for (int l = tree.depth - 1; l >= 2; --l)
    m2m(t, tree.nodes_of(l), tree.children.data(), tree.has_source.data(), multipoles.data());
  for (int l = 2; l <= tree.depth; ++l) {
    if (ops.key().m2l == M2lMethod::fft)
      m2l_fft(ops.fft, t, make_m2l_schedule(t.key.order, sizeof(Real), tree.nodes_of(l - 1), tree.siblings()),
              multipoles.data(), checks.data(), workspace);
    else
      m2l_svd(ops.svd, t, tree.nodes_of(l), tree.v.view(), tree.boxes.data(), multipoles.data(),
              checks.data());
    check_to_local(t, tree.nodes_of(l), checks.data(), locals.data());
    if (l > 2) l2l(t, tree.nodes_of(l - 1), tree.children.data(), tree.has_target.data(), locals.data());
  }
  l2p(kernel, t, leaves, tree.boxes.data(), targets.view(), locals.data(), sums.view());
  if (near)
    p2p<Real>(kernel, leaves, tree.u.view(), tree.boxes.data(), targets.view(), sources.view(),
              StrengthVectors(charges.data()), sums.view());
  return sums;
}

/// Node 0 has targets; 1 and 2 are smaller nodes beside it, 3 is empty.
struct Scene {
  std::vector<Box> boxes{
      {0.1, 0.2, 0.3, 0.5}, {1.0, 0.0, 0.3, 0.25}, {1.1, 0.9, -0.4, 0.125}, {-2, 0, 0, 0.5}};
  PointSet targets{4}, sources{4};
  List list;
  std::vector<NodeIndex> nodes{0};
  std::vector<double> charges;
  explicit Scene(Index sources_a_node = 40, double unit = 1) {
    for (Box& box : boxes) box = {unit * box.x, unit * box.y, unit * box.z, unit * box.half};
    targets.fill(0, boxes[0], 29, 1);
    sources.fill(1, boxes[1], sources_a_node, 2);
    sources.fill(2, boxes[2], sources_a_node, 3);
    for (const NodeIndex partner : {2, 3, 1}) list.push(partner);
    for (int row = 0; row < 4; ++row) list.close_row();
    charges = random_values(static_cast<std::size_t>(sources.size()), 0, 1, 4);
  }
};

}  // namespace octopole::testing

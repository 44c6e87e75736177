#include "cost/operation_counts.hpp"

#include <algorithm>
#include <numeric>

#include "distributed/ghosts.hpp"
#include "kernels/any_kernel.hpp"
#include "kernels/derivatives.hpp"
#include "operators/m2l_fft.hpp"
#include "operators/p2p.hpp"
#include "operators/surface.hpp"

namespace octopole {
namespace {

double children_with(const tree::EssentialTree& tree, NodeIndex parent,
                     const std::vector<std::uint8_t>& flag) {
  double children = 0;
  for (std::size_t octant = 0; octant < 8; ++octant) {
    const NodeIndex child = tree.children[8 * at(parent) + octant];
    children += child != kNoNode && flag[at(child)];
  }
  return children;
}

/// Calls use(parent, neighbour) for every pair of families of M2L by FFT.
template <class Use>
void for_each_family_pair(const RankLists& lists, const OperatorNodes& operator_nodes, Use&& use) {
  for (std::size_t level = distributed::kFirstLevel; level < operator_nodes.target_parents.size(); ++level)
    for (const NodeIndex parent : operator_nodes.target_parents[level - 1])
      for (std::size_t direction = 0; direction < 27; ++direction) {
        const NodeIndex other = lists.lists.near[27 * at(parent) + direction];
        if (direction == 13 || other == kNoNode) continue;
        if (children_with(lists.tree, other, lists.tree.has_source) > 0) use(parent, other);
      }
}

/// Share of the throughput of large matrix products that the many small ones of M2L by SVD reach, gathering
/// included: at order 6, 193 us per box instead of 53 at full throughput.
constexpr double kSvdShare = 0.27;

/// Share of the throughput of pairs in single precision that P2P reaches if sources and targets differ:
/// coordinates are two floats, and one side of a pair is summed at a time.
constexpr double kSplitShare = 0.7;

PhaseOperations& of(OperationsByPhase& operations, Phase phase) {
  return operations[static_cast<std::size_t>(phase)];
}

}  // namespace

std::vector<std::uint8_t> find_ends(const RankLists& lists) {
  const tree::EssentialTree& tree = lists.tree;
  std::vector<std::uint8_t> ends(tree.keys.size(), 1);
  for (NodeIndex node = tree.size() - 1; node > 0; --node) {
    if (!tree.has_target[at(node)]) continue;
    const bool quiet =
        ends[at(node)] && lists.lists.v.of(node).empty() && lists.operator_lists.p2l.of(node).empty();
    if (!quiet) ends[at(tree.parent[at(node)])] = 0;
  }
  return ends;
}

OperatorNodes make_operator_nodes(const RankLists& lists, std::span<const std::uint8_t> ends,
                                  Index own_sources) {
  const tree::EssentialTree& tree = lists.tree;
  const tree::OperatorLists& operator_lists = lists.operator_lists;
  OperatorNodes operator_nodes;
  const std::size_t levels = static_cast<std::size_t>(std::max(tree.levels(), distributed::kFirstLevel));
  for (auto* by_level : {&operator_nodes.source_parents, &operator_nodes.target_nodes,
                         &operator_nodes.target_parents, &operator_nodes.x_nodes})
    by_level->resize(levels);
  std::vector<std::uint8_t> done(tree.keys.size(), 0);  // an ancestor evaluates the locals for the targets
  for (NodeIndex node = 0; node < tree.size(); ++node) {
    const std::size_t level = static_cast<std::size_t>(tree.anchors[at(node)].level);
    const bool leaf = tree.leaf[at(node)], expands = level >= distributed::kFirstLevel;
    if (expands && tree.has_source[at(node)] && tree.owner[at(node)] == lists.rank) {
      if (leaf)
        operator_nodes.source_leaves.push_back(node);
      else
        operator_nodes.source_parents[level].push_back(node);
    }
    if (!tree.has_target[at(node)]) continue;
    if (level > distributed::kFirstLevel) {
      const std::size_t parent = at(tree.parent[at(node)]);
      done[at(node)] = done[parent] || ends[parent];
    }
    if (expands && !done[at(node)]) {
      operator_nodes.target_nodes[level].push_back(node);
      if (ends[at(node)]) operator_nodes.target_ends.push_back(node);
    }
    if (!leaf && !done[at(node)] && !(expands && ends[at(node)]))
      operator_nodes.target_parents[level].push_back(node);
    if (!operator_lists.p2l.of(node).empty()) operator_nodes.x_nodes[level].push_back(node);
    if (!leaf) continue;
    if (!operator_lists.m2p.of(node).empty()) operator_nodes.w_leaves.push_back(node);
    const auto u = operator_lists.p2p.of(node);
    if (u.empty()) continue;
    const bool interior = std::all_of(
        u.begin(), u.end(), [&](NodeIndex other) { return tree.source_end[at(other)] <= own_sources; });
    (interior ? operator_nodes.interior_leaves : operator_nodes.boundary_leaves).push_back(node);
  }
  return operator_nodes;
}

OperationCounts& OperationCounts::operator+=(const OperationCounts& other) {
  for (double OperationCounts::*const what : kAllCounts) this->*what += other.*what;
  return *this;
}

std::vector<OperationCounts> count_by_node(const RankLists& lists, const OperatorNodes& operator_nodes,
                                           const OperatorKey& key) {
  const tree::EssentialTree& tree = lists.tree;
  const auto sources = [&](NodeIndex node) { return static_cast<double>(tree.source_count[at(node)]); };
  const auto targets = [&](NodeIndex node) {
    return static_cast<double>(tree.target_end[at(node)] - tree.target_begin[at(node)]);
  };
  std::vector<OperationCounts> c(tree.keys.size());
  for (const NodeIndex leaf : operator_nodes.source_leaves) {
    c[at(leaf)].sources = sources(leaf);
    c[at(leaf)].source_leaves = 1;
  }
  for (const auto& parents : operator_nodes.source_parents)
    for (const NodeIndex parent : parents)
      c[at(parent)].m2m_children = children_with(tree, parent, tree.has_source);
  for (std::size_t level = distributed::kFirstLevel; level < operator_nodes.target_parents.size(); ++level)
    for (const NodeIndex parent : operator_nodes.target_parents[level])
      for (std::size_t octant = 0; octant < 8; ++octant)
        if (const NodeIndex child = tree.children[8 * at(parent) + octant];
            child != kNoNode && tree.has_target[at(child)])
          c[at(child)].l2l_children = 1;
  if (key.m2l == M2lMethod::fft)
    for_each_family_pair(lists, operator_nodes, [&](NodeIndex parent, NodeIndex) {
      c[at(parent)].families_out = 1;
      c[at(parent)].family_pairs += 1;
    });
  for (const auto& nodes : operator_nodes.target_nodes)
    for (const NodeIndex node : nodes) {
      c[at(node)].local_nodes = 1;
      if (key.m2l == M2lMethod::svd) c[at(node)].v_pairs = static_cast<double>(lists.lists.v.of(node).size());
    }
  // Locals are evaluated once for every target of a leaf, at the leaf or at an ancestor where L2L ends.
  for (NodeIndex node = 0; node < tree.size(); ++node)
    if (tree.leaf[at(node)] && tree.has_target[at(node)] &&
        tree.anchors[at(node)].level >= distributed::kFirstLevel)
      c[at(node)].targets = targets(node);
  for (const auto* leaves : {&operator_nodes.interior_leaves, &operator_nodes.boundary_leaves})
    for (const NodeIndex leaf : *leaves) {
      double around = 0;
      for (const NodeIndex other : lists.operator_lists.p2p.of(leaf)) around += sources(other);
      c[at(leaf)].near_pairs = around * targets(leaf);
      c[at(leaf)].near_gathers = around;
    }
  for (const NodeIndex leaf : operator_nodes.w_leaves)
    c[at(leaf)].m2p_targets = targets(leaf) * static_cast<double>(lists.operator_lists.m2p.of(leaf).size());
  for (const auto& nodes : operator_nodes.x_nodes)
    for (const NodeIndex node : nodes)
      for (const NodeIndex other : lists.operator_lists.p2l.of(node))
        c[at(node)].p2l_sources += sources(other);
  return c;
}

double count_families_in(const RankLists& lists, const OperatorNodes& operator_nodes,
                         std::span<const M2lSchedule> schedules, const OperatorKey& key) {
  double families = 0;
  if (key.m2l != M2lMethod::fft) return families;
  for (const M2lSchedule& schedule : schedules)
    for (const M2lFftBlock& block : schedule.blocks) families += block.sources;
  if (!schedules.empty()) return families;
  std::vector<std::uint8_t> needed(lists.tree.keys.size(), 0);
  for_each_family_pair(lists, operator_nodes, [&](NodeIndex, NodeIndex other) {
    families += !needed[at(other)];
    needed[at(other)] = 1;
  });
  return families;
}

OperationCounts count_operations(const RankLists& lists, const OperatorNodes& operator_nodes,
                                 std::span<const M2lSchedule> schedules, const OperatorKey& key) {
  OperationCounts sum;
  for (const OperationCounts& node : count_by_node(lists, operator_nodes, key)) sum += node;
  sum.families_in = count_families_in(lists, operator_nodes, schedules, key);
  return sum;
}

OperationsByPhase operations_of(const OperationCounts& c, const OperatorKey& key, double svd_rank) {
  const double n = static_cast<double>(surface_size(key.order)),
               up = static_cast<double>(surface_size(key.check_order)),
               down = static_cast<double>(surface_size(key.downward_check_order));
  OperationsByPhase operations{};
  of(operations, Phase::p2m) = {.pairs = c.sources * up, .gemm = c.source_leaves * 2 * n * (up + n)};
  of(operations, Phase::m2m).gemm = c.m2m_children * 2 * n * n;
  if (key.m2l == M2lMethod::fft)
    of(operations, Phase::m2l) = {
        .transform = (c.families_in + c.families_out) * m2l_fft_transform_flops(key.order),
        .sweep = c.family_pairs * m2l_fft_pair_flops(key.order)};
  else
    of(operations, Phase::m2l).gemm = c.v_pairs * 2 * svd_rank * (n + down);
  of(operations, Phase::l2l).gemm = c.l2l_children * 2 * n * n + c.local_nodes * 2 * n * (down + n);
  of(operations, Phase::l2p).pairs = c.targets * n;
  of(operations, Phase::m2p).pairs = c.m2p_targets * n;
  of(operations, Phase::p2l).pairs = c.p2l_sources * down;
  of(operations, Phase::p2p) = {.pairs = c.near_pairs, .gathers = c.near_gathers};
  return operations;
}

namespace {

/// The time of a pair of all vectors, in units of Laplace's of one vector, is `pass` for each pass (the
/// kernel, and storage of its value) and `vector` for each vector (products with charges). Measured with
/// AVX-512 on Zen 4: docs/developers/performance-log.md.
struct VectorShares {
  double pass, vector;
};
constexpr VectorShares kNear{1.02, 0.19}, kNearGradient{0.85, 0.48}, kOneSided{1.03, 0.095},
    kOneSidedGradient{1.35, 0.235};

/// Time of a pair of what has loops of its own, relative to the potential of charges.
struct LoopCosts {
  double hessian, dipoles, charges_and_dipoles;
};
constexpr LoopCosts kNearLoops{4.4, 1.45, 1.6}, kOneSidedLoops{2.9, 1.25, 1.35};

/// The shares of what is summed by tiles: `pass` by the order of the highest derivative, `product` for each
/// product of a number of the source with one of the result.
struct TileShares {
  std::array<double, kMaxDerivative + 1> pass;
  double product;
};
constexpr TileShares kNearTiles{{1.02, 3.0, 6.5, 15.0}, 0.19}, kOneSidedTiles{{1.03, 1.55, 3.2, 9.2}, 0.095};

/// How pairs are summed: both sides of a pair at once, one by loops of its own, or one by tiles.
enum class PairSums { symmetric, one_sided, one_sided_tiles };

/// Time of a pair of sources of this kind and results up to this order, relative to one of charges and
/// potential with as many vectors. Measured as above.
double pair_cost(PairSums sums, SourceKind kind, int order, const Parameters& parameters) {
  const double vectors = parameters.options.vectors, passes = parameters.passes();
  const bool symmetric = sums == PairSums::symmetric;
  if (vectors == 1 && sums != PairSums::one_sided_tiles && (order == 0 || kind == SourceKind::charges)) {
    const LoopCosts& loops = symmetric ? kNearLoops : kOneSidedLoops;
    return order == 2                    ? loops.hessian
           : kind == SourceKind::dipoles ? loops.dipoles
                                         : loops.charges_and_dipoles;
  }
  const TileShares& tiles = symmetric ? kNearTiles : kOneSidedTiles;
  const SourceParts sources(kind);
  const int highest = order + sources.order();
  const double products = sources.count() * kPartsUpTo[static_cast<std::size_t>(order)];
  const double charges = vectors == 1 ? 1 : passes * tiles.pass[0] + vectors * tiles.product;
  return (passes * tiles.pass[static_cast<std::size_t>(highest)] + vectors * products * tiles.product) /
         charges;
}

/// Time of M2L by FFT with moments, which three of four columns add to the fourth, relative to that without:
/// three more transforms back of eight in all, and stores of products.
constexpr double kMomentTransforms = 11.0 / 8, kMomentSweep = 1.1;

/// Time of a near pair of a vector kernel relative to that of its result alone, with the pressure, and with
/// the gradient, of which the pressure is then a small part. Measured for Stokes: see above.
constexpr double kPressureShare = 1.15, kVectorGradientShare = 3.5;
double results_share(const Parameters& parameters) {
  return parameters.gradient() ? kVectorGradientShare : parameters.pressure() ? kPressureShare : 1;
}

/// Time of a pair with a vector kernel's columns, relative to one of charges.
double columns_share(const VectorShares& shares, double columns) {
  return shares.pass + columns * shares.vector;
}

/// Time of a pair of a point and a surface with second derivatives of a vector kernel's columns, relative to
/// that with first ones.
double second_derivatives_share(int columns) {
  const auto cost = [columns](int order) {
    return kOneSidedTiles.pass[static_cast<std::size_t>(order)] +
           columns * kPartsUpTo[static_cast<std::size_t>(order)] * kOneSidedTiles.product;
  };
  return cost(2) / cost(1);
}

}  // namespace

Throughput throughput_for(const Parameters& parameters, Throughput throughput) {
  const std::array<double, 2> cost = kernel_type(parameters.kernel)->pair_cost;
  const double vectors = parameters.options.vectors, passes = parameters.passes();
  const double columns = parameters.columns;
  for (const auto& [name, row] : throughput.rows()) {
    const auto divide = [rates = row](OperationKind kind, double factor) {
      (*rates)[static_cast<std::size_t>(kind)] /= factor;
    };
    const auto together = [&](const VectorShares& shares, double one) {
      return vectors == 1 ? one : passes * (shares.pass + one - 1) + vectors * shares.vector;
    };
    divide(OperationKind::gemm, vectors * columns);
    divide(OperationKind::transform, vectors * columns * (parameters.moments() ? kMomentTransforms : 1));
    divide(OperationKind::sweep, vectors * columns * (parameters.moments() ? kMomentSweep : 1));
    if (parameters.components > 1) {
      // P2P has loops of its own; surfaces and points exchange columns of potentials.
      divide(OperationKind::near_pairs, vectors * cost[0] * results_share(parameters));
      divide(OperationKind::near_gradient_pairs, vectors * cost[0] * results_share(parameters));
      divide(OperationKind::pairs, vectors * columns_share(kOneSided, columns));
      divide(OperationKind::gradient_pairs, vectors * columns_share(kOneSidedGradient, columns));
      divide(OperationKind::gathers, vectors * 6 / 4);
      continue;
    }
    divide(OperationKind::near_pairs, together(kNear, cost[0]));
    divide(OperationKind::pairs, together(kOneSided, cost[0]));
    divide(OperationKind::near_gradient_pairs, parameters.vectors_per_pass() < kFewestGradientVectors
                                                   ? vectors * cost[1]
                                                   : together(kNearGradient, cost[1]));
    divide(OperationKind::gradient_pairs, together(kOneSidedGradient, cost[1]));
    divide(OperationKind::gathers, vectors == 1 ? 1 : (3 * passes + vectors) / 4);
  }
  return throughput;
}

double expected_svd_rank(const OperatorKey& key) {
  return static_cast<double>(surface_size(key.order)) / 7;
}

std::array<double, kPhases> seconds_of(const OperationsByPhase& operations, const Parameters& parameters,
                                       const Throughput& throughput, bool targets_are_sources) {
  const int order = order_of(parameters.options.output);
  const Precision overall = parameters.operators.precision;
  std::array<double, kPhases> seconds{};
  for (std::size_t i = 0; i < kPhases; ++i) {
    const Phase phase = static_cast<Phase>(i);
    const bool near = phase == Phase::p2p;
    const bool at_targets = near || phase == Phase::l2p || phase == Phase::m2p;
    const bool symmetric = near && targets_are_sources;
    const double share =
        near && !targets_are_sources && parameters.near_precision == Precision::single_precision ? kSplitShare
                                                                                                 : 1;
    // What is summed: the strengths of sources or of a surface's points, at targets or on a surface.
    const bool of_sources = near || phase == Phase::p2m || phase == Phase::p2l;
    const SourceKind kind = of_sources ? parameters.options.source_kind : SourceKind::charges;
    const int results = at_targets ? order : 0;
    const bool composed = parameters.components > 1;
    const bool plain = kind == SourceKind::charges && results <= 1,
               gradient = plain && (composed ? at_targets && !near : results == 1);
    const OperationKind pairs =
        symmetric ? (gradient ? OperationKind::near_gradient_pairs : OperationKind::near_pairs)
                  : (gradient ? OperationKind::gradient_pairs : OperationKind::pairs);
    const bool split = near && !symmetric && parameters.near_precision == Precision::single_precision;
    const double cost = composed ? (near && !symmetric ? kernel_type(parameters.kernel)->pair_cost[1] *
                                                             results_share(parameters) /
                                                             columns_share(kOneSided, parameters.columns)
                                    : !near && results == 1 ? second_derivatives_share(parameters.columns)
                                                            : 1)
                        : plain  ? 1
                                 : pair_cost(symmetric ? PairSums::symmetric
                                             : split   ? PairSums::one_sided_tiles
                                                       : PairSums::one_sided,
                                            kind, results, parameters);
    const Precision m2l = parameters.operators.m2l_precision;
    const NearForm form = symmetric ? parameters.near_form : NearForm::two_floats;
    seconds[i] =
        operations[i].pairs * cost / throughput.of(pairs, near ? parameters.near_precision : overall, form) /
            share +
        operations[i].gathers / throughput.of(OperationKind::gathers, parameters.near_precision, form) +
        operations[i].gemm / throughput.of(OperationKind::gemm, overall) /
            (phase == Phase::m2l ? kSvdShare : 1) +
        operations[i].transform / throughput.of(OperationKind::transform, m2l) +
        operations[i].sweep / throughput.of(OperationKind::sweep, m2l);
  }
  return seconds;
}

std::array<double, kPhases> predict_seconds(const OperationCounts& counts, const Parameters& parameters,
                                            bool targets_are_sources) {
  const OperatorKey& key = parameters.operators;
  return seconds_of(operations_of(counts, key, expected_svd_rank(key)), parameters, parameters.throughput,
                    targets_are_sources);
}

double total(const std::array<double, kPhases>& seconds) {
  return std::accumulate(seconds.begin(), seconds.end(), 0.0);
}

}  // namespace octopole

#include "octopole/fmm/setup.hpp"

#include <algorithm>

#include "octopole/base/threads.hpp"
#include "octopole/operators/surface.hpp"
#include "octopole/parallel/partition_points.hpp"
#include "octopole/parallel/tree_exchange.hpp"

namespace octopole {
namespace {

// Of leaves for mutual P2P: more balance the threads' work better, fewer have more pairs in common.
constexpr Index kRangesPerThread = 4;

morton::Bounds bounds_of(const mpi::Comm& comm, std::span<const double> sources,
                         std::span<const double> targets) {
  morton::Bounds bounds = morton::Bounds::empty();
  bounds.include(sources);
  bounds.include(targets);
  double extremes[6];  // the maximum of the negative is the negative of the minimum
  for (std::size_t c = 0; c < 3; ++c) {
    extremes[c] = -bounds.lower[c];
    extremes[3 + c] = bounds.upper[c];
  }
  comm.allreduce(std::span<double>(extremes), MPI_MAX);
  for (std::size_t c = 0; c < 3; ++c) {
    bounds.lower[c] = -extremes[c];
    bounds.upper[c] = extremes[3 + c];
  }
  return bounds;
}

AlignedVector<morton::Code> encode(const morton::RootCube& cube, std::span<const double> points) {
  AlignedVector<morton::Code> codes(points.size() / 3);
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < codes.size(); ++i)
    codes[i] = cube.encode(points[3 * i], points[3 * i + 1], points[3 * i + 2]);
  return codes;
}

// Coordinates of the owned points, interleaved as they travel. Counts codes and coordinates in `traffic`.
void take_coordinates(parallel::PointExchange& exchange, std::span<const double> points,
                      AlignedVector<double>& interleaved, Traffic& traffic) {
  interleaved.resize(3 * static_cast<std::size_t>(exchange.owned_count()));
  exchange.to_owners(points.data(), interleaved.data(), 3);
  traffic += exchange.outward().traffic(sizeof(morton::Code));
  traffic += exchange.outward().traffic(3 * sizeof(double));
}

// As seen from the frame.
Coordinates split_coordinates(const AlignedVector<double>& interleaved, const std::array<double, 3>& frame) {
  Coordinates c;
  const std::size_t n = interleaved.size() / 3;
  for (auto* axis : {&c.x, &c.y, &c.z}) axis->resize(n);
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < n; ++i) {
    c.x[i] = interleaved[3 * i] - frame[0];
    c.y[i] = interleaved[3 * i + 1] - frame[1];
    c.z[i] = interleaved[3 * i + 2] - frame[2];
  }
  return c;
}

// Nodes below which no node takes part in V or X lists. Their locals are evaluated at their targets outright:
// L2L would bring nothing but errors, of which the gradient suffers (eps u in a box of half side h is eps u /
// h in the gradient).
std::vector<std::uint8_t> find_ends(const mpi::Comm& comm, const PointSetup& s) {
  std::vector<std::uint8_t> ends(s.tree.keys.size(), 1);
  for (NodeIndex node = s.tree.size() - 1; node > 0; --node) {
    if (!s.tree.has_target[at(node)]) continue;
    const bool quiet = ends[at(node)] && s.lists.v.of(node).empty() && s.partners.p2l.of(node).empty();
    if (!quiet) ends[at(s.tree.parent[at(node)])] = 0;
  }
  // Of nodes that several ranks share, each sees its own part: all must agree, as one rank alone would.
  const std::vector<tree::NodeKey> shared = tree::shared_nodes(s.coarse, s.partition);
  std::vector<int> agreed(shared.size(), 1);
  std::vector<NodeIndex> nodes;
  for (std::size_t i = 0; i < shared.size(); ++i) {
    nodes.push_back(s.tree.find(shared[i]));
    if (nodes[i] != kNoNode && s.tree.has_target[at(nodes[i])]) agreed[i] = ends[at(nodes[i])];
  }
  comm.allreduce(std::span<int>(agreed), MPI_MIN);
  for (std::size_t i = 0; i < shared.size(); ++i)
    if (nodes[i] != kNoNode) ends[at(nodes[i])] = static_cast<std::uint8_t>(agreed[i]);
  return ends;
}

WorkLists make_work_lists(const PointSetup& s, std::span<const std::uint8_t> ends, int rank) {
  const tree::EssentialTree& tree = s.tree;
  WorkLists work;
  const std::size_t levels = static_cast<std::size_t>(std::max(tree.levels(), parallel::kFirstLevel));
  for (auto* by_level : {&work.source_parents, &work.target_nodes, &work.target_parents, &work.x_nodes})
    by_level->resize(levels);
  std::vector<std::uint8_t> done(tree.keys.size(), 0);  // the targets are served by a node above
  for (NodeIndex node = 0; node < tree.size(); ++node) {
    const std::size_t level = static_cast<std::size_t>(tree.anchors[at(node)].level);
    const bool leaf = tree.leaf[at(node)], expands = level >= parallel::kFirstLevel;
    if (expands && tree.has_source[at(node)] && tree.owner[at(node)] == rank) {
      if (leaf)
        work.source_leaves.push_back(node);
      else
        work.source_parents[level].push_back(node);
    }
    if (!tree.has_target[at(node)]) continue;
    if (level > parallel::kFirstLevel) {
      const std::size_t parent = at(tree.parent[at(node)]);
      done[at(node)] = done[parent] || ends[parent];
    }
    if (expands && !done[at(node)]) {
      work.target_nodes[level].push_back(node);
      if (ends[at(node)]) work.target_ends.push_back(node);
    }
    if (!leaf && !done[at(node)] && !(expands && ends[at(node)])) work.target_parents[level].push_back(node);
    if (!s.partners.p2l.of(node).empty()) work.x_nodes[level].push_back(node);
    if (!leaf) continue;
    if (!s.partners.m2p.of(node).empty()) work.w_leaves.push_back(node);
    const auto u = s.partners.p2p.of(node);
    if (u.empty()) continue;
    const bool interior = std::all_of(
        u.begin(), u.end(), [&](NodeIndex other) { return tree.source_end[at(other)] <= s.owned_sources(); });
    (interior ? work.interior_leaves : work.boundary_leaves).push_back(node);
  }
  return work;
}

std::vector<M2lFftPlan> plan_m2l(const PointSetup& s, const OperatorKey& key) {
  std::vector<M2lFftPlan> plans;
  if (key.m2l != M2lMethod::fft) return plans;
  const SiblingView nodes{s.lists.near.data(), s.tree.children.data(), s.tree.has_source.data(),
                          s.tree.has_target.data()};
  plans.resize(s.work.target_nodes.size());
  for (std::size_t level = parallel::kFirstLevel; level < plans.size(); ++level)
    plans[level] = plan_m2l_fft(key.order, static_cast<std::size_t>(key.m2l_precision),
                                s.work.target_parents[level - 1], nodes);
  return plans;
}

tree::Partners choose_partners(const PointSetup& s, const Parameters& parameters) {
  const OperatorKey& key = parameters.operators;
  if (!parameters.direct_leaves) return tree::choose_partners(s.tree, s.lists, 0, 0);
  return tree::choose_partners(s.tree, s.lists, surface_size(key.order),
                               surface_size(key.downward_check_order));
}

}  // namespace

PointsByNode PointSetup::sources_by_node() const {
  return {sources.x.data(), sources.y.data(), sources.z.data(), tree.source_begin.data(),
          tree.source_end.data()};
}

PointsByNode PointSetup::targets_by_node() const {
  const Coordinates& c = targets ? *targets : sources;
  return {c.x.data(), c.y.data(), c.z.data(), tree.target_begin.data(), tree.target_end.data()};
}

PointSetup make_setup(const mpi::Comm& comm, const Parameters& parameters, std::span<const double> sources,
                      std::optional<std::span<const double>> targets, WorkObserver* observer) {
  const mpi::Transport transport = parameters.transport;
  std::array<double, kSetupStages> seconds{};
  StageTimer timer(seconds);
  const auto end_of = [&](SetupStage stage, std::size_t items) {
    if (observer) observer->prepared(stage, static_cast<Index>(items));
    timer.mark(stage);
  };
  const morton::Bounds bounds = bounds_of(comm, sources, targets.value_or(std::span<const double>{}));
  Tuning tuning = tune(comm, bounds, parameters, sources, targets);
  const Index ncrit = tuning.ncrit;
  end_of(SetupStage::tuning, static_cast<std::size_t>(tuning.sample));
  const morton::RootCube cube = morton::RootCube::enclosing(bounds, tuning.padding);

  AlignedVector<morton::Code> source_codes = encode(cube, sources);
  AlignedVector<Index> source_order = morton::sort_codes(source_codes);
  AlignedVector<morton::Code> distinct_codes;
  AlignedVector<Index> target_order;
  if (targets) {
    distinct_codes = encode(cube, *targets);
    target_order = morton::sort_codes(distinct_codes);
  }
  end_of(SetupStage::sort, source_codes.size() + distinct_codes.size());
  const AlignedVector<morton::Code>& target_codes = targets ? distinct_codes : source_codes;

  tree::CountTree coarse =
      parallel::count_globally(comm, source_codes, target_codes, ncrit, parameters.max_level);
  tree::Partition partition = tree::divide(coarse, tree::point_weights(coarse), comm.size());

  PointSetup s{std::move(tuning),
               cube,
               std::move(coarse),
               std::move(partition),
               {},
               {},
               {},
               {},
               {},
               {},
               {},
               {},
               {},
               {},
               {},
               {},
               {},
               {}};
  s.source_exchange =
      parallel::PointExchange(comm, transport, std::move(source_order), source_codes, s.partition);
  AlignedVector<double> source_points, target_points;
  const auto traffic = [&s](SetupExchange exchange) -> Traffic& {
    return s.traffic[static_cast<std::size_t>(exchange)];
  };
  take_coordinates(s.source_exchange, sources, source_points, traffic(SetupExchange::points));
  if (targets) {
    s.target_exchange.emplace(comm, transport, std::move(target_order), target_codes, s.partition);
    take_coordinates(*s.target_exchange, *targets, target_points, traffic(SetupExchange::points));
    s.targets = split_coordinates(target_points, cube.frame);
  }

  const auto& own_sources = s.source_exchange.owned_codes();
  const auto& own_targets = s.results_exchange().owned_codes();
  end_of(SetupStage::distribute, own_sources.size() + (targets ? own_targets.size() : 0));

  const tree::CodeRange range = s.partition.range(comm.rank());
  std::vector<tree::NodeKey> splits =
      tree::refine(s.coarse, range, own_sources, own_targets, ncrit, parameters.max_level);
  if (parameters.balance)
    splits = parallel::balance_globally(comm, s.coarse, s.partition, std::move(splits),
                                        traffic(SetupExchange::balance));
  s.leaves = tree::leaves_of(splits, range);

  s.tree = parallel::build_essential_tree(
      comm, tree::LocalPart{s.coarse, s.partition, comm.rank(), splits, own_sources, own_targets},
      traffic(SetupExchange::records));
  end_of(SetupStage::tree, s.tree.keys.size());
  mpi::collectively(comm, [&] {
    s.lists = tree::build_lists(s.tree);
    s.partners = choose_partners(s, parameters);
  });
  end_of(SetupStage::lists,
         s.lists.u.items.size() + s.lists.v.items.size() + s.lists.w.items.size() + s.lists.x.items.size());
  s.ghosts = parallel::plan_ghosts(comm, transport, s.partition, parameters.multipole_rule(comm.size()),
                                   s.lists.v, s.partners, s.owned_sources(), s.tree);
  s.ancestors = parallel::plan_ancestors(comm, transport, s.tree);

  source_points.resize(source_points.size() + 3 * static_cast<std::size_t>(s.ghosts.ghost_sources));
  s.ghosts.points.start(source_points.data(), 3);
  s.ghosts.points.finish(source_points.data());
  traffic(SetupExchange::requests) = s.ghosts.requests;
  traffic(SetupExchange::ghost_coordinates) = s.ghosts.points.exchange().traffic(3 * sizeof(double));
  s.sources = split_coordinates(source_points, cube.frame);
  end_of(SetupStage::ghosts, s.sources.x.size());

  s.source_exchange.release_buffers();
  if (s.target_exchange) s.target_exchange->release_buffers();
  s.boxes.resize(s.tree.keys.size());
  for (std::size_t i = 0; i < s.boxes.size(); ++i) {
    const morton::NodeCube node = s.cube.node(s.tree.anchors[i]);
    s.boxes[i] = {node.centre[0], node.centre[1], node.centre[2], node.half};
  }
  if (!targets && parameters.near_precision == Precision::double_precision)
    mpi::collectively(comm, [&] {
      s.near_pairs =
          tree::pair_up(s.tree, s.partners.p2p, s.owned_sources(), kRangesPerThread * max_threads());
    });
  s.work = make_work_lists(s, find_ends(comm, s), comm.rank());
  mpi::collectively(comm, [&] { s.m2l = plan_m2l(s, parameters.operators); });
  end_of(SetupStage::plan, s.tree.keys.size());
  s.stage_seconds = seconds;
  return s;
}

}  // namespace octopole

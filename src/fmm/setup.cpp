#include "fmm/setup.hpp"
#include "cost/multipole_rule.hpp"

#include <algorithm>

#include "base/aligned.hpp"
#include "base/threads.hpp"
#include "cost/rank_setup.hpp"
#include "distributed/partition_points.hpp"
#include "distributed/tree_exchange.hpp"
#include "fmm/setup_memory.hpp"

namespace octopole {
namespace {

// Ranges of leaves for symmetric P2P: more of them balance the threads better, but make more tasks.
constexpr Index kRangesPerThread = 8;

morton::Bounds bounds_of(const mpi::Comm& comm, std::span<const double> sources,
                         std::span<const double> targets) {
  morton::Bounds bounds = morton::Bounds::empty();
  bounds.include(sources);
  bounds.include(targets);
  double extremes[6];  // the maximum of the negated values is the negated minimum
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

// Sends coordinates to the owners, interleaved as in messages. Counts codes and coordinates in `traffic`.
void take_coordinates(const mpi::Comm& comm, distributed::PointExchange& exchange,
                      std::span<const double> points, AlignedVector<double>& interleaved, Traffic& traffic) {
  mpi::collectively(comm, [&] {
    interleaved.resize(3 * static_cast<std::size_t>(exchange.owned_count()));
    exchange.make_buffers(3 * sizeof(double));
  });
  exchange.to_owners<3>(points.data(), interleaved.data());
  traffic += exchange.outward().traffic(sizeof(morton::Code));
  traffic += exchange.outward().traffic(3 * sizeof(double));
}

// Coordinates relative to the frame, in the cube's units.
Coordinates split_coordinates(const AlignedVector<double>& interleaved, const morton::RootCube& cube) {
  Coordinates c;
  const std::size_t n = interleaved.size() / 3;
  for (auto* axis : {&c.x, &c.y, &c.z}) axis->resize(n);
  const auto frame = cube.frame;  // not a structured binding: Clang 14 rejects these in parallel regions
  const double inverse = 1 / cube.unit;
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < n; ++i) {
    c.x[i] = (interleaved[3 * i] - frame[0]) * inverse;
    c.y[i] = (interleaved[3 * i + 1] - frame[1]) * inverse;
    c.z[i] = (interleaved[3 * i + 2] - frame[2]) * inverse;
  }
  return c;
}

/// Times the stages, including the calls of the observer.
class Stages {
 public:
  Stages(const mpi::Comm& comm, std::array<double, kSetupStages>& seconds, WorkObserver* observer)
      : comm_(comm), timer_(seconds), observer_(observer) {}
  void begin(SetupStage stage) {
    comm_.enter(kSetupStageNames[static_cast<std::size_t>(stage)]);
    if (observer_) observer_->preparing(stage);
  }
  void end(SetupStage stage, std::size_t items) {
    if (observer_) observer_->prepared(stage, static_cast<Index>(items));
    timer_.mark(stage);
  }
  void move(SetupStage from, SetupStage to) { timer_.move(from, to); }

 private:
  const mpi::Comm& comm_;
  StageTimer timer_;
  WorkObserver* observer_;
};

std::size_t owned_points(const PointSetup& s) {
  return static_cast<std::size_t>(s.owned_sources() + (s.target_exchange ? s.owned_targets() : 0));
}

/// The caller's points sorted by code, before they are sent to owners.
struct CallerPoints {
  AlignedVector<morton::Code> source_codes, distinct_codes;  // ascending; no distinct ones: sources = targets
  AlignedVector<PointIndex> source_order, target_order;      // until an exchange has them
  bool distinct = false;
  const AlignedVector<morton::Code>& target_codes() const { return distinct ? distinct_codes : source_codes; }
};

CallerPoints sort_points(const morton::RootCube& cube, std::span<const double> sources,
                         std::optional<std::span<const double>> targets) {
  CallerPoints points;
  points.source_codes = morton::encode(cube, sources);
  points.source_order = morton::sort_codes(points.source_codes);
  points.distinct = targets.has_value();
  if (!targets) return points;
  points.distinct_codes = morton::encode(cube, *targets);
  points.target_order = morton::sort_codes(points.distinct_codes);
  return points;
}

/// Makes the partition by numbers of points; the count tree is released afterwards.
void divide_by_points(const mpi::Comm& comm, const Parameters& parameters, const CallerPoints& points,
                      PointSetup& s) {
  const tree::CountTree coarse = distributed::count_globally(comm, points.source_codes, points.target_codes(),
                                                             s.tuning.ncrit, parameters.max_level);
  s.points = coarse.counts()[0];
  s.balance.count_tree_bytes = static_cast<Index>(coarse.bytes());
  mpi::collectively(comm, [&] {
    s.partition = tree::divide(coarse, tree::point_weights(coarse), comm.size());
    s.shared = tree::shared_nodes(coarse, s.partition, comm.rank());
  });
}

/// Sends codes to their owners by the partition, and makes the exchanges for all other values.
void distribute_codes(const mpi::Comm& comm, mpi::Transport transport, CallerPoints& points, PointSetup& s) {
  s.source_exchange = distributed::PointExchange(comm, transport, std::move(points.source_order),
                                                 points.source_codes, s.partition);
  if (points.distinct)
    s.target_exchange.emplace(comm, transport, std::move(points.target_order), points.distinct_codes,
                              s.partition);
}

/// Builds this rank's tree and lists; returns where L2L ends.
std::vector<std::uint8_t> build_tree(const mpi::Comm& comm, const Parameters& parameters, PointSetup& s,
                                     Stages& stages, MemoryCheck* memory) {
  stages.begin(SetupStage::tree);
  const auto& own_sources = s.source_exchange.owned_codes();
  const auto& own_targets = s.results_exchange().owned_codes();
  const tree::CodeRange range = s.partition.range(comm.rank());
  std::vector<tree::NodeKey> splits;
  mpi::collectively(comm, [&] {
    splits = tree::refine(s.shared, range, own_sources, own_targets, s.tuning.ncrit, parameters.max_level);
  });
  if (parameters.balance)
    splits = distributed::balance_globally(comm, s.partition, std::move(splits),
                                           s.traffic[static_cast<std::size_t>(SetupExchange::balance)]);
  mpi::collectively(comm, [&] { s.leaves = tree::leaves_of(splits, range); });
  s.tree = distributed::build_essential_tree(
      comm, tree::LocalPart{s.shared, s.partition, comm.rank(), splits, own_sources, own_targets},
      s.traffic[static_cast<std::size_t>(SetupExchange::records)]);
  stages.end(SetupStage::tree, s.tree.keys.size());
  stages.begin(SetupStage::lists);
  if (memory)
    memory->require(
        needs_of_tree(point_numbers(s, parameters), moved_points(s), s.tree, parameters, comm.size()),
        MemoryStage::tree);
  std::vector<std::uint8_t> ends;
  mpi::collectively(comm, [&] {
    s.lists = tree::build_lists(s.tree);
    s.partners = tree::choose_partners(s.tree, s.lists, s.tuning.direct_sources, s.tuning.direct_targets);
    ends = find_ends(s.rank_lists());
  });
  distributed::agree_on_shared(comm, s.partition, s.tree, ends);
  stages.end(SetupStage::lists, s.lists.u.items.size() + s.lists.v.items.size() + s.lists.w.items.size() +
                                    s.lists.x.items.size());
  return ends;
}

/// Weights the leaves of the tree made by build_tree, and rebuilds it if another partition is better.
void balance_work(const mpi::Comm& comm, const Parameters& parameters, CallerPoints& points, PointSetup& s,
                  std::vector<std::uint8_t>& ends, Stages& stages, MemoryCheck* memory) {
  stages.begin(SetupStage::balance);
  WorkLists work;
  mpi::collectively(comm, [&] { work = make_work_lists(s.rank_lists(), ends, s.owned_sources()); });
  std::optional<tree::Partition> better = divide_by_work(comm, s.rank_lists(), work, s.partition, s.leaves,
                                                         parameters, !points.distinct, s.balance);
  work = {};
  stages.end(SetupStage::balance, s.tree.keys.size());
  if (!better) return;
  for (const SetupStage stage : {SetupStage::tree, SetupStage::lists})  // time of the first partition
    stages.move(stage, SetupStage::balance);
  stages.begin(SetupStage::distribute);
  s.tree = {};  // released before their successors are built
  s.lists = {};
  s.partners = {};
  s.partition = std::move(*better);
  s.shared = distributed::count_shared(comm, s.partition, points.source_codes, points.target_codes());
  points.source_order = s.source_exchange.take_order();
  if (s.target_exchange) points.target_order = s.target_exchange->take_order();
  s.source_exchange = {};
  s.target_exchange.reset();
  distribute_codes(comm, parameters.transport, points, s);
  stages.end(SetupStage::distribute, owned_points(s));
  ends = build_tree(comm, parameters, s, stages, memory);
}

/// Coordinates of all sources, including ghosts, relative to their leaves.
LeafFrameCoordinates localize_sources(const PointSetup& s, const Parameters& parameters) {
  LeafFrameCoordinates local;
  local.form = parameters.near_form;
  local.reach = parameters.near_min_separation;
  if (local.form == NearForm::two_floats) return local;
  for (auto* axis : {&local.x, &local.y, &local.z}) axis->resize(s.sources.x.size());
  std::vector<NodeIndex> leaves;
  for (NodeIndex node = 0; node < s.tree.size(); ++node) {
    const auto i = static_cast<std::size_t>(node);
    if (s.tree.leaf[i] && s.tree.source_begin[i] < s.tree.source_end[i]) leaves.push_back(node);
  }
  localize(leaves, s.boxes.data(), s.sources_by_node(), local.x.data(), local.y.data(), local.z.data());
  return local;
}

std::vector<distributed::PeerRows> rows_of(const tree::LeavesByRank& leaves,
                                           const tree::EssentialTree& tree) {
  std::vector<distributed::PeerRows> rows;
  for (const auto& [rank, nodes] : leaves) {
    rows.push_back({rank, {}});
    for (const NodeIndex leaf : nodes)
      for (Index i = tree.source_begin[at(leaf)]; i < tree.source_end[at(leaf)]; ++i)
        rows.back().rows.push_back(i);
  }
  return rows;
}

/// Makes P2P's pairs for sources = targets.
void pair_up(const mpi::Comm& comm, const Parameters& parameters, PointSetup& s) {
  std::vector<distributed::PeerRows> sent, received;
  mpi::collectively(comm, [&] {
    const Index ranges = max_threads() == 1 ? 1 : kRangesPerThread * max_threads();
    const tree::NearPartners partners = near_partners(s.tree, s.partners, s.owned_sources(), parameters);
    s.near_pairs = tree::pair_up(partners, ranges);
    s.leaf_frame_sources = localize_sources(s, parameters);
    if (comm.size() == 1) return;
    s.border = tree::pair_up_border(partners, ranges);
    sent = rows_of(s.border.leaves.sent, s.tree);
    received = rows_of(s.border.leaves.received, s.tree);
  });
  if (comm.size() > 1) s.near_sums = distributed::RowExchange(comm, parameters.transport, sent, received);
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

NearPairsView view_of(const tree::NearPairs& p) {
  return {p.leaves,
          p.ranges,
          {p.mutual.offsets.data(), p.mutual.items.data()},
          {p.alone.offsets.data(), p.alone.items.data()},
          p.task_range_begins,
          p.task_ranges,
          p.task_rows,
          p.row_leaves};
}

PointSetup make_setup(const mpi::Comm& comm, const Parameters& parameters, std::span<const double> sources,
                      std::optional<std::span<const double>> targets, WorkObserver* observer,
                      MemoryCheck* memory) {
  const mpi::Transport transport = parameters.transport;
  PointSetup s;
  s.rank = comm.rank();
  Stages stages(comm, s.stage_seconds, observer);
  stages.begin(SetupStage::tuning);
  const morton::Bounds bounds = bounds_of(comm, sources, targets.value_or(std::span<const double>{}));
  s.tuning = tune(comm, bounds, parameters, sources, targets);
  stages.end(SetupStage::tuning, static_cast<std::size_t>(s.tuning.sample));
  mpi::collectively(comm, [&] { s.cube = morton::RootCube::enclosing(bounds, s.tuning.padding); });
  s.cube = comm.of_root(s.cube);

  stages.begin(SetupStage::sort);
  if (memory)
    memory->require_for_points(static_cast<Index>(sources.size() / 3),
                               targets ? static_cast<Index>(targets->size() / 3) : 0, !targets);
  CallerPoints points;
  mpi::collectively(comm, [&] { points = sort_points(s.cube, sources, targets); });
  stages.end(SetupStage::sort, points.source_codes.size() + points.distinct_codes.size());
  stages.begin(SetupStage::distribute);
  divide_by_points(comm, parameters, points, s);
  distribute_codes(comm, transport, points, s);
  stages.end(SetupStage::distribute, owned_points(s));
  std::vector<std::uint8_t> ends = build_tree(comm, parameters, s, stages, memory);
  if (comm.size() > 1 && parameters.balance_by == BalanceBy::work)
    balance_work(comm, parameters, points, s, ends, stages, memory);
  s.overfull = find_overfull(comm, s.rank_lists(), ends, s.partition, s.source_exchange.owned_codes(),
                             s.tuning.ncrit, parameters, !targets, max_threads());
  refuse_absurd(s.overfull, parameters, s.tuning.ncrit);
  if (memory)
    memory->require(needs_of_lists(point_numbers(s, parameters), moved_points(s), s.rank_lists(), ends,
                                   s.partition, parameters, max_threads()),
                    MemoryStage::lists);
  points = {};

  stages.begin(SetupStage::distribute);
  AlignedVector<double> source_points, target_points;
  const auto traffic = [&s](SetupExchange exchange) -> Traffic& {
    return s.traffic[static_cast<std::size_t>(exchange)];
  };
  take_coordinates(comm, s.source_exchange, sources, source_points, traffic(SetupExchange::points));
  if (targets) {
    take_coordinates(comm, *s.target_exchange, *targets, target_points, traffic(SetupExchange::points));
    mpi::collectively(comm, [&] { s.targets = split_coordinates(target_points, s.cube); });
  }
  for (auto* exchange : {&s.source_exchange, s.target_exchange ? &*s.target_exchange : nullptr})
    if (exchange) exchange->release_set_up();
  release(target_points);
  stages.end(SetupStage::distribute, 0);

  stages.begin(SetupStage::ghosts);
  s.ghosts = distributed::plan_ghosts(comm, transport, s.partition, multipole_rule(parameters, comm.size()),
                                      s.lists.v, s.partners, s.owned_sources(), s.tree);
  s.ancestors = distributed::plan_ancestors(comm, transport, s.tree);
  mpi::collectively(comm, [&] {
    source_points.resize(source_points.size() + 3 * static_cast<std::size_t>(s.ghosts.ghost_sources));
  });
  s.ghosts.points.start(source_points.data(), 3);
  s.ghosts.points.finish(source_points.data());
  traffic(SetupExchange::requests) = s.ghosts.requests;
  traffic(SetupExchange::ghost_coordinates) = s.ghosts.points.exchange().traffic(3 * sizeof(double));
  mpi::collectively(comm, [&] { s.sources = split_coordinates(source_points, s.cube); });
  release(source_points);
  stages.end(SetupStage::ghosts, s.sources.x.size());

  stages.begin(SetupStage::plan);
  mpi::collectively(comm, [&] {
    s.boxes.resize(s.tree.keys.size());
    for (std::size_t i = 0; i < s.boxes.size(); ++i) {
      const morton::NodeCube node = s.cube.node(s.tree.anchors[i]);
      s.boxes[i] = {node.centre[0], node.centre[1], node.centre[2], node.half};
    }
  });
  if (!targets) pair_up(comm, parameters, s);
  mpi::collectively(comm, [&] {
    s.work = make_work_lists(s.rank_lists(), ends, s.owned_sources());
    s.m2l = plan_m2l(s.rank_lists(), s.work, parameters.operators);
  });
  if (parameters.operators.m2l == M2lMethod::fft) s.lists.v.release_items();  // the plans hold the pairs
  if (memory) {
    memory->require(needs_of_setup(s, parameters, max_threads()), MemoryStage::plan);
    s.memory = memory->estimate();
  }
  stages.end(SetupStage::plan, s.tree.keys.size());
  return s;
}

}  // namespace octopole

#include "fmm/set_points.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/aligned.hpp"
#include "base/threads.hpp"
#include "cost/leaf_cost.hpp"
#include "cost/rank_setup.hpp"
#include "cost/tuning.hpp"
#include "distributed/global_tree.hpp"
#include "fmm/agreement.hpp"
#include "kernels/any_kernel.hpp"
#include "operators/operator_set.hpp"

namespace octopole {
namespace {

// Ranges of leaves for symmetric P2P: more of them balance the threads better, but make more tasks.
constexpr Index kRangesPerThread = 8;

void check_lengths(std::span<const double> points, const char* what) {
  if (points.size() % 3 != 0)
    throw Error(fmt::format("{}: {} coordinates are not three per point", what, points.size()));
}

/// Checks lengths, finite coordinates, and that any rank has points. Collective.
void check_input(const mpi::Comm& comm, std::span<const double> sources,
                 std::optional<std::span<const double>> targets) {
  comm.enter("input");
  const std::span<const double> distinct = targets.value_or(std::span<const double>{});
  const ValueCheck of_sources = check_values(sources), of_targets = check_values(distinct);
  const CallFacts all = agree_on_call(comm, targets ? Call::set_points_with_targets : Call::set_points,
                                      {.wrong = sources.size() % 3 != 0 || distinct.size() % 3 != 0,
                                       .not_finite = !of_sources.finite || !of_targets.finite,
                                       .sources = !sources.empty(),
                                       .targets = !distinct.empty(),
                                       .largest = std::max(of_sources.largest, of_targets.largest)});
  if (all.wrong)
    mpi::collectively(comm, [&] {
      check_lengths(sources, "sources");
      check_lengths(distinct, "targets");
    });
  if (all.not_finite) {
    refuse_not_finite(comm, sources, 3, "source positions");
    refuse_not_finite(comm, distinct, 3, "target positions");
  }
  if (!all.sources) throw AgreedError("there are no sources on any rank");
  if (targets && !all.targets) throw AgreedError("there are no targets on any rank");
}

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

/// Coordinates of all sources, including ghosts, relative to their leaves.
LeafFrameCoordinates sources_in_leaf_frames(const PointSetup& s, const Parameters& parameters) {
  LeafFrameCoordinates leaf_frame;
  leaf_frame.form = parameters.near_form;
  leaf_frame.min_separation = parameters.near_min_separation;
  if (leaf_frame.form == NearForm::two_floats) return leaf_frame;
  for (auto* axis : {&leaf_frame.x, &leaf_frame.y, &leaf_frame.z}) axis->resize(s.sources.x.size());
  std::vector<NodeIndex> leaves;
  for (NodeIndex node = 0; node < s.tree.size(); ++node) {
    const auto i = static_cast<std::size_t>(node);
    if (s.tree.leaf[i] && s.tree.source_begin[i] < s.tree.source_end[i]) leaves.push_back(node);
  }
  to_leaf_frames(leaves, s.boxes.data(), s.sources_by_node(), leaf_frame.x.data(), leaf_frame.y.data(),
                 leaf_frame.z.data());
  return leaf_frame;
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

Index row_count(const distributed::RowExchange& exchange) {
  return static_cast<Index>(exchange.send_rows().size() + exchange.receive_rows().size());
}

PointNumbers point_numbers(const PointSetup& s, const Parameters& parameters) {
  return {s.source_exchange.caller_count(),
          s.results_exchange().caller_count(),
          s.owned_sources(),
          s.owned_targets(),
          s.ghosts.ghost_sources,
          !s.target_exchange,
          parameters.result_parts()};
}

/// Records sent between callers and owners only.
MovedRecords moved_points(const PointSetup& s) {
  const auto records =
      [](const distributed::PointExchange& exchange) {  // buffers include the rank's own points
        const mpi::SparseExchange& outward = exchange.outward();
        return outward.records_sent_away() + outward.records_from_elsewhere() == 0
                   ? 0
                   : outward.send_records() + outward.receive_records();
      };
  MovedRecords moved;
  moved.sources = records(s.source_exchange);
  if (s.target_exchange) moved.targets = records(*s.target_exchange);
  return moved;
}

/// Needs of a complete set-up: only the near field's pairs are estimated (an upper bound).
MemoryNeeds needs_of_plan(const PointSetup& s, const Parameters& parameters, int threads) {
  const OperatorKey& key = parameters.operators;
  MemoryNeeds needs;
  needs.points = point_numbers(s, parameters);
  needs.moved = moved_points(s);
  needs.nodes = s.tree.size();
  needs.moved.ghost_sources = row_count(s.ghosts.points);
  needs.moved.multipoles = row_count(s.ghosts.multipoles);
  needs.moved.near_sums = row_count(s.near_sums);
  needs.memory =
      rank_memory(s.rank_lists(), s.operator_nodes, s.m2l, needs.points, parameters, s.partition.ranks());
  Index rows = 0;
  for (const M2lSchedule& schedule : s.m2l) rows = std::max(rows, schedule.largest_rows);
  if (key.m2l == M2lMethod::fft)
    needs.m2l_workspace = m2l_fft_workspace_bytes(key.order, static_cast<std::size_t>(key.m2l_precision),
                                                  rows, threads, parameters.moments());
  return needs;
}

/// The steps of set_points, in the order in which they are called, and what they share.
struct Steps {
  const mpi::Comm& comm;
  const Parameters& parameters;
  std::span<const double> sources;
  std::optional<std::span<const double>> targets;
  MemoryCheck* memory;
  PointSetup& s;  // what the steps fill in
  Stages stages;

  CallerPoints points{};                  // until the partition is final
  std::vector<tree::NodeKey> splits{};    // of this rank's tree, while it is built
  std::vector<std::uint8_t> ends{};       // where L2L ends, by node
  AlignedVector<double> source_points{};  // interleaved coordinates, until those of the ghosts are there

  const AlignedVector<morton::Code>& own_sources() const { return s.source_exchange.owned_codes(); }
  const AlignedVector<morton::Code>& own_targets() const { return s.results_exchange().owned_codes(); }
  std::size_t owned_points() const {
    return static_cast<std::size_t>(s.owned_sources() + (s.target_exchange ? s.owned_targets() : 0));
  }
  Traffic& traffic(SetupExchange exchange) { return s.traffic[static_cast<std::size_t>(exchange)]; }

  void choose_leaf_size_and_cube() {
    stages.begin(SetupStage::tuning);
    const morton::Bounds bounds = bounds_of(comm, sources, targets.value_or(std::span<const double>{}));
    s.tuning = tune(comm, bounds, parameters, sources, targets);
    stages.end(SetupStage::tuning, static_cast<std::size_t>(s.tuning.sample));
    mpi::collectively(comm, [&] { s.cube = root_cube(bounds, s.tuning.padding, parameters); });
    s.cube = comm.of_root(s.cube);
  }

  void sort_points_by_code() {
    stages.begin(SetupStage::sort);
    if (memory)
      memory->require_for_points(static_cast<Index>(sources.size() / 3),
                                 targets ? static_cast<Index>(targets->size() / 3) : 0, !targets);
    mpi::collectively(comm, [&] { points = sort_points(s.cube, sources, targets); });
    stages.end(SetupStage::sort, points.source_codes.size() + points.distinct_codes.size());
  }

  /// The partition by numbers of points; the count tree is released afterwards.
  void divide_by_points() {
    stages.begin(SetupStage::distribute);
    const tree::CountTree coarse = distributed::count_globally(
        comm, points.source_codes, points.target_codes(), s.tuning.ncrit, parameters.options.max_level);
    s.points = coarse.counts()[0];
    s.load_balance.count_tree_bytes = static_cast<Index>(coarse.bytes());
    mpi::collectively(comm, [&] {
      s.partition = tree::divide(coarse, tree::point_weights(coarse), comm.size());
      s.shared = tree::shared_nodes(coarse, s.partition, comm.rank());
    });
  }

  /// Sends codes by the partition, and makes the exchanges for all other values.
  void send_codes_to_owners() {
    s.source_exchange = distributed::PointExchange(
        comm, parameters.options.transport, std::move(points.source_order), points.source_codes, s.partition);
    if (points.distinct)
      s.target_exchange.emplace(comm, parameters.options.transport, std::move(points.target_order),
                                points.distinct_codes, s.partition);
    stages.end(SetupStage::distribute, owned_points());
  }

  void refine_two_to_one() {
    stages.begin(SetupStage::tree);
    const tree::CodeRange range = s.partition.range(comm.rank());
    mpi::collectively(comm, [&] {
      splits = tree::refine(s.shared, range, own_sources(), own_targets(), s.tuning.ncrit,
                            parameters.options.max_level);
    });
    if (parameters.options.two_to_one)
      splits = distributed::two_to_one_globally(comm, s.partition, std::move(splits),
                                                traffic(SetupExchange::two_to_one));
    mpi::collectively(comm, [&] { s.leaves = tree::leaves_of(splits, range); });
  }

  void build_essential_tree() {
    s.tree = distributed::build_essential_tree(
        comm, tree::LocalPart{s.shared, s.partition, comm.rank(), splits, own_sources(), own_targets()},
        traffic(SetupExchange::records));
    release(splits);
    if (!is_scale_free(parameters.operators)) s.levels = static_cast<int>(comm.max(Index{s.tree.levels()}));
    stages.end(SetupStage::tree, s.tree.keys.size());
  }

  /// The lists, which operator sums each pair, and where L2L ends.
  void build_lists() {
    stages.begin(SetupStage::lists);
    if (memory) {
      memory->expect_operator_sets(operator_sets(parameters.operators, distributed::kFirstLevel, s.levels));
      memory->require(
          needs_of_tree(point_numbers(s, parameters), moved_points(s), s.tree, parameters, comm.size()),
          MemoryStage::tree);
    }
    mpi::collectively(comm, [&] {
      s.lists = tree::build_lists(s.tree);
      s.operator_lists =
          tree::choose_operator_lists(s.tree, s.lists, s.tuning.direct_sources, s.tuning.direct_targets);
      ends = find_ends(s.rank_lists());
    });
    distributed::agree_on_shared(comm, s.partition, s.tree, ends);
    stages.end(SetupStage::lists, s.lists.u.items.size() + s.lists.v.items.size() + s.lists.w.items.size() +
                                      s.lists.x.items.size());
  }

  /// Weights the leaves of the tree, and repeats the steps from send_codes_to_owners on if another partition
  /// is better.
  void divide_by_work() {
    if (comm.size() == 1 || parameters.options.load_balance != LoadBalance::work) return;
    stages.begin(SetupStage::load_balance);
    OperatorNodes operator_nodes;
    mpi::collectively(comm,
                      [&] { operator_nodes = make_operator_nodes(s.rank_lists(), ends, s.owned_sources()); });
    std::optional<tree::Partition> better = octopole::divide_by_work(
        comm, s.rank_lists(), operator_nodes, s.partition, s.leaves, parameters, !targets, s.load_balance);
    operator_nodes = {};
    stages.end(SetupStage::load_balance, s.tree.keys.size());
    if (!better) return;
    for (const SetupStage stage : {SetupStage::tree, SetupStage::lists})  // time of the first partition
      stages.move(stage, SetupStage::load_balance);
    stages.begin(SetupStage::distribute);
    s.tree = {};  // released before their successors are built
    s.lists = {};
    s.operator_lists = {};
    s.partition = std::move(*better);
    s.shared = distributed::count_shared(comm, s.partition, points.source_codes, points.target_codes());
    points.source_order = s.source_exchange.take_order();
    if (s.target_exchange) points.target_order = s.target_exchange->take_order();
    s.source_exchange = {};
    s.target_exchange.reset();
    send_codes_to_owners();
    refine_two_to_one();
    build_essential_tree();
    build_lists();
  }

  /// Refuses absurdly overfull leaves, and what would not fit into memory.
  void check_cost() {
    s.overfull = find_overfull(comm, s.rank_lists(), ends, s.partition, own_sources(), s.tuning.ncrit,
                               parameters, !targets, max_threads());
    refuse_absurd(s.overfull, parameters, s.tuning.ncrit);
    if (memory)
      memory->require(needs_of_lists(point_numbers(s, parameters), moved_points(s), s.rank_lists(), ends,
                                     s.partition, parameters, max_threads()),
                      MemoryStage::lists);
    points = {};
  }

  void send_coordinates_to_owners() {
    stages.begin(SetupStage::distribute);
    AlignedVector<double> target_points;
    take_coordinates(comm, s.source_exchange, sources, source_points, traffic(SetupExchange::points));
    if (targets) {
      take_coordinates(comm, *s.target_exchange, *targets, target_points, traffic(SetupExchange::points));
      mpi::collectively(comm, [&] { s.targets = split_coordinates(target_points, s.cube); });
    }
    for (auto* exchange : {&s.source_exchange, s.target_exchange ? &*s.target_exchange : nullptr})
      if (exchange) exchange->release_set_up();
    release(target_points);
    stages.end(SetupStage::distribute, 0);
  }

  /// Plans the exchanges of ghosts, and brings the coordinates of ghost sources.
  void plan_ghosts() {
    stages.begin(SetupStage::ghosts);
    s.ghosts = distributed::plan_ghosts(comm, parameters.options.transport, s.partition,
                                        multipole_rule(parameters, comm.size()), s.lists.v, s.operator_lists,
                                        s.owned_sources(), s.tree);
    s.ancestors = distributed::plan_ancestors(comm, parameters.options.transport, s.tree);
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
  }

  /// Boxes, the pairs of P2P, the nodes that each operator is applied to, and M2L's schedules.
  void plan_operators() {
    stages.begin(SetupStage::plan);
    mpi::collectively(comm, [&] {
      s.boxes.resize(s.tree.keys.size());
      for (std::size_t i = 0; i < s.boxes.size(); ++i) {
        const morton::NodeCube node = s.cube.node(s.tree.anchors[i]);
        s.boxes[i] = {node.centre[0], node.centre[1], node.centre[2], node.half};
      }
    });
    if (!targets) pair_up();
    mpi::collectively(comm, [&] {
      s.operator_nodes = make_operator_nodes(s.rank_lists(), ends, s.owned_sources());
      s.m2l = make_m2l_schedules(s.rank_lists(), s.operator_nodes, parameters.operators);
    });
    if (parameters.operators.m2l == M2lMethod::fft)
      s.lists.v.release_items();  // the schedules hold the pairs
    if (memory) {
      memory->require(needs_of_plan(s, parameters, max_threads()), MemoryStage::plan);
      s.memory = memory->estimate();
    }
    stages.end(SetupStage::plan, s.tree.keys.size());
  }

  /// Makes P2P's pairs for sources = targets.
  void pair_up() {
    std::vector<distributed::PeerRows> sent, received;
    mpi::collectively(comm, [&] {
      const Index ranges = max_threads() == 1 ? 1 : kRangesPerThread * max_threads();
      const tree::NearLists near = near_lists(s.tree, s.operator_lists, s.owned_sources(), parameters);
      s.near_pairs = tree::pair_up(near, ranges);
      s.leaf_frame_sources = sources_in_leaf_frames(s, parameters);
      if (comm.size() == 1) return;
      s.border = tree::pair_up_border(near, ranges);
      sent = rows_of(s.border.leaves.sent, s.tree);
      received = rows_of(s.border.leaves.received, s.tree);
    });
    if (comm.size() > 1)
      s.near_sums = distributed::RowExchange(comm, parameters.options.transport, sent, received);
  }
};

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
          {p.symmetric.offsets.data(), p.symmetric.items.data()},
          {p.one_sided.offsets.data(), p.one_sided.items.data()},
          p.task_range_begins,
          p.task_ranges,
          p.task_rows,
          p.row_leaves};
}

PointSetup set_points(const mpi::Comm& comm, const Parameters& parameters, std::span<const double> sources,
                      std::optional<std::span<const double>> targets, WorkObserver* observer,
                      MemoryCheck* memory) {
  check_input(comm, sources, targets);  // step 0 of docs/developers/architecture.md

  PointSetup setup;
  setup.rank = comm.rank();
  Steps steps{comm, parameters, sources, targets, memory, setup, Stages(comm, setup.stage_seconds, observer)};
  steps.choose_leaf_size_and_cube();  // 1
  steps.sort_points_by_code();
  steps.divide_by_points();      // 2
  steps.send_codes_to_owners();  // 3
  steps.refine_two_to_one();     // 4
  steps.build_essential_tree();  // 5
  steps.build_lists();           // 6
  steps.divide_by_work();        // 7: steps 3 to 6 again, if it pays
  steps.check_cost();
  steps.send_coordinates_to_owners();
  steps.plan_ghosts();  // 8
  steps.plan_operators();
  return setup;
}

}  // namespace octopole

#include "fmm/evaluate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>

#include "base/threads.hpp"
#include "cost/option_table.hpp"
#include "fmm/agreement.hpp"
#include "kernels/any_kernel.hpp"
#include "kernels/derivatives.hpp"
#include "operators/columns.hpp"
#include "operators/m2m_l2l.hpp"
#include "operators/m2p_p2l.hpp"
#include "operators/net_charge.hpp"
#include "operators/p2m_l2p.hpp"
#include "operators/p2p.hpp"

namespace octopole {
namespace {

/// Whether this rank's strengths have another length than its sources ask for, or there are none.
/// `components` are those of the kernel's charges.
bool has_wrong_length(const PointSetup* setup, int components, const Strengths& s) {
  if (!setup || s.vectors < 1 || s.vectors > kMostVectors) return true;
  if (components > 1 && !s.dipoles.empty()) return true;
  const Index n = setup->source_exchange.caller_count() * s.vectors;
  const auto wrong = [](std::span<const double> values, Index size) {
    return !values.empty() && static_cast<Index>(values.size()) != size;
  };
  return wrong(s.charges, components * n) || wrong(s.dipoles, 3 * n) ||
         (n > 0 && s.charges.empty() && s.dipoles.empty());
}

/// Throws if has_wrong_length.
void check_length(const PointSetup* setup, const Parameters& parameters, const Strengths& s) {
  if (!setup) throw Error("evaluate was called before set_points");
  if (s.vectors < 1 || s.vectors > kMostVectors)
    throw Error(fmt::format("{} vectors of charges: there must be at least one, and at most {}", s.vectors,
                            kMostVectors));
  if (!has_wrong_length(setup, parameters.components, s)) return;
  if (parameters.components > 1 && !s.dipoles.empty())
    throw Error(fmt::format("dipoles: the kernel {} has none", parameters.kernel),
                "pass its strengths, three per source, as charges");
  const Index n = setup->source_exchange.caller_count();
  const std::string sources =
      fmt::format("{}{} sources", s.vectors == 1 ? "" : fmt::format("{} vectors of ", s.vectors), n);
  if (s.dipoles.empty() || static_cast<Index>(s.dipoles.size()) == 3 * n * s.vectors)
    throw Error(fmt::format("charges: {} values for {}{}", s.charges.size(), sources,
                            parameters.components > 1 ? ", which need three each" : ""));
  throw Error(fmt::format("dipoles: {} values for {}, which need three each", s.dipoles.size(), sources));
}

/// A power of two near the largest charge, as floats have a smaller range than the caller's doubles.
double charge_unit(double largest) {
  return largest > 0 ? std::ldexp(1.0, std::ilogb(largest)) : 1;
}

template <class T>
void zero(AlignedVector<T>& values, std::size_t n) {
  values.resize(n);
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < n; ++i) values[i] = T{};
}

ListView view(const tree::NodeLists& lists) {
  return {lists.offsets.data(), lists.items.data()};
}

/// Times a piece of an operator's work, including the calls of the observer.
class PhaseScope {
 public:
  PhaseScope(const mpi::Comm& comm, Profile& profile, Phase phase, std::size_t part, const PointSetup& setup,
             WorkObserver* observer)
      : timer_(profile, phase), phase_(phase), part_(part), setup_(setup), observer_(observer) {
    comm.enter(kPhaseNames[static_cast<std::size_t>(phase)]);
    if (observer_) observer_->evaluating(phase);
  }
  ~PhaseScope() {
    if (observer_) observer_->evaluated(setup_, phase_, part_);
  }
  PhaseScope(const PhaseScope&) = delete;
  PhaseScope& operator=(const PhaseScope&) = delete;

 private:
  PhaseTimer timer_;
  Phase phase_;
  std::size_t part_;
  const PointSetup& setup_;
  WorkObserver* observer_;
};

/// Times an exchange, or its start or finish, counts its traffic, and notifies the observer.
class ExchangeScope {
 public:
  ExchangeScope(const mpi::Comm& comm, Profile& profile, Exchange exchange, ExchangeTimer::Part part,
                WorkObserver* observer)
      : timer_(profile, exchange, part), profile_(profile), exchange_(exchange), observer_(observer) {
    comm.enter(kExchangeNames[static_cast<std::size_t>(exchange)]);
    if (observer_) observer_->exchanging(exchange);
  }
  ~ExchangeScope() {
    if (observer_) observer_->exchanged(exchange_, traffic_);
  }
  ExchangeScope(const ExchangeScope&) = delete;
  ExchangeScope& operator=(const ExchangeScope&) = delete;
  void count(Traffic traffic) {
    profile_.traffic[static_cast<std::size_t>(exchange_)] += traffic;
    if (observer_) observer_->copied(traffic.bytes_sent + traffic.bytes_received);
    traffic_ = std::move(traffic);
  }

 private:
  ExchangeTimer timer_;
  Profile& profile_;
  Exchange exchange_;
  WorkObserver* observer_;
  Traffic traffic_;
};

/// Raises `largest` to the largest magnitude of each vector of this rank's values (rows, vectors), times
/// `factor`.
void raise_to_largest(std::span<const double> values, double factor, std::vector<double>& largest) {
  const std::size_t width = largest.size();
  ThreadErrors errors;
#pragma omp parallel
  errors.keep([&] {
    std::vector<double> mine(width, 0.0);
#pragma omp for schedule(static) nowait
    for (std::size_t row = 0; row < values.size() / width; ++row)
      for (std::size_t v = 0; v < width; ++v) mine[v] = std::max(mine[v], std::abs(values[row * width + v]));
#pragma omp critical
    for (std::size_t v = 0; v < width; ++v) largest[v] = std::max(largest[v], factor * mine[v]);
  });
  errors.rethrow();
}

/// The vectors of one pass, among all of the caller's.
struct Pass {
  int first, vectors, of;
};

/// State shared by all steps of one pass of an evaluation.
template <class Real>
struct Evaluation {
  const mpi::Comm& comm;
  const AnyKernel& kernel;
  const LevelOperators<Real>& operators;
  PointSetup& s;
  bool near_in_single;
  Workspace<Real>& w;
  Profile& profile;
  WorkObserver* observer;
  Pass pass;
  SourceKind kind;
  const double* charge_units;   // of the internal charges of each vector
  std::array<double, 3> units;  // of sums by order of derivatives, with charges of unit 1
  ResultLayout results;
  TargetSums sums;

  LeafFramePoints leaf_frame_points() const { return s.leaf_frame_sources.view(s.tree.leaf); }
  /// Of any level, for what all levels have in common; and of one level.
  const Translations<Real>& t() const { return operators.any().translations; }
  const Translations<Real>& t(int level) const { return operators.level(level).translations; }
  PhaseScope begin_phase(Phase phase, std::size_t part = 0) const {
    return {comm, profile, phase, part, s, observer};
  }

  ExchangeScope begin_exchange(Exchange exchange,
                               ExchangeTimer::Part part = ExchangeTimer::Part::whole) const {
    return {comm, profile, exchange, part, observer};
  }

  void start_rows(Exchange exchange, distributed::RowExchange& rows, const Real* array, Index width) {
    ExchangeScope timed = begin_exchange(exchange, ExchangeTimer::Part::start);
    rows.start(array, width);
    timed.count(rows.exchange().traffic(static_cast<std::size_t>(width) * sizeof(Real)));
  }
  void finish_rows(Exchange exchange, distributed::RowExchange& rows, Real* array) {
    ExchangeScope timed = begin_exchange(exchange, ExchangeTimer::Part::finish);
    rows.finish(array);
  }

  Index sources() const { return s.owned_sources() + s.ghosts.ghost_sources; }
  StrengthVectors<Real> strengths() const {
    return {w.strengths.data(), sources(), pass.vectors, kind, kernel.components()};
  }
  /// Those in single precision for P2P with one float per coordinate, beside operators in double.
  StrengthVectors<float> near_strengths() const {
    return {w.near_strengths.data(), sources(), pass.vectors, kind, kernel.components()};
  }
  bool has_near_strengths() const {
    return std::is_same_v<Real, double> && s.leaf_frame_sources.form != NearForm::two_floats;
  }
  /// Numbers per source, and per target.
  int strength_columns() const { return strengths().layout().count() * pass.vectors; }
  int parts() const { return results.count(); }
  /// Columns per node in rows of multipoles and locals; and whether one is that of moments.
  int columns() const { return pass.vectors * columns_of(kernel); }
  bool moments() const { return has_moments(kernel); }
  /// Numbers per node in these rows.
  Index equivalent_width() const { return columns() * t().equivalent_size(); }
  const std::uint8_t* octants() const { return w.octants.data(); }

  void send_strengths_to_owners(const Strengths& from) {
    ExchangeScope timed = begin_exchange(Exchange::charges);
    const int columns = strength_columns();
    w.strengths.resize(static_cast<std::size_t>(columns * sources()));
    // Column: number of the source's strength times the vectors, plus the vector.
    const int components = kernel.components(),
              charge_columns = kind == SourceKind::dipoles ? 0 : components * pass.vectors;
    const auto of_pass = [this](std::span<const double> values) {
      return values.empty() ? nullptr : values.data() + pass.first;
    };
    s.source_exchange.send_columns_to_owners<Real>(
        columns,
        [charges = of_pass(from.charges), dipoles = of_pass(from.dipoles), charge_columns, components,
         vectors = pass.vectors, of = Index{pass.of}, units = charge_units,
         length = s.cube.unit](Index i, int c) {
          if (c < charge_columns)
            return static_cast<Real>(charges[(components * i + c / vectors) * of + c % vectors] /
                                     units[c % vectors]);
          const int axis = (c - charge_columns) / vectors, v = (c - charge_columns) % vectors;
          return static_cast<Real>(dipoles[(3 * i + axis) * of + v] / units[v] / length);
        },
        [to = w.strengths.data(), stride = sources()](Index i, int c, Real value) {
          to[c * stride + i] = value;
        });
    timed.count(s.source_exchange.outward().traffic(static_cast<std::size_t>(columns) * sizeof(Real)));
  }

  template <class Pointer>
  std::vector<Pointer> charge_columns() const {
    std::vector<Pointer> columns(static_cast<std::size_t>(strength_columns()));
    for (std::size_t c = 0; c < columns.size(); ++c)
      columns[c] = w.strengths.data() + static_cast<Index>(c) * sources();
    return columns;
  }
  void start_ghost_charges() {
    ExchangeScope timed = begin_exchange(Exchange::ghost_charges, ExchangeTimer::Part::start);
    const std::vector<const Real*> columns = charge_columns<const Real*>();
    s.ghosts.points.start_columns<Real>(columns);
    timed.count(s.ghosts.points.exchange().traffic(columns.size() * sizeof(Real)));
  }
  void finish_ghost_charges() {
    ExchangeScope timed = begin_exchange(Exchange::ghost_charges, ExchangeTimer::Part::finish);
    s.ghosts.points.finish_columns<Real>(charge_columns<Real*>());
  }

  /// Calls work(level, part) for the parts of `nodes`, ascending, that are of one level; once for all, with
  /// any level, if all levels have the same operators.
  template <class Work>
  void for_each_level(std::span<const NodeIndex> nodes, const Work& work) const {
    if (!operators.by_level()) return work(distributed::kFirstLevel, nodes);
    for (std::size_t level = distributed::kFirstLevel; !nodes.empty(); ++level) {
      const auto end = std::lower_bound(nodes.begin(), nodes.end(), s.tree.level_begin[level + 1]);
      const auto count = static_cast<std::size_t>(end - nodes.begin());
      if (count > 0) work(static_cast<int>(level), nodes.first(count));
      nodes = nodes.subspan(count);
    }
  }

  void upward() {
    // Of the nodes' level; all levels share it as they share operators.
    std::optional<NetCharge<Real>> net_charge;
    const auto net_charge_at = [&](int level, NodeIndex node) -> const NetCharge<Real>& {
      if (!net_charge || operators.by_level())
        net_charge.emplace(kernel, s.boxes[static_cast<std::size_t>(node)].half, t(level));
      return *net_charge;
    };
    const Index width = equivalent_width();
    // Ghosts that are in no list are never received, but M2L by FFT transforms whole families of siblings:
    // they must be zero.
    if (const std::size_t size = s.tree.keys.size() * static_cast<std::size_t>(width);
        w.multipoles.size() != size)
      zero(w.multipoles, size);
    {
      const PhaseScope timed = begin_phase(Phase::p2m);
      for_each_level(s.operator_nodes.source_leaves, [&](int level, std::span<const NodeIndex> leaves) {
        p2m(kernel, t(level), leaves, s.boxes.data(), s.sources_by_node(), strengths(), w.multipoles.data(),
            leaf_frame_points(), octants());
        if (kind != SourceKind::charges && !leaves.empty())
          net_charges_of_sources(net_charge_at(level, leaves.front()), leaves, s.boxes.data(),
                                 s.sources_by_node(), strengths(), w.multipoles.data());
      });
    }
    auto step = s.ancestors.steps.begin();
    for (int level = morton::kDepth - 1; level >= distributed::kFirstLevel; --level) {
      if (step != s.ancestors.steps.end() && step->child_level == level + 1) {
        start_rows(Exchange::ancestors, step->exchange, w.multipoles.data(), width);
        finish_rows(Exchange::ancestors, step->exchange, w.multipoles.data());
        ++step;
      }
      if (level >= static_cast<int>(s.operator_nodes.source_parents.size())) continue;
      const PhaseScope timed = begin_phase(Phase::m2m, static_cast<std::size_t>(level));
      const std::span<const NodeIndex> parents(
          s.operator_nodes.source_parents[static_cast<std::size_t>(level)]);
      m2m(t(level), parents, s.tree.children.data(), s.tree.has_source.data(), w.multipoles.data(),
          columns());
      if (kind != SourceKind::charges && !parents.empty())
        net_charges_of_children(net_charge_at(level, parents.front()), parents, s.tree.children.data(),
                                s.tree.has_source.data(), w.multipoles.data(), columns());
      if (moments()) moments_to_parents(parents, octants(), t().equivalent_size(), w.multipoles.data());
    }
  }

  // Ghost multipoles: those of coarse nodes by one collective, the others between start and finish.
  void start_multipoles() {
    {
      ExchangeScope timed = begin_exchange(Exchange::ghost_multipoles, ExchangeTimer::Part::start);
      if constexpr (std::is_same_v<Real, double>)
        if (s.ghosts.float_wire)
          s.ghosts.multipoles.start_float_wire(w.multipoles.data(), equivalent_width());
      if (!s.ghosts.float_wire) s.ghosts.multipoles.start(w.multipoles.data(), equivalent_width());
      timed.count(s.ghosts.multipoles.exchange().traffic(multipole_bytes()));
    }
    ExchangeScope timed = begin_exchange(Exchange::coarse_multipoles);
    if constexpr (std::is_same_v<Real, double>)
      if (s.ghosts.float_wire) s.ghosts.coarse.run_float_wire(w.multipoles.data(), equivalent_width());
    if (!s.ghosts.float_wire) s.ghosts.coarse.run(w.multipoles.data(), equivalent_width());
    timed.count(s.ghosts.coarse.exchange().traffic(multipole_bytes()));
  }
  void finish_multipoles() {
    ExchangeScope timed = begin_exchange(Exchange::ghost_multipoles, ExchangeTimer::Part::finish);
    if constexpr (std::is_same_v<Real, double>)
      if (s.ghosts.float_wire) s.ghosts.multipoles.finish_float_wire(w.multipoles.data());
    if (!s.ghosts.float_wire) s.ghosts.multipoles.finish(w.multipoles.data());
  }
  std::size_t multipole_bytes() const {
    return static_cast<std::size_t>(equivalent_width()) *
           (s.ghosts.float_wire ? sizeof(float) : sizeof(Real));
  }

  /// Calls sum(near), where `near` is a number in the precision of P2P.
  template <class Sum>
  void in_near_precision(const Sum& sum) {
    if (near_in_single)
      sum(float{});
    else
      sum(Real{});
  }

  void sum_near(std::span<const NodeIndex> leaves, const tree::NodeLists& p2p_lists,
                const std::function<void()>& poll = {}) {
    in_near_precision([&]<class Near>(Near) {
      p2p<Near>(kernel, leaves, view(p2p_lists), s.boxes.data(), s.targets_by_node(), s.sources_by_node(),
                strengths(), sums, poll);
    });
  }

  void sum_symmetric(const tree::NearPairs& pairs, const std::function<void()>& poll) {
    in_near_precision([&]<class Near>(Near) {
      const auto sum = [&](const auto& from) {
        p2p_symmetric<Near>(kernel, view_of(pairs), s.boxes.data(), s.sources_by_node(), from, sums, poll,
                            leaf_frame_points());
      };
      if constexpr (!std::is_same_v<Near, Real>)
        if (has_near_strengths()) return sum(near_strengths());
      sum(strengths());
    });
  }

  /// Rounds the strengths of the sources `first` to `end` - 1 for P2P, if it takes them in single precision.
  void round_strengths(Index first, Index end) {
    if (!has_near_strengths()) return;
    w.near_strengths.resize(w.strengths.size());
    for (int c = 0; c < strength_columns(); ++c) {
      const Real* const from = w.strengths.data() + c * sources();
      float* const to = w.near_strengths.data() + c * sources();
#pragma omp parallel for schedule(static)
      for (Index i = first; i < end; ++i) to[i] = static_cast<float>(from[i]);
    }
  }

  // P2P that does not wait for ghosts: interior leaves, or with symmetric pairs all pairs of this rank except
  // in rows that are summed as a whole and have a ghost. Polls MPI between leaves.
  void near_inside() {
    const PhaseScope timed = begin_phase(Phase::p2p, 0);
    const std::function<void()> poll =
        expects_messages() ? [this] { poll_messages(); } : std::function<void()>();
    if (!s.near_pairs) return sum_near(s.operator_nodes.interior_leaves, s.operator_lists.p2p, poll);
    round_strengths(0, s.owned_sources());
    sum_symmetric(*s.near_pairs, poll);
  }

  bool expects_messages() const {
    const auto any = [](const distributed::RowExchange& rows) {
      return rows.exchange().records_sent_away() + rows.exchange().records_from_elsewhere() > 0;
    };
    return any(s.ghosts.points) || any(s.ghosts.multipoles);
  }

  void poll_messages() {
    {
      ExchangeTimer timer(profile, Exchange::ghost_charges, ExchangeTimer::Part::progress);
      s.ghosts.points.progress();
    }
    poll_multipoles();
  }
  void poll_multipoles() {
    ExchangeTimer timer(profile, Exchange::ghost_multipoles, ExchangeTimer::Part::progress);
    s.ghosts.multipoles.progress();
  }

  void near_ghosts() {
    const PhaseScope timed = begin_phase(Phase::p2p, 1);
    const std::function<void()> poll =
        expects_messages() ? [this] { poll_multipoles(); } : std::function<void()>();
    if (!s.near_pairs) return sum_near(s.operator_nodes.boundary_leaves, s.operator_lists.p2p, poll);
    if (s.border.here.leaves.empty() && s.border.one_sided.items.empty()) return;
    round_strengths(s.owned_sources(), sources());
    sum_symmetric(s.border.here, poll);
    sum_near(s.operator_nodes.boundary_leaves, s.border.one_sided, poll);
  }

  bool shares_near_sums() const {
    return s.near_pairs && s.partition.ranks() > 1;
  }
  /// Columns of all parts for the exchange. Depends on `results`, not on `sums`, which are null on a rank
  /// without targets.
  template <class Pointer>
  std::vector<Pointer> summed() const {
    std::vector<Pointer> columns;
    for (int v = 0; v < pass.vectors; ++v)
      for (int part = 0; part < parts(); ++part)
        columns.push_back(w.sums[static_cast<std::size_t>(part)].data() + v * sums.stride);
    return columns;
  }

  // Sends this rank's sums for ghosts to their owners during the downward pass.
  void start_near_sums() {
    if (!shares_near_sums()) return;
    ExchangeScope timed = begin_exchange(Exchange::near_sums, ExchangeTimer::Part::start);
    const std::vector<const double*> columns = summed<const double*>();
    s.near_sums.start_columns<double>(columns);
    timed.count(s.near_sums.exchange().traffic(columns.size() * sizeof(double)));
  }
  void poll_near_sums() {
    if (!shares_near_sums()) return;
    ExchangeTimer timer(profile, Exchange::near_sums, ExchangeTimer::Part::progress);
    s.near_sums.progress();
  }
  void finish_near_sums() {
    if (!shares_near_sums()) return;
    ExchangeScope timed = begin_exchange(Exchange::near_sums, ExchangeTimer::Part::finish);
    s.near_sums.add_columns<double>(summed<double*>());
  }

  // For each level: check potentials from V and X, then locals, then the parents' locals (L2L).
  void downward() {
    const std::size_t check_width = static_cast<std::size_t>(columns() * t().downward_check_size());
    zero(w.locals, s.tree.keys.size() * static_cast<std::size_t>(equivalent_width()));
    std::optional<ConstantField<Real>> constant;
    const bool composed = kernel.components() > 1;
    if (composed) constant.emplace(t());
    for (std::size_t level = distributed::kFirstLevel; level < s.operator_nodes.target_nodes.size();
         ++level) {
      const OperatorSet<Real>& of_level = operators.level(static_cast<int>(level));
      const Translations<Real>& t_level = of_level.translations;
      const NodeIndex first = s.tree.level_begin[level];
      zero(w.checks, static_cast<std::size_t>(s.tree.level_begin[level + 1] - first) * check_width);
      const CheckRows<Real> checks(w.checks.data(), first);
      const std::span<const NodeIndex> nodes(s.operator_nodes.target_nodes[level]);
      {
        const PhaseScope timed = begin_phase(Phase::m2l, level);
        if (of_level.m2l_by_fft() && of_level.m2l_in_single_alone())
          m2l_fft(of_level.fft_single, t_level, s.m2l[level], w.multipoles.data(), checks, w.m2l_single,
                  columns(), moments());
        else if (of_level.m2l_by_fft())
          m2l_fft(of_level.fft, t_level, s.m2l[level], w.multipoles.data(), checks, w.m2l, columns(),
                  moments());
        else
          m2l_svd(of_level.svd, t_level, nodes, view(s.lists.v), s.boxes.data(), w.multipoles.data(), checks,
                  columns(), moments() ? octants() : nullptr);
      }
      {
        const PhaseScope timed = begin_phase(Phase::p2l, level);
        p2l(kernel, t_level, std::span<const NodeIndex>(s.operator_nodes.x_nodes[level]),
            view(s.operator_lists.p2l), s.boxes.data(), s.sources_by_node(), strengths(), checks, octants());
      }
      poll_near_sums();
      const PhaseScope timed = begin_phase(Phase::l2l, level);
      if (composed) remove_means<Real>(kernel, nodes, t_level.downward_check_size(), checks);
      check_to_local(t_level, nodes, {w.checks.data(), first}, w.locals.data(), columns());
      if (level == distributed::kFirstLevel) continue;
      const std::span<const NodeIndex> parents(s.operator_nodes.target_parents[level - 1]);
      if (composed) prepare_for_children(kernel, *constant, parents, octants(), w.locals.data());
      l2l(t_level, parents, s.tree.children.data(), s.tree.has_target.data(), w.locals.data(), columns());
    }
  }

  void to_targets() {
    {
      const PhaseScope timed = begin_phase(Phase::l2p);
      l2p(kernel, t(), std::span<const NodeIndex>(s.operator_nodes.target_ends), s.boxes.data(),
          s.targets_by_node(), w.locals.data(), sums, leaf_frame_points(), octants());
    }
    const PhaseScope timed = begin_phase(Phase::m2p);
    m2p(kernel, t(), std::span<const NodeIndex>(s.operator_nodes.w_leaves), view(s.operator_lists.m2p),
        s.boxes.data(), s.targets_by_node(), w.multipoles.data(), sums, octants());
  }

  void return_results(Field& field) {
    const int gradient = results.first_of_gradient();
    if (results.components > 1) {
      if (results.pressure)
        return_with_pressure(field);
      else
        return_parts<3>(Exchange::potential, 0, field.potential);
      if (results.order >= 1) return_parts<9>(Exchange::gradient, gradient, field.gradient);
      return;
    }
    return_parts<1>(Exchange::potential, 0, field.potential);
    if (results.order >= 1) return_parts<3>(Exchange::gradient, gradient, field.gradient);
    if (results.order >= 2) return_parts<6>(Exchange::hessian, first_part(2), field.hessian);
  }

  /// Returns three results and the pressure by one exchange.
  void return_with_pressure(Field& field) {
    ExchangeScope timed = begin_exchange(Exchange::potential);
    distributed::PointExchange& points = s.results_exchange();
    constexpr int kCount = 4;
    const std::vector<double> of_values = units_of_sums(units[0]),
                              of_pressure = units_of_sums(kernel.pressure_factor() * units[1]);
    const auto at = [](std::vector<double>& values, int vector) {
      return values.empty() ? nullptr : values.data() + vector;
    };
    points.send_columns_to_callers<double>(
        kCount * pass.vectors,
        [&](Index i, int column) {
          const auto v = static_cast<std::size_t>(column / kCount),
                     c = static_cast<std::size_t>(column % kCount);
          return (c < 3 ? of_values : of_pressure)[v] *
                 w.sums[c][v * static_cast<std::size_t>(sums.stride) + static_cast<std::size_t>(i)];
        },
        [values = at(field.potential, pass.first), pressure = at(field.pressure, pass.first),
         of = Index{pass.of}](Index i, int column, double value) {
          const Index v = column / kCount, c = column % kCount;
          (c < 3 ? values[(3 * i + c) * of + v] : pressure[i * of + v]) = value;
        });
    timed.count(points.homeward().traffic(kCount * of_values.size() * sizeof(double)));
  }

  /// Returns Count parts from `first` on, of one order of derivatives, to the callers' array (targets, Count,
  /// vectors).
  template <int Count>
  void return_parts(Exchange exchange, int first, std::vector<double>& values) {
    ExchangeScope timed = begin_exchange(exchange);
    distributed::PointExchange& points = s.results_exchange();
    const std::vector<double> factors =
        units_of_sums(units[static_cast<std::size_t>(results.order_of(first))]);
    std::array<const double*, Count> from;
    for (std::size_t c = 0; c < Count; ++c) from[c] = w.sums[static_cast<std::size_t>(first) + c].data();
    if (Count > 1 && pass.of == 1)
      points.send_to_callers(
          [from, factor = factors[0]](Index i) {
            std::array<double, Count> record;
            for (std::size_t c = 0; c < Count; ++c) record[c] = factor * from[c][i];
            return record;
          },
          [to = values.data()](Index i, const std::array<double, Count>& record) {
            std::copy_n(record.begin(), Count, to + Count * i);
          });
    else
      points.send_columns_to_callers<double>(
          Count * pass.vectors,
          [from, stride = sums.stride, factor = factors.data()](Index i, int column) {
            const int v = column / Count;
            return factor[v] * from[static_cast<std::size_t>(column % Count)][v * stride + i];
          },
          [to = values.empty() ? nullptr : values.data() + pass.first, of = Index{pass.of}](
              Index i, int column, double value) {
            to[(Count * i + column % Count) * of + column / Count] = value;
          });
    timed.count(points.homeward().traffic(Count * factors.size() * sizeof(double)));
  }

  /// The units of the vectors' sums in the caller's units.
  std::vector<double> units_of_sums(double unit) const {
    std::vector<double> of_vectors(charge_units, charge_units + pass.vectors);
    for (double& of_vector : of_vectors) of_vector *= unit;
    return of_vectors;
  }
};

}  // namespace

CallerStrengths agree_on_strengths(const mpi::Comm& comm, const PointSetup* setup,
                                   const Parameters& parameters, const Strengths& strengths, Output output) {
  comm.enter("input");
  constexpr std::array calls = {Call::evaluate_potential, Call::evaluate_gradient, Call::evaluate_hessian,
                                Call::evaluate_pressure};
  const int vectors = strengths.vectors;
  const bool sources = setup && setup->source_exchange.caller_count() > 0;
  const double length = setup ? setup->cube.unit : 1;
  // One reduction for everything that ranks must agree on; details are checked only if something is wrong.
  const ValueCheck charges = check_values(strengths.charges), dipoles = check_values(strengths.dipoles);
  const CallFacts all = agree_on_call(comm, calls[static_cast<std::size_t>(output)],
                                      {.wrong = has_wrong_length(setup, parameters.components, strengths),
                                       .not_finite = !charges.finite || !dipoles.finite,
                                       .charges = !strengths.charges.empty(),
                                       .dipoles = !strengths.dipoles.empty(),
                                       .no_charges = sources && strengths.charges.empty(),
                                       .no_dipoles = sources && strengths.dipoles.empty(),
                                       .largest = std::max(charges.largest, dipoles.largest / length),
                                       .vectors = vectors});
  if (all.wrong) mpi::collectively(comm, [&] { check_length(setup, parameters, strengths); });
  check_output<AgreedError>(*kernel_type(parameters.kernel), output);
  const auto require_everywhere = [](bool some, bool not_all, const char* what) {
    if (some && not_all)
      throw AgreedError(fmt::format("{}: some ranks pass them, and others with sources do not", what),
                        "pass the same kinds of strengths on every rank");
  };
  require_everywhere(all.charges, all.no_charges, "charges");
  require_everywhere(all.dipoles, all.no_dipoles, "dipoles");
  if (all.not_finite) {
    refuse_not_finite(comm, strengths.charges, parameters.components * Index{vectors}, "charges");
    refuse_not_finite(comm, strengths.dipoles, 3 * Index{vectors}, "dipoles");
  }
  CallerStrengths agreed{strengths,
                         !all.dipoles  ? SourceKind::charges
                         : all.charges ? SourceKind::charges_and_dipoles
                                       : SourceKind::dipoles,
                         std::vector<double>(static_cast<std::size_t>(vectors), 1.0), 1};
  if (!parameters.any_in_single()) return agreed;
  if (vectors == 1) {
    agreed.units = {charge_unit(all.largest)};
  } else {
    std::vector<double> largest(static_cast<std::size_t>(vectors), 0.0);
    raise_to_largest(strengths.charges, 1, largest);
    raise_to_largest(strengths.dipoles, 1 / length, largest);
    comm.allreduce(std::span<double>(largest), MPI_MAX);
    std::transform(largest.begin(), largest.end(), agreed.units.begin(), charge_unit);
    ++agreed.reductions;
  }
  return agreed;
}

namespace {

/// Evaluates the vectors of one pass.
template <class Real>
void run_pass(Evaluation<Real>& e, const Strengths& strengths, Field& field) {
  const auto summed = static_cast<std::size_t>(e.pass.vectors * e.s.summed_points());
  auto& sums = e.w.sums;
  for (int part = 0; part < e.parts(); ++part) zero(sums[static_cast<std::size_t>(part)], summed);
  e.sums = {{{}, e.results}, e.s.summed_points(), e.pass.vectors};
  for (std::size_t part = 0; part < static_cast<std::size_t>(e.parts()); ++part)
    e.sums.results.parts[part] = sums[part].data();
  e.send_strengths_to_owners(strengths);  // step 2 of docs/developers/architecture.md
  e.start_ghost_charges();
  e.upward();            // 3
  e.start_multipoles();  // 4
  e.near_inside();
  e.finish_ghost_charges();
  e.near_ghosts();
  e.start_near_sums();
  e.finish_multipoles();
  e.downward();    // 5
  e.to_targets();  // 6
  e.finish_near_sums();
  e.return_results(field);
}

}  // namespace

template <class Real>
void evaluate(const mpi::Comm& comm, const AnyKernel& kernel, const LevelOperators<Real>& operators,
              PointSetup& setup, Precision near, Workspace<Real>& workspace, const CallerStrengths& strengths,
              Output output, Field& field, Profile& profile, WorkObserver* observer) {
  profile = {};
  const double start = seconds_now();
  const ResultLayout layout = layout_of(kernel, output);
  const int all_vectors = strengths.values.vectors;
  const auto results = static_cast<std::size_t>(setup.results_exchange().caller_count() * all_vectors),
             components = static_cast<std::size_t>(layout.components);
  field.vectors = all_vectors;
  field.components = layout.components;
  field.potential.resize(components * results);
  field.gradient.resize(layout.order >= 1 ? 3 * components * results : 0);
  field.hessian.resize(layout.order >= 2 ? 6 * results : 0);
  field.pressure.resize(layout.pressure ? results : 0);
  const AnyKernel scaled = kernel.in_units_of(setup.cube.unit);
  const int exponent = std::ilogb(setup.cube.unit), passes = passes_of(all_vectors, kernel.components());
  if (kernel.components() > 1 && workspace.octants.size() != setup.tree.keys.size()) {
    workspace.octants.resize(setup.tree.keys.size());
    std::transform(setup.tree.keys.begin(), setup.tree.keys.end(), workspace.octants.begin(),
                   [](const tree::NodeKey& key) { return static_cast<std::uint8_t>(key.octant()); });
  }
  std::array<double, 3> units{};
  for (int k = 0; k < 3; ++k)
    units[static_cast<std::size_t>(k)] = std::ldexp(1.0, (kernel.homogeneity() - k) * exponent);
  for (int pass = 0; pass < passes; ++pass) {
    // The first passes are the largest: no array grows from one to the next.
    const int each = all_vectors / passes, more = all_vectors % passes;
    const int first = pass * each + std::min(pass, more), vectors = each + (pass < more ? 1 : 0);
    Evaluation<Real> e{comm,
                       scaled,
                       operators,
                       setup,
                       near == Precision::single_precision,
                       workspace,
                       profile,
                       observer,
                       {first, vectors, all_vectors},
                       strengths.kind,
                       strengths.units.data() + first,
                       units,
                       layout,
                       {}};
    run_pass(e, strengths.values, field);
  }
  profile.total_seconds = seconds_now() - start;
}

template void evaluate(const mpi::Comm&, const AnyKernel&, const LevelOperators<float>&, PointSetup&,
                       Precision, Workspace<float>&, const CallerStrengths&, Output, Field&, Profile&,
                       WorkObserver*);
template void evaluate(const mpi::Comm&, const AnyKernel&, const LevelOperators<double>&, PointSetup&,
                       Precision, Workspace<double>&, const CallerStrengths&, Output, Field&, Profile&,
                       WorkObserver*);

}  // namespace octopole

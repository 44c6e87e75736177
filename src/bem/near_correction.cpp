#include "bem/near_correction.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/aligned.hpp"
#include "base/threads.hpp"
#include "bem/box_tree.hpp"
#include "bem/panel_integrals.hpp"
#include "bem/panels.hpp"
#include "distributed/index_map.hpp"
#include "io/points_file.hpp"
#include "kernels/pair_loop.hpp"
#include "mpi/agreement.hpp"
#include "mpi/comm.hpp"
#include "octopole/kernels.hpp"

namespace octopole::bem {
namespace {

// ---- the panels that a rank needs for its near pairs: its own and those of other ranks.

/// Panels as columns, in global row order; this rank's own are consecutive.
struct Columns {
  Index own_begin = 0;
  std::vector<Index> row;          // (columns) global row
  AlignedVector<double> corners;   // (columns, 3, 3)
  AlignedVector<double> centroid;  // (columns, 3)
  AlignedVector<double> radius2;   // (columns) square of the distance within which a panel is near

  Index count() const { return static_cast<Index>(row.size()); }
  /// Whether panel `source` is near the centroid of `target`.
  bool near(Index target, Index source) const {
    const double* t = centroid.data() + 3 * target;
    const double* s = centroid.data() + 3 * source;
    const double x = t[0] - s[0], y = t[1] - s[1], z = t[2] - s[2];
    return x * x + y * y + z * z < radius2[static_cast<std::size_t>(source)];
  }
};

/// Near pairs by own panel: the columns near panel i are columns[begin[i]] .. columns[begin[i + 1] - 1],
/// ascending.
struct NearPattern {
  AlignedVector<Index> begin;  // (n + 1)
  AlignedVector<std::int32_t> columns;
};

/// A panel sent to a rank where it may be in a near pair.
struct SentPanel {
  double corners[9];
  Index row;
};

double near_radius(const double* panel, double multiple) {
  return multiple * panel_diameter(panel);
}

/// Blocks of consecutive panels of a rank: boxes of their centroids, and boxes of the balls within which they
/// are near.
struct Blocks {
  std::vector<RowBlock> panels;
  std::vector<Box> centres, reach;
};

Blocks make_blocks(const Panels& panels, double multiple, int ranks) {
  constexpr Index kMost = 64, kInAll = Index{1} << 16;  // every rank holds the boxes of all ranks
  const int blocks = static_cast<int>(std::clamp<Index>(kInAll / ranks, 1, kMost));
  Blocks result;
  for (int b = 0; b < blocks; ++b) {
    const RowBlock rows = block_of(panels.count(), b, blocks);
    Box centres, reach;
    for (Index i = rows.first; i < rows.first + rows.count; ++i) {
      const std::array<double, 3> c = panel_centroid(panels.panel(i));
      centres.include(c.data(), 0);
      reach.include(c.data(), near_radius(panels.panel(i), multiple));
    }
    result.panels.push_back(rows);
    result.centres.push_back(centres);
    result.reach.push_back(reach);
  }
  return result;
}

/// Own panels that may be near centroids in the boxes `centres` of another rank, ascending.
std::vector<Index> panels_for(const Panels& panels, const Blocks& mine, double multiple,
                              std::span<const Box> centres) {
  std::vector<Index> wanted;
  for (std::size_t b = 0; b < mine.panels.size(); ++b) {
    std::vector<const Box*> reached;
    for (const Box& box : centres)
      if (mine.reach[b].meets(box)) reached.push_back(&box);
    if (reached.empty()) continue;
    const RowBlock rows = mine.panels[b];
    for (Index i = rows.first; i < rows.first + rows.count; ++i) {
      Box ball;
      ball.include(panel_centroid(panels.panel(i)).data(), near_radius(panels.panel(i), multiple));
      if (std::any_of(reached.begin(), reached.end(), [&](const Box* box) { return ball.meets(*box); }))
        wanted.push_back(i);
    }
  }
  return wanted;
}

void append(Columns& columns, const double* corners, Index row, double multiple) {
  columns.row.push_back(row);
  columns.corners.insert(columns.corners.end(), corners, corners + 9);
  const std::array<double, 3> centre = panel_centroid(corners);
  columns.centroid.insert(columns.centroid.end(), centre.begin(), centre.end());
  const double radius = near_radius(corners, multiple);
  columns.radius2.push_back(radius * radius);
}

/// Gathers this rank's panels and all panels of other ranks that may be near one of them. Collective.
Columns gather_columns(const mpi::Comm& comm, const Panels& panels, double multiple) {
  const Blocks mine = make_blocks(panels, multiple, comm.size());
  const std::vector<Box> centres = comm.gather_all<Box>(mine.centres);
  const std::size_t a_rank = mine.centres.size();

  distributed::ByRank<SentPanel> send(comm.size());
  for (int rank = 0; rank < comm.size(); ++rank) {
    if (rank == comm.rank()) continue;
    const std::span<const Box> theirs(centres.data() + static_cast<std::size_t>(rank) * a_rank, a_rank);
    for (const Index i : panels_for(panels, mine, multiple, theirs)) {
      SentPanel record;
      std::copy_n(panels.panel(i), 9, record.corners);
      record.row = panels.first + i;
      send.add(rank, record);
    }
  }
  const std::vector<SentPanel> others = distributed::all_to_all(comm, send).values;

  Columns columns;  // in rank order, hence in row order
  const auto all = others.size() + static_cast<std::size_t>(panels.count());
  columns.row.reserve(all);
  columns.corners.reserve(9 * all);
  columns.centroid.reserve(3 * all);
  columns.radius2.reserve(all);
  std::size_t next = 0;
  for (; next < others.size() && others[next].row < panels.first; ++next)
    append(columns, others[next].corners, others[next].row, multiple);
  columns.own_begin = columns.count();
  for (Index i = 0; i < panels.count(); ++i) append(columns, panels.panel(i), panels.first + i, multiple);
  for (; next < others.size(); ++next) append(columns, others[next].corners, others[next].row, multiple);
  return columns;
}

/// New numbers of the columns, ascending: own columns and those in a pair are kept, others get -1.
std::vector<std::int32_t> renumber(const Columns& columns, Index count, const NearPattern& pattern) {
  std::vector<std::int32_t> number(static_cast<std::size_t>(columns.count()), -1);
  for (const std::int32_t c : pattern.columns) number[static_cast<std::size_t>(c)] = 0;
  std::fill_n(number.begin() + columns.own_begin, count, 0);
  std::int32_t next = 0;
  for (std::int32_t& n : number)
    if (n == 0) n = next++;
  return number;
}

void drop_unused(Columns& columns, const std::vector<std::int32_t>& number) {
  Index kept = 0;
  for (Index c = 0; c < columns.count(); ++c) {
    if (number[static_cast<std::size_t>(c)] < 0) continue;
    columns.row[static_cast<std::size_t>(kept)] = columns.row[static_cast<std::size_t>(c)];
    std::copy_n(columns.corners.begin() + 9 * c, 9, columns.corners.begin() + 9 * kept);
    std::copy_n(columns.centroid.begin() + 3 * c, 3, columns.centroid.begin() + 3 * kept);
    columns.radius2[static_cast<std::size_t>(kept)] = columns.radius2[static_cast<std::size_t>(c)];
    ++kept;
  }
  const auto size = static_cast<std::size_t>(kept);
  columns.row.resize(size);
  columns.corners.resize(9 * size);
  columns.centroid.resize(3 * size);
  columns.radius2.resize(size);
}

/// Finds the near pairs of this rank's `count` panels, and drops other ranks' columns that are in no pair.
/// Threaded.
NearPattern find_near(Columns& columns, Index count) {
  checked_cast<std::int32_t>(columns.count(), "number of panels on a rank and near it");
  const BoxTree tree(columns.count(), [&](Index c) {
    Box box;
    // Slightly enlarged, so that rounding loses no pair.
    box.include(columns.centroid.data() + 3 * c,
                std::sqrt(columns.radius2[static_cast<std::size_t>(c)]) * (1 + 1e-12));
    return box;
  });

  NearPattern pattern;
  pattern.begin.resize(static_cast<std::size_t>(count) + 1);
  pattern.begin[0] = 0;
  std::vector<std::vector<std::int32_t>> found(static_cast<std::size_t>(max_threads()));
  ThreadErrors errors;
#pragma omp parallel for schedule(static)
  for (Index i = 0; i < count; ++i)
    errors.keep([&] {
      std::vector<std::int32_t>& mine = found[static_cast<std::size_t>(thread_number())];
      const Index target = columns.own_begin + i;
      const double* point = columns.centroid.data() + 3 * target;
      const std::size_t before = mine.size();
      tree.search([point](const Box& box) { return box.holds(point); },
                  [&](Index c) {
                    if (columns.near(target, c)) mine.push_back(static_cast<std::int32_t>(c));
                  });
      pattern.begin[static_cast<std::size_t>(i) + 1] = static_cast<Index>(mine.size() - before);
    });
  errors.rethrow();
  for (Index i = 0; i < count; ++i)
    pattern.begin[static_cast<std::size_t>(i) + 1] += pattern.begin[static_cast<std::size_t>(i)];
  pattern.columns.reserve(static_cast<std::size_t>(pattern.begin.back()));
  for (std::vector<std::int32_t>& part : found) {  // threads have ascending ranges of rows
    pattern.columns.insert(pattern.columns.end(), part.begin(), part.end());
    release(part);
  }

  const std::vector<std::int32_t> number = renumber(columns, count, pattern);
#pragma omp parallel for schedule(static)
  for (std::int32_t& column : pattern.columns) column = number[static_cast<std::size_t>(column)];
  const Index own_begin = count > 0 ? number[static_cast<std::size_t>(columns.own_begin)] : 0;
  drop_unused(columns, number);
  columns.own_begin = own_begin;
  return pattern;
}

// ---- the correction.

/// The entry P_ij in closed form.
double exact_entry(const double* point, const double* panel) {
  return Laplace::constant * triangle_integral(panel, point) / panel_area(panel);
}

/// The FMM's contribution to the entry by quadrature: coincident points contribute nothing.
double quadrature_entry(const double* point, const double* panel, const TriangleRule& rule) {
  double sum = 0;
  for (const RulePoint& k : rule.points) {
    const std::array<double, 3> y = rule_point(k, panel);
    const double dx = point[0] - y[0], dy = point[1] - y[1], dz = point[2] - y[2];
    const double r2 = dx * dx + dy * dy + dz * dz;
    if (r2 > 0) sum += k.weight / std::sqrt(r2);
  }
  return Laplace::constant * sum;
}

/// Columns of other ranks' panels by owner, and this rank's panels that are columns of others.
distributed::IndexMap<> map_columns(const mpi::Comm& comm, const Columns& columns, const Panels& panels) {
  distributed::ByRank<Index> used(comm.size());
  for (Index column = 0; column < columns.count(); ++column) {
    const Index row = columns.row[static_cast<std::size_t>(column)];
    if (row >= panels.first && row < panels.first + panels.count()) continue;
    used.add(block_owner(row, panels.total, comm.size()), column);
  }
  return {comm, std::move(used), [&](Index column) { return columns.row[static_cast<std::size_t>(column)]; },
          [&](Index row) noexcept { return row - panels.first; }};
}

/// Throws AgreedError unless all ranks have the same, valid rule. Collective.
void agree_on_rule(const mpi::Comm& comm, const NearRule& rule) {
  const std::array<mpi::NamedValue, 3> values = {
      mpi::NamedValue{"points per panel", std::to_string(rule.points)},
      mpi::NamedValue{"diameters within which panels are near", fmt::format("{}", rule.multiple)},
      mpi::NamedValue{"corrections in double", rule.in_double ? "true" : "false"}};
  mpi::require_equal(comm, values, "pass the same rule on every rank");
  mpi::collectively(comm, [&] {
    if (!(rule.multiple >= 1) || !std::isfinite(rule.multiple))
      throw Error("panels are near up to " + std::to_string(rule.multiple) + " diameters",
                  "choose 1 or more, so that a panel is near itself");
    rule.rule();
  });
}

}  // namespace

struct NearCorrection::State {
  explicit State(const mpi::Comm& c) : comm(c) {}

  mpi::Comm comm;
  NearRule rule;
  TriangleRule points;
  Index rows = 0;
  Columns columns;
  NearPattern pattern;
  AlignedVector<float> in_single;  // values of the pattern; one of the two is empty
  AlignedVector<double> in_double;
  distributed::RowExchange to_columns, to_panels;  // charges of panels to columns, and back
  AlignedVector<double> charges;                   // (columns)

  template <class Real>
  void integrate(AlignedVector<Real>& values);
  template <class Real>
  void apply(const AlignedVector<Real>& values, double* potential) const;
  template <class Real>
  void apply_transposed(const AlignedVector<Real>& values, const double* x, double* sums) const;

  double entry(Index target, Index source) const {
    const double* point = columns.centroid.data() + 3 * target;
    const double* panel = columns.corners.data() + 9 * source;
    return columns.near(target, source) ? exact_entry(point, panel) : quadrature_entry(point, panel, points);
  }
  void check_size(std::size_t size, const char* what) const {
    if (static_cast<Index>(size) != rows)
      throw Error("NearCorrection: " + std::to_string(size) + ' ' + what + " for " + std::to_string(rows) +
                  " panels");
  }
  void fill_far(std::span<const std::int32_t> of_rows, std::span<const std::int32_t> of_columns,
                double* values) const;
  void fill_near(std::span<const std::int32_t> of_rows, std::span<const std::int32_t> of_columns,
                 double* values) const;
  double correction(Index e) const {
    const auto place = static_cast<std::size_t>(e);
    return rule.in_double ? in_double[place] : static_cast<double>(in_single[place]);
  }
  Index first(Index row) const { return pattern.begin[static_cast<std::size_t>(row)]; }
};

template <class Real>
void NearCorrection::State::integrate(AlignedVector<Real>& values) {
  values.resize(pattern.columns.size());
#pragma omp parallel for schedule(static)
  for (Index i = 0; i < rows; ++i) {
    const double* point = columns.centroid.data() + 3 * (columns.own_begin + i);
    for (Index e = first(i); e < first(i + 1); ++e) {
      const double* panel = columns.corners.data() + 9 * Index{pattern.columns[static_cast<std::size_t>(e)]};
      values[static_cast<std::size_t>(e)] =
          static_cast<Real>(exact_entry(point, panel) - quadrature_entry(point, panel, points));
    }
  }
}

template <class Real>
void NearCorrection::State::apply(const AlignedVector<Real>& values, double* potential) const {
#pragma omp parallel for schedule(static)
  for (Index i = 0; i < rows; ++i) {
    double sum = 0;
    for (Index e = first(i); e < first(i + 1); ++e)
      sum += static_cast<double>(values[static_cast<std::size_t>(e)]) *
             charges[static_cast<std::size_t>(pattern.columns[static_cast<std::size_t>(e)])];
    potential[i] += sum;
  }
}

template <class Real>
void NearCorrection::State::apply_transposed(const AlignedVector<Real>& values, const double* x,
                                             double* sums) const {
  // The rows of a thread reach only a nearly consecutive range of columns, summed per thread.
  struct Part {
    Index first = 0;
    std::vector<double> sums;
  };
  std::vector<Part> parts(static_cast<std::size_t>(max_threads()));
  ThreadErrors errors;
#pragma omp parallel
  errors.keep([&] {
    Part& part = parts[static_cast<std::size_t>(thread_number())];
    const RowBlock mine = block_of(rows, thread_number(), team_size());
    Index low = columns.count(), high = 0;
    for (Index i = mine.first; i < mine.first + mine.count; ++i) {
      if (first(i) == first(i + 1)) continue;
      low = std::min<Index>(low, pattern.columns[static_cast<std::size_t>(first(i))]);
      high = std::max<Index>(high, pattern.columns[static_cast<std::size_t>(first(i + 1) - 1)] + 1);
    }
    part.first = low;
    part.sums.assign(static_cast<std::size_t>(std::max<Index>(0, high - low)), 0);
    for (Index i = mine.first; i < mine.first + mine.count; ++i)
      for (Index e = first(i); e < first(i + 1); ++e)
        part.sums[static_cast<std::size_t>(pattern.columns[static_cast<std::size_t>(e)] - low)] +=
            static_cast<double>(values[static_cast<std::size_t>(e)]) * x[i];
  });
  errors.rethrow();
  std::fill_n(sums, columns.count(), 0.0);
  for (const Part& part : parts)
    for (std::size_t c = 0; c < part.sums.size(); ++c)
      sums[static_cast<std::size_t>(part.first) + c] += part.sums[c];
}

/// Fills the block as if all pairs were far, with point charges at the centroids.
void NearCorrection::State::fill_far(std::span<const std::int32_t> of_rows,
                                     std::span<const std::int32_t> of_columns, double* values) const {
  const std::size_t n = of_rows.size();
  AlignedVector<double> places(3 * n);
  double *const x = places.data(), *const y = x + n, *const z = y + n;
  for (std::size_t i = 0; i < n; ++i) {
    const double* point = columns.centroid.data() + 3 * Index{of_rows[i]};
    x[i] = point[0];
    y[i] = point[1];
    z[i] = point[2];
  }
  const TargetArrays<double> targets{x, y, z, static_cast<Index>(n)};
  std::fill_n(values, n * of_columns.size(), 0.0);
  for (const std::int32_t column : of_columns) {
    const double* at = columns.centroid.data() + 3 * Index{column};
    pair_potential(Laplace{}, targets, SourceArrays<double>{at, at + 1, at + 2, &Laplace::constant, 1},
                   values);
    values += n;
  }
}

/// Sets the near entries: own rows use the stored columns and corrections; for others both are recomputed.
void NearCorrection::State::fill_near(std::span<const std::int32_t> of_rows,
                                      std::span<const std::int32_t> of_columns, double* values) const {
  std::vector<std::pair<std::int32_t, std::size_t>> wanted;  // columns and their positions, ascending
  for (std::size_t j = 0; j < of_columns.size(); ++j) wanted.emplace_back(of_columns[j], j);
  std::sort(wanted.begin(), wanted.end());
  for (std::size_t i = 0; i < of_rows.size(); ++i) {
    const auto set = [&](std::size_t j, double value) { values[j * of_rows.size() + i] = value; };
    const Index row = of_rows[i] - columns.own_begin;
    if (row < 0 || row >= rows) {
      for (const auto& [column, place] : wanted)
        if (columns.near(of_rows[i], column)) set(place, entry(of_rows[i], column));
      continue;
    }
    const double* point = columns.centroid.data() + 3 * Index{of_rows[i]};
    auto at = wanted.begin();
    for (Index e = first(row); e < first(row + 1) && at != wanted.end(); ++e) {
      const std::int32_t column = pattern.columns[static_cast<std::size_t>(e)];
      at = std::lower_bound(at, wanted.end(), std::pair(column, std::size_t{0}));
      if (at == wanted.end() || at->first != column) continue;
      const double* panel = columns.corners.data() + 9 * Index{column};
      set(at->second, correction(e) + quadrature_entry(point, panel, points));
    }
  }
}

NearCorrection::NearCorrection(const mpi::Comm& comm, const Panels& panels, const NearRule& rule,
                               mpi::Transport transport)
    : state_(std::make_unique<State>(comm)) {
  mpi::or_end_all(comm, "a NearCorrection", [&] {
    comm.enter("near panels");
    agree_on_rule(comm, rule);
    State& s = *state_;
    s.rule = rule;
    s.points = rule.rule();
    s.rows = panels.count();
    s.columns = gather_columns(comm, panels, rule.multiple);
    mpi::collectively(comm, [&] {
      s.pattern = find_near(s.columns, s.rows);
      if (rule.in_double)
        s.integrate(s.in_double);
      else
        s.integrate(s.in_single);
    });
    const distributed::IndexMap<> map = map_columns(comm, s.columns, panels);
    s.to_columns = distributed::to_users(comm, transport, map);
    s.to_panels = distributed::to_owners(comm, transport, map);
    s.charges.assign(static_cast<std::size_t>(s.columns.count()), 0);
  });
}

NearCorrection::~NearCorrection() = default;
NearCorrection::NearCorrection(NearCorrection&&) noexcept = default;
NearCorrection& NearCorrection::operator=(NearCorrection&&) noexcept = default;

void NearCorrection::start(std::span<const double> charges) {
  State& s = *state_;
  mpi::or_end_all(s.comm, "the near correction", [&] {
    s.check_size(charges.size(), "charges");
    std::copy(charges.begin(), charges.end(), s.charges.begin() + s.columns.own_begin);
    s.to_columns.start(charges.data(), 1);
  });
}

void NearCorrection::add(std::span<double> potential) {
  State& s = *state_;
  mpi::or_end_all(s.comm, "the near correction", [&] {
    s.to_columns.finish(s.charges.data());
    s.check_size(potential.size(), "potentials");
    if (s.rule.in_double)
      s.apply(s.in_double, potential.data());
    else
      s.apply(s.in_single, potential.data());
  });
}

void NearCorrection::add_transposed(std::span<const double> values, std::span<double> result) {
  State& s = *state_;
  mpi::or_end_all(s.comm, "the near correction", [&] {
    s.check_size(values.size(), "values");
    s.check_size(result.size(), "results");
    AlignedVector<double> sums(s.charges.size());
    if (s.rule.in_double)
      s.apply_transposed(s.in_double, values.data(), sums.data());
    else
      s.apply_transposed(s.in_single, values.data(), sums.data());
    const double* const from = sums.data();
    s.to_panels.start_columns<double>({&from, 1});
    for (std::size_t i = 0; i < result.size(); ++i)
      result[i] += sums[static_cast<std::size_t>(s.columns.own_begin) + i];
    double* const to = result.data();
    s.to_panels.add_columns<double>({&to, 1});
  });
}

std::vector<double> NearCorrection::diagonal() const {
  std::vector<double> result(static_cast<std::size_t>(state_->rows));
#pragma omp parallel for schedule(static)
  for (Index i = 0; i < state_->rows; ++i)
    result[static_cast<std::size_t>(i)] = entry(own_begin() + i, own_begin() + i);
  return result;
}

Index NearCorrection::rows() const {
  return state_->rows;
}
Index NearCorrection::columns() const {
  return state_->columns.count();
}
Index NearCorrection::own_begin() const {
  return state_->columns.own_begin;
}
Index NearCorrection::entries() const {
  return static_cast<Index>(state_->pattern.columns.size());
}
std::span<const std::int32_t> NearCorrection::row(Index i) const {
  const Index begin = state_->first(i);
  return {state_->pattern.columns.data() + begin, static_cast<std::size_t>(state_->first(i + 1) - begin)};
}
const double* NearCorrection::panel(Index column) const {
  return state_->columns.corners.data() + 9 * column;
}
Index NearCorrection::global_row(Index column) const {
  return state_->columns.row[static_cast<std::size_t>(column)];
}
const double* NearCorrection::centroid(Index column) const {
  return state_->columns.centroid.data() + 3 * column;
}
double NearCorrection::entry(Index row_column, Index column) const {
  return state_->entry(row_column, column);
}

void NearCorrection::block(std::span<const std::int32_t> rows, std::span<const std::int32_t> columns,
                           double* values) const {
  state_->fill_far(rows, columns, values);
  state_->fill_near(rows, columns, values);
}

const NearRule& NearCorrection::rule() const {
  return state_->rule;
}

Index NearCorrection::bytes() const {
  const auto bytes = [](const auto& v) { return static_cast<Index>(v.capacity() * sizeof(v[0])); };
  const State& s = *state_;
  return bytes(s.columns.row) + bytes(s.columns.corners) + bytes(s.columns.centroid) +
         bytes(s.columns.radius2) + bytes(s.pattern.begin) + bytes(s.pattern.columns) + bytes(s.in_single) +
         bytes(s.in_double) + bytes(s.charges) + s.to_columns.bytes() + s.to_panels.bytes();
}

Traffic NearCorrection::traffic() const {
  return state_->to_columns.exchange().traffic(sizeof(double));
}

}  // namespace octopole::bem

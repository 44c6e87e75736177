#include "petsc/near_preconditioner.hpp"

#include <petscpc.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "base/threads.hpp"
#include "base/types.hpp"
#include "linalg/lu.hpp"
#include "mpi/agreement.hpp"
#include "petsc/handles.hpp"
#include "petsc/log.hpp"
#include "petsc/matrix.hpp"

namespace octopole::petsc {
namespace {

constexpr char kEntriesKey[] = "octopole_near_entries";

/// PETSc objects of one fetch, destroyed also on errors.
struct Fetch {
  Vec from = nullptr, to = nullptr;
  IS rows = nullptr;
  VecScatter scatter = nullptr;
  ~Fetch() {
    (void)VecScatterDestroy(&scatter);
    (void)ISDestroy(&rows);
    (void)VecDestroy(&to);
    (void)VecDestroy(&from);
  }
};

}  // namespace

void set_near_entries(Mat matrix, std::shared_ptr<NearEntries> entries) {
  contain(matrix, kEntriesKey, std::move(entries));
}

std::shared_ptr<NearEntries> near_entries(Mat matrix) {
  const std::shared_ptr<NearEntries>* share = share_of<NearEntries>(matrix, kEntriesKey);
  return share ? *share : nullptr;
}

std::vector<double> fetch_rows(MPI_Comm comm, std::span<const double> mine, Index width,
                               std::span<const Index> rows) {
  const PetscInt bs = checked_cast<PetscInt>(width, "values per row");
  const PetscInt count = checked_cast<PetscInt>(static_cast<Index>(rows.size()), "rows to fetch");
  std::vector<PetscInt> numbers(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    numbers[i] = checked_cast<PetscInt>(rows[i], "number of a row");
  std::vector<double> values(rows.size() * static_cast<std::size_t>(width));
  Fetch f;
  check(
      VecCreateMPIWithArray(comm, bs, checked_cast<PetscInt>(static_cast<Index>(mine.size()), "local values"),
                            PETSC_DETERMINE, mine.data(), &f.from),
      "VecCreateMPIWithArray");
  check(VecCreateSeqWithArray(PETSC_COMM_SELF, bs, bs * count, values.data(), &f.to),
        "VecCreateSeqWithArray");
  check(ISCreateBlock(comm, bs, count, numbers.data(), PETSC_COPY_VALUES, &f.rows), "ISCreateBlock");
  check(VecScatterCreate(f.from, f.rows, f.to, nullptr, &f.scatter), "VecScatterCreate");
  check(VecScatterBegin(f.scatter, f.from, f.to, INSERT_VALUES, SCATTER_FORWARD), "VecScatterBegin");
  check(VecScatterEnd(f.scatter, f.from, f.to, INSERT_VALUES, SCATTER_FORWARD), "VecScatterEnd");
  return values;
}

namespace {

using Points = std::vector<Index>;  // indices in LeafPoints::numbers

/// Points of a block, and the groups that they belong to.
struct Part {
  Points own;
  std::vector<Index> groups;
};

std::vector<Part> cut(const LeafPoints& g, Index largest) {
  std::vector<Part> parts;
  for (Index group = 0; group < g.owned; ++group) {
    const Index begin = g.offsets[static_cast<std::size_t>(group)],
                count = g.offsets[static_cast<std::size_t>(group) + 1] - begin;
    if (count <= largest) {
      if (parts.empty() || static_cast<Index>(parts.back().own.size()) + count > largest)
        parts.emplace_back();
      for (Index i = 0; i < count; ++i) parts.back().own.push_back(begin + i);
      parts.back().groups.push_back(group);
      continue;
    }
    const Index pieces = (count + largest - 1) / largest;
    for (Index piece = 0; piece < pieces; ++piece) {
      Part& part = parts.emplace_back();
      for (Index i = count * piece / pieces; i < count * (piece + 1) / pieces; ++i)
        part.own.push_back(begin + i);
      part.groups = {group};
    }
  }
  return parts;
}

/// Points of the part's groups and of their neighbours, without the part's own points.
Points around(const LeafPoints& g, const Part& part) {
  std::vector<Index> groups = part.groups;
  for (const Index group : part.groups)
    for (const std::int32_t neighbour : g.neighbours_of(group)) groups.push_back(neighbour);
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  Points points;
  for (const Index group : groups)
    for (Index p = g.offsets[static_cast<std::size_t>(group)];
         p < g.offsets[static_cast<std::size_t>(group) + 1]; ++p)
      if (!std::binary_search(part.own.begin(), part.own.end(), p)) points.push_back(p);
  return points;
}

/// Keeps the `count` points nearest to the bounding box of the own points.
void keep_nearest(const LeafPoints& g, const Points& own, Index count, Points& points) {
  if (static_cast<Index>(points.size()) <= count) return;
  std::array<double, 3> lower, upper;
  lower.fill(std::numeric_limits<double>::infinity());
  upper.fill(-std::numeric_limits<double>::infinity());
  const auto place = [&g](Index p, std::size_t c) {
    return g.positions[3 * static_cast<std::size_t>(p) + c];
  };
  for (const Index p : own)
    for (std::size_t c = 0; c < 3; ++c) {
      lower[c] = std::min(lower[c], place(p, c));
      upper[c] = std::max(upper[c], place(p, c));
    }
  std::vector<std::pair<double, Index>> by_distance;
  for (const Index p : points) {
    double square = 0;
    for (std::size_t c = 0; c < 3; ++c) {
      const double outside = std::max({lower[c] - place(p, c), place(p, c) - upper[c], 0.0});
      square += outside * outside;
    }
    by_distance.emplace_back(square, p);
  }
  const auto nearer = [&g](const auto& a, const auto& b) {
    return std::pair(a.first, g.numbers[static_cast<std::size_t>(a.second)]) <
           std::pair(b.first, g.numbers[static_cast<std::size_t>(b.second)]);
  };
  std::nth_element(by_distance.begin(), by_distance.begin() + count, by_distance.end(), nearer);
  by_distance.resize(static_cast<std::size_t>(count));
  points.clear();
  for (const auto& [square, p] : by_distance) points.push_back(p);
}

}  // namespace

Blocks cut_blocks(const LeafPoints& g, const BlockRule& rule) {
  if (rule.block < 1 || rule.halo < 0)
    throw Error("octopole_near: blocks of " + std::to_string(rule.block) + " unknowns and a halo of " +
                    std::to_string(rule.halo),
                "a block has at least 1 unknown, a halo at least 0");
  Blocks blocks;
  std::vector<Part> parts = cut(g, rule.block);
  std::vector<Points> halos(parts.size());
  if (rule.overlap) {
    parallel_for(static_cast<Index>(parts.size()), 1, [&](Index part) {
      const auto b = static_cast<std::size_t>(part);
      halos[b] = around(g, parts[b]);
      keep_nearest(g, parts[b].own, rule.halo, halos[b]);
    });
  }
  std::vector<char> used(g.numbers.size(), 0);
  for (std::size_t b = 0; b < parts.size(); ++b) {
    for (const Points* points : {&parts[b].own, &halos[b]})
      for (const Index p : *points) used[static_cast<std::size_t>(p)] = 1;
    blocks.own.push_back(static_cast<Index>(parts[b].own.size()));
    blocks.offsets.push_back(blocks.offsets.back() +
                             static_cast<Index>(parts[b].own.size() + halos[b].size()));
  }
  std::vector<std::pair<Index, std::size_t>> by_number;  // points in any block
  for (std::size_t p = 0; p < used.size(); ++p)
    if (used[p]) by_number.emplace_back(g.numbers[p], p);
  std::sort(by_number.begin(), by_number.end());
  std::vector<Index> place(used.size());  // index of a point in `unknowns`
  for (const auto& [number, p] : by_number) {
    place[p] = static_cast<Index>(blocks.unknowns.size());
    blocks.unknowns.push_back(number);
  }
  blocks.members.resize(static_cast<std::size_t>(blocks.offsets.back()));
#pragma omp parallel for schedule(static)
  for (std::size_t b = 0; b < parts.size(); ++b) {
    auto to = blocks.members.begin() + blocks.offsets[b];
    for (const Points* points : {&parts[b].own, &halos[b]}) {
      const auto first = to;
      for (const Index p : *points) *to++ = place[static_cast<std::size_t>(p)];
      std::sort(first, to);
    }
  }
  return blocks;
}

BlockInverses::BlockInverses(Blocks blocks, const Fill& fill) : blocks_(std::move(blocks)) {
  const Index count = blocks_.count();
  Index total = 0;
  for (Index b = 0; b < count; ++b) {
    const double n = static_cast<double>(blocks_.of(b).size()),
                 own = static_cast<double>(blocks_.own[static_cast<std::size_t>(b)]);
    begin_.push_back(total);
    total += static_cast<Index>(n * own);
    setup_flops_ += 2.0 / 3 * n * n * n + n * n * own;
  }
  values_.resize(static_cast<std::size_t>(total));
  scale_.assign(static_cast<std::size_t>(count), 1);
  Index singular = 0, size = 0;
  const linalg::SerialBlas serial;
  struct State {
    linalg::InverseRows invert;
    AlignedVector<double> matrix, inverse;
  };
  parallel_for(
      count, 1, [] { return State{}; },
      [&](State& state, Index b) {
        const std::span<const Index> members = blocks_.of(b);
        const Index own = blocks_.own[static_cast<std::size_t>(b)];
        state.matrix.resize(members.size() * members.size());
        fill(members, state.matrix.data());
        if (!state.invert(static_cast<Index>(members.size()), own, state.matrix, state.inverse)) {
#pragma omp critical(octopole_near_singular)
          {
            ++singular;
            size = static_cast<Index>(members.size());
          }
          return;
        }
        double largest = 0;
        for (const double x : state.inverse) largest = std::max(largest, std::abs(x));
        const double unit = largest > 0 ? std::ldexp(1.0, std::ilogb(largest)) : 1;  // for float range
        scale_[static_cast<std::size_t>(b)] = unit;
        float* to = values_.data() + begin_[static_cast<std::size_t>(b)];
        for (std::size_t i = 0; i < state.inverse.size(); ++i)
          to[i] = static_cast<float>(state.inverse[i] / unit);
      });
  if (singular > 0)
    throw Error(
        "octopole_near: " + std::to_string(singular) + " of " + std::to_string(count) +
            " blocks are singular, one of them with " + std::to_string(size) + " unknowns",
        "points that coincide make equal rows, and the kernel alone has no diagonal: shift the matrix "
        "(MatShift), or use another preconditioner");
}

void BlockInverses::apply(std::span<const double> x, std::span<double> y) const {
  const Index count = blocks_.count();
  const auto make = [] { return AlignedVector<double>(); };
  parallel_for(count, 4, make, [&](AlignedVector<double>& sums, Index b) {
    const std::span<const Index> members = blocks_.of(b);
    const auto own = static_cast<std::size_t>(blocks_.own[static_cast<std::size_t>(b)]);
    const float* column = values_.data() + begin_[static_cast<std::size_t>(b)];
    sums.assign(own, 0);
    double* const to = sums.data();
    for (const Index member : members) {
      const double value = x[static_cast<std::size_t>(member)];
#pragma omp simd
      for (std::size_t i = 0; i < own; ++i) to[i] += static_cast<double>(column[i]) * value;
      column += own;
    }
    for (std::size_t i = 0; i < own; ++i)
      y[static_cast<std::size_t>(members[i])] = scale_[static_cast<std::size_t>(b)] * to[i];
  });
}

void BlockInverses::apply_transposed(std::span<const double> x, std::span<double> y) const {
  std::fill(y.begin(), y.end(), 0);
  for (Index b = 0; b < blocks_.count(); ++b) {  // serial: several blocks add to the same values
    const std::span<const Index> members = blocks_.of(b);
    const auto own = static_cast<std::size_t>(blocks_.own[static_cast<std::size_t>(b)]);
    const float* column = values_.data() + begin_[static_cast<std::size_t>(b)];
    for (const Index member : members) {
      double sum = 0;
      for (std::size_t i = 0; i < own; ++i)
        sum += static_cast<double>(column[i]) * x[static_cast<std::size_t>(members[i])];
      y[static_cast<std::size_t>(member)] += scale_[static_cast<std::size_t>(b)] * sum;
      column += own;
    }
  }
}

namespace {

constexpr char kContextKey[] = "octopole_near_context";

/// Data of a PC of this type.
struct Near {
  BlockRule rule;
  std::optional<mpi::Comm> ranks;  // after the set-up
  BlockInverses inverses;
  Vec local = nullptr, result = nullptr;  // values of the blocks' unknowns
  IS own_places = nullptr, own_rows = nullptr;
  VecScatter gather = nullptr;   // from a vector to `local`
  VecScatter scatter = nullptr;  // own values, from `result` to a vector
  Index blocks = 0;              // of all ranks
  double entries = 0;

  Near() = default;
  Near(const Near&) = delete;
  Near& operator=(const Near&) = delete;
  ~Near() { clear(); }
  void clear() {
    (void)VecScatterDestroy(&gather);
    (void)VecScatterDestroy(&scatter);
    (void)ISDestroy(&own_places);
    (void)ISDestroy(&own_rows);
    (void)VecDestroy(&local);
    (void)VecDestroy(&result);
    inverses = {};
  }
};

MPI_Comm comm_of(PC pc) {
  return PetscObjectComm(reinterpret_cast<PetscObject>(pc));
}

Near& near_of(PC pc) {
  Near* near = contained<Near>(pc, kContextKey);
  if (!near) throw Error("this PC is not of the type octopole_near");
  return *near;
}

void move(VecScatter scatter, Vec from, Vec to, InsertMode mode = INSERT_VALUES,
          ScatterMode direction = SCATTER_FORWARD) {
  check(VecScatterBegin(scatter, from, to, mode, direction), "VecScatterBegin");
  check(VecScatterEnd(scatter, from, to, mode, direction), "VecScatterEnd");
}

/// The matrix that the blocks are taken from: the one for preconditioning, else the operator itself.
Mat matrix_with_entries(PC pc, std::shared_ptr<NearEntries>& entries) {
  Mat a = nullptr, p = nullptr;
  check(PCGetOperators(pc, &a, &p), "PCGetOperators");
  for (const Mat m : {p, a})
    if (m && (entries = near_entries(m))) return m;
  throw Error("octopole_near needs a matrix that octopole made, or one with set_near_entries");
}

/// Makes the scatters between vectors of the matrix's rows and the blocks' unknowns.
void make_scatters(MPI_Comm comm, Mat matrix, Near& near) {
  const Blocks& blocks = near.inverses.blocks();
  std::vector<PetscInt> rows, own_rows, own_places;
  for (const Index u : blocks.unknowns) rows.push_back(checked_cast<PetscInt>(u, "number of a row"));
  for (Index b = 0; b < blocks.count(); ++b)
    for (const Index m :
         blocks.of(b).first(static_cast<std::size_t>(blocks.own[static_cast<std::size_t>(b)]))) {
      own_places.push_back(checked_cast<PetscInt>(m, "unknowns of a rank"));
      own_rows.push_back(rows[static_cast<std::size_t>(m)]);
    }
  const auto size = [](const auto& v) {
    return checked_cast<PetscInt>(static_cast<Index>(v.size()), "unknowns of a rank");
  };
  struct Temporaries {
    Vec vector = nullptr;
    IS rows = nullptr;
    ~Temporaries() {
      (void)VecDestroy(&vector);
      (void)ISDestroy(&rows);
    }
  } t;
  check(MatCreateVecs(matrix, nullptr, &t.vector), "MatCreateVecs");
  check(ISCreateGeneral(comm, size(rows), rows.data(), PETSC_COPY_VALUES, &t.rows), "ISCreateGeneral");
  check(ISCreateGeneral(comm, size(own_rows), own_rows.data(), PETSC_COPY_VALUES, &near.own_rows),
        "ISCreateGeneral");
  check(ISCreateGeneral(comm, size(own_places), own_places.data(), PETSC_COPY_VALUES, &near.own_places),
        "ISCreateGeneral");
  check(VecCreateSeq(PETSC_COMM_SELF, size(rows), &near.local), "VecCreateSeq");
  check(VecDuplicate(near.local, &near.result), "VecDuplicate");
  check(VecScatterCreate(t.vector, t.rows, near.local, nullptr, &near.gather), "VecScatterCreate");
  check(VecScatterCreate(near.result, near.own_places, t.vector, near.own_rows, &near.scatter),
        "VecScatterCreate");
}

/// The diagonal's entries of these rows; none if the matrix cannot tell its diagonal. Collective.
std::vector<double> diagonal_at(const mpi::Comm& comm, Mat matrix, std::span<const Index> unknowns) {
  PetscBool has = PETSC_FALSE;
  check(MatHasOperation(matrix, MATOP_GET_DIAGONAL, &has), "MatHasOperation");
  if (!has) return {};
  struct Owner {
    Vec vector = nullptr;
    ~Owner() { (void)VecDestroy(&vector); }
  } diagonal;
  check(MatCreateVecs(matrix, nullptr, &diagonal.vector), "MatCreateVecs");
  try {
    check(MatGetDiagonal(matrix, diagonal.vector), "MatGetDiagonal");
  } catch (const CallError& error) {
    // Other matrices than octopole's, which ends all ranks where one fails alone, may fail on this rank only.
    if (!operator_of(matrix) || !error.on_all_ranks()) throw;
    throw AgreedError(error.what());
  }
  const ReadArray array(diagonal.vector);
  return fetch_rows(comm.handle(), array.values(), 1, unknowns);
}

void set_up_blocks(const mpi::Comm& comm, MPI_Comm pc_comm, Mat matrix, NearEntries& entries, Near& near) {
  comm.enter("blocks");
  check_square(comm, matrix);  // a block's unknowns are rows and columns
  const LeafPoints groups = entries.groups();
  Blocks blocks;
  mpi::collectively(comm, [&] { blocks = cut_blocks(groups, near.rule); });
  entries.prepare(blocks.unknowns);
  const Scaling scaling = scaling_of(matrix);
  const std::span<const Index> unknowns = blocks.unknowns;
  const auto factors = [&](bool there, const std::vector<double>& mine) {
    return there ? fetch_rows(comm.handle(), mine, 1, unknowns) : std::vector<double>();
  };
  const std::vector<double> diagonal = diagonal_at(comm, matrix, unknowns),
                            left = factors(scaling.by_left, scaling.left),
                            right = factors(scaling.by_right, scaling.right);
  const bool has_diagonal = diagonal.size() == unknowns.size();
  mpi::collectively(comm, [&] {
    near.inverses = BlockInverses(std::move(blocks), [&](std::span<const Index> members, double* block) {
      entries.fill(members, members, block);
      const std::size_t n = members.size();
      if (scaling.scale != 1 || scaling.by_left || scaling.by_right)
        for (std::size_t j = 0; j < n; ++j)
          for (std::size_t i = 0; i < n; ++i) {
            double& entry = block[j * n + i];
            entry *= scaling.scale;
            if (scaling.by_left) entry *= left[static_cast<std::size_t>(members[i])];
            if (scaling.by_right) entry *= right[static_cast<std::size_t>(members[j])];
          }
      if (has_diagonal)
        for (std::size_t i = 0; i < n; ++i) block[i * n + i] = diagonal[static_cast<std::size_t>(members[i])];
    });
  });
  make_scatters(pc_comm, matrix, near);
  near.blocks = comm.sum(near.inverses.blocks().count());
  near.entries = comm.sum(near.inverses.entries());
  log_flops(near.inverses.setup_flops());
}

PetscErrorCode set_up(PC pc) {
  return guarded(comm_of(pc), "PCSetUp_OctopoleNear", [&] {
    const QuietErrors quiet;
    const SetupStageScope stage;
    const EventScope event(log_events().near_setup);
    Near& near = near_of(pc);
    near.clear();
    std::shared_ptr<NearEntries> entries;
    Mat matrix = matrix_with_entries(pc, entries);
    if (!near.ranks) near.ranks = mpi::Comm::duplicate(comm_of(pc));
    // Also errors of PETSc end all ranks: which rows a rank asks for decides whether its calls succeed.
    mpi::or_end_all(*near.ranks, "PCSetUp of octopole_near",
                    [&] { set_up_blocks(*near.ranks, comm_of(pc), matrix, *entries, near); });
  });
}

/// Runs work(near) of a PC that is set up, which all ranks call together, for PETSc.
template <class Work>
PetscErrorCode together(PC pc, const char* function, const Work& work) {
  return guarded(comm_of(pc), function, [&] {
    Near& near = near_of(pc);
    if (!near.ranks) throw AgreedError("octopole_near is applied before its set-up", "call PCSetUp first");
    run_together(*near.ranks, function, [&] { work(near); });
  });
}

PetscErrorCode apply(PC pc, Vec x, Vec y) {
  return together(pc, "PCApply_OctopoleNear", [&](Near& near) {
    const EventScope event(log_events().near_apply);
    near.ranks->enter("preconditioner");
    move(near.gather, x, near.local);
    {
      const ReadArray from(near.local);
      WriteArray to(near.result);
      near.inverses.apply(from.values(), to.values());
    }
    move(near.scatter, near.result, y);
    log_flops(2 * near.inverses.entries());
  });
}

PetscErrorCode apply_transpose(PC pc, Vec x, Vec y) {
  return together(pc, "PCApplyTranspose_OctopoleNear", [&](Near& near) {
    const EventScope event(log_events().near_apply);
    near.ranks->enter("preconditioner");
    check(VecSet(near.result, 0), "VecSet");
    move(near.scatter, x, near.result, INSERT_VALUES, SCATTER_REVERSE);
    {
      const ReadArray from(near.result);
      WriteArray to(near.local);
      near.inverses.apply_transposed(from.values(), to.values());
    }
    check(VecSet(y, 0), "VecSet");
    move(near.gather, near.local, y, ADD_VALUES, SCATTER_REVERSE);
    log_flops(2 * near.inverses.entries());
  });
}

PetscErrorCode view(PC pc, PetscViewer viewer) {
  return guarded(comm_of(pc), "PCView_OctopoleNear", [&] {
    const Near& near = near_of(pc);
    PetscBool ascii = PETSC_FALSE;
    check(PetscObjectTypeCompare(reinterpret_cast<PetscObject>(viewer), PETSCVIEWERASCII, &ascii),
          "PetscObjectTypeCompare");
    if (!ascii) return;
    check(PetscViewerASCIIPrintf(viewer, "blocks of at most %lld unknowns, %s at most %lld of neighbours\n",
                                 static_cast<long long>(near.rule.block),
                                 near.rule.overlap ? "overlapping" : "without overlap; with it",
                                 static_cast<long long>(near.rule.halo)),
          "PetscViewerASCIIPrintf");
    check(PetscViewerASCIIPrintf(viewer, "%lld blocks, %.4g entries in single precision\n",
                                 static_cast<long long>(near.blocks), near.entries),
          "PetscViewerASCIIPrintf");
  });
}

PetscErrorCode forget(PC pc) {
  return guarded(comm_of(pc), "PCDestroy_OctopoleNear", [&] {
    check(PetscObjectCompose(reinterpret_cast<PetscObject>(pc), kContextKey, nullptr), "PetscObjectCompose");
  });
}

PetscErrorCode read_rule(PetscOptionItems* PetscOptionsObject, BlockRule& rule) {
  PetscInt overlap = rule.overlap ? 1 : 0, block = static_cast<PetscInt>(rule.block),
           halo = static_cast<PetscInt>(rule.halo);
  if (const PetscErrorCode e = PetscOptionsRangeInt("-pc_octopole_near_overlap", "Blocks with neighbours", "",
                                                    overlap, &overlap, nullptr, 0, 1))
    return e;
  if (const PetscErrorCode e =
          PetscOptionsBoundedInt("-pc_octopole_near_block", "Maximum number of own unknowns per block", "",
                                 block, &block, nullptr, 1))
    return e;
  if (const PetscErrorCode e =
          PetscOptionsBoundedInt("-pc_octopole_near_halo", "Maximum number of unknowns that overlap adds", "",
                                 halo, &halo, nullptr, 0))
    return e;
  rule = {block, overlap != 0, halo};
  return static_cast<PetscErrorCode>(0);
}

// PETSc calls an object's handlers even after its type has changed.
#if PETSC_VERSION_LT(3, 18, 0)
PetscErrorCode set_from_options(PetscOptionItems* items, PetscObject object, void*) {
#else
PetscErrorCode set_from_options(PetscObject object, PetscOptionItems* items, void*) {
#endif
  return guarded(PetscObjectComm(object), "PCSetFromOptions_OctopoleNear", [&] {
    if (Near* near = contained<Near>(object, kContextKey))
      check(read_rule(items, near->rule), "PCSetFromOptions");
  });
}

/// Creates a PCSHELL with its own type name and options.
PetscErrorCode create(PC pc) {
  return guarded(comm_of(pc), "PCCreate_OctopoleNear", [&] {
    const auto object = reinterpret_cast<PetscObject>(pc);
    check(PCSetType(pc, PCSHELL), "PCSetType");
    check(PCShellSetSetUp(pc, set_up), "PCShellSetSetUp");
    check(PCShellSetApply(pc, apply), "PCShellSetApply");
    check(PCShellSetApplyTranspose(pc, apply_transpose), "PCShellSetApplyTranspose");
    check(PCShellSetView(pc, view), "PCShellSetView");
    check(PCShellSetDestroy(pc, forget), "PCShellSetDestroy");
    check(PetscObjectChangeTypeName(object, kNearType), "PetscObjectChangeTypeName");
    contain(pc, kContextKey, std::make_shared<Near>());
    check(PetscObjectAddOptionsHandler(object, set_from_options, nullptr, nullptr),
          "PetscObjectAddOptionsHandler");
  });
}

}  // namespace

void register_near() {
  check(PCRegister(kNearType, create), "PCRegister");
}

}  // namespace octopole::petsc

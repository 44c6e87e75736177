#include "petsc/pc_near.hpp"

#include <petscpc.h>

#include "mpi/failure.hpp"
#include "petsc/container.hpp"
#include "petsc/log.hpp"
#include "petsc/near_blocks.hpp"
#include "petsc/near_entries.hpp"
#include "petsc/shell.hpp"
#include "petsc/vectors.hpp"

namespace octopole::petsc {
namespace {

constexpr char kContextKey[] = "octopole_near_context";

/// Data of a PC of this type.
struct Near {
  BlockRule rule;
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
void plan(MPI_Comm comm, Mat matrix, Near& near) {
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

std::vector<double> diagonal_at(MPI_Comm comm, Mat matrix, std::span<const Index> unknowns) {
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
  } catch (const Error& error) {  // not a square matrix, so on every rank
    throw AgreedError(error.what());
  }
  const ReadArray array(diagonal.vector);
  return fetch_rows(comm, array.values(), 1, unknowns);
}

void set_up_blocks(const mpi::Comm& comm, MPI_Comm pc_comm, Mat matrix, NearEntries& entries, Near& near) {
  comm.enter("blocks");
  const LeafPoints groups = entries.groups();
  Blocks blocks;
  mpi::collectively(comm, [&] { blocks = cut_blocks(groups, near.rule); });
  entries.prepare(blocks.unknowns);
  const Scaling scaling = scaling_of(matrix);
  const std::span<const Index> unknowns = blocks.unknowns;
  const auto factors = [&](bool there, const std::vector<double>& mine) {
    return there ? fetch_rows(comm.handle(), mine, 1, unknowns) : std::vector<double>();
  };
  const std::vector<double> diagonal = diagonal_at(comm.handle(), matrix, unknowns),
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
  plan(pc_comm, matrix, near);
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
    const mpi::Comm comm = mpi::Comm::duplicate(comm_of(pc));
    mpi::or_end_all(comm, "PCSetUp of octopole_near",
                    [&] { set_up_blocks(comm, comm_of(pc), matrix, *entries, near); });
  });
}

PetscErrorCode apply(PC pc, Vec x, Vec y) {
  return guarded(comm_of(pc), "PCApply_OctopoleNear", [&] {
    const EventScope event(log_events().near_apply);
    Near& near = near_of(pc);
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
  return guarded(comm_of(pc), "PCApplyTranspose_OctopoleNear", [&] {
    const EventScope event(log_events().near_apply);
    Near& near = near_of(pc);
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
                                 near.rule.overlap ? "overlapping" : "without overlap; else",
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

PetscErrorCode ask(PetscOptionItems* PetscOptionsObject, BlockRule& rule) {
  PetscInt overlap = rule.overlap ? 1 : 0, block = static_cast<PetscInt>(rule.block),
           halo = static_cast<PetscInt>(rule.halo);
  if (const PetscErrorCode e = PetscOptionsRangeInt("-pc_octopole_near_overlap", "Blocks with neighbours", "",
                                                    overlap, &overlap, nullptr, 0, 1))
    return e;
  if (const PetscErrorCode e = PetscOptionsBoundedInt(
          "-pc_octopole_near_block", "Most own unknowns of a block", "", block, &block, nullptr, 1))
    return e;
  if (const PetscErrorCode e = PetscOptionsBoundedInt(
          "-pc_octopole_near_halo", "Most unknowns that overlap adds", "", halo, &halo, nullptr, 0))
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
    if (Near* near = contained<Near>(object, kContextKey)) check(ask(items, near->rule), "PCSetFromOptions");
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

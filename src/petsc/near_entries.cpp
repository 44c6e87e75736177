#include "petsc/near_entries.hpp"

#include "base/types.hpp"
#include "petsc/container.hpp"
#include "petsc/vectors.hpp"

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
  const PetscInt bs = checked_cast<PetscInt>(width, "values a row");
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

}  // namespace octopole::petsc

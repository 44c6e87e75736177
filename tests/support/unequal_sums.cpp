#include "tests/support/unequal_sums.hpp"

#include <mpi.h>

#include <cmath>
#include <limits>

namespace octopole::test {
namespace {

int units = 0;  // in the last place

}  // namespace

UnequalSums::UnequalSums() {
  MPI_Comm_rank(MPI_COMM_WORLD, &units);
}
UnequalSums::~UnequalSums() {
  units = 0;
}

}  // namespace octopole::test

/// Replaces MPI's own, which is PMPI_Allreduce (MPI 4.0, section 15.2).
extern "C" int MPI_Allreduce(const void* send, void* receive, int count, MPI_Datatype type, MPI_Op op,
                             MPI_Comm comm) {
  const int code = PMPI_Allreduce(send, receive, count, type, op, comm);
  if (octopole::test::units == 0 || code != MPI_SUCCESS || type != MPI_DOUBLE || op != MPI_SUM) return code;
  double* const sums = static_cast<double*>(receive);
  for (int i = 0; i < count; ++i)
    for (int unit = 0; unit < octopole::test::units; ++unit)
      sums[i] = std::nextafter(sums[i], std::numeric_limits<double>::infinity());
  return code;
}

// Sums of doubles that are not the same on all ranks: MPI recommends that they are, and does not promise it.
#pragma once

namespace octopole::test {

/// While one of these lives on a rank, each sum of doubles by MPI_Allreduce is larger there by as many units
/// in the last place as the rank's number in MPI_COMM_WORLD says. Rank 0 has what MPI gives. For MPI tests of
/// decisions that are made from sums.
class UnequalSums {
 public:
  UnequalSums();
  ~UnequalSums();
  UnequalSums(const UnequalSums&) = delete;
  UnequalSums& operator=(const UnequalSums&) = delete;
};

}  // namespace octopole::test

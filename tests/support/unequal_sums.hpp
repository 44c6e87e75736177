// Sums of doubles that differ between ranks: MPI recommends equal sums but does not promise them.
#pragma once

namespace octopole::test {

/// While an object exists on a rank, each sum of doubles by MPI_Allreduce is larger there, by as many units
/// in the last place as the rank's number in MPI_COMM_WORLD. Rank 0 gets MPI's own result. For MPI tests of
/// decisions based on sums.
class UnequalSums {
 public:
  UnequalSums();
  ~UnequalSums();
  UnequalSums(const UnequalSums&) = delete;
  UnequalSums& operator=(const UnequalSums&) = delete;
};

}  // namespace octopole::test

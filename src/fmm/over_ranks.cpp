#include "fmm/over_ranks.hpp"

namespace octopole {

MinMeanMax over_ranks(const mpi::Comm& comm, double value) {
  return over_ranks(comm, std::span<const double>(&value, 1))[0];
}

std::vector<MinMeanMax> over_ranks(const mpi::Comm& comm, std::span<const double> values) {
  std::vector<double> least(values.begin(), values.end()), sum = least, most = least;
  comm.allreduce(std::span<double>(least), MPI_MIN);
  comm.allreduce(std::span<double>(sum), MPI_SUM);
  comm.allreduce(std::span<double>(most), MPI_MAX);
  std::vector<MinMeanMax> result;
  for (std::size_t i = 0; i < values.size(); ++i) result.push_back({least[i], sum[i] / comm.size(), most[i]});
  return result;
}

std::vector<CountOverRanks> over_ranks(const mpi::Comm& comm, std::span<const Index> counts) {
  std::vector<Index> least(counts.begin(), counts.end()), sum = least;
  comm.allreduce(std::span<Index>(least), MPI_MIN);
  comm.allreduce(std::span<Index>(sum), MPI_SUM);
  const std::vector<mpi::ValueAndRank> most = comm.max_with_rank(counts);
  std::vector<CountOverRanks> result;
  for (std::size_t i = 0; i < counts.size(); ++i)
    result.push_back({least[i], static_cast<Index>(most[i].value), sum[i], most[i].rank,
                      static_cast<double>(sum[i]) / comm.size()});
  return result;
}

}  // namespace octopole

#include "app/smpi/charge.hpp"

#include <simgrid/host.h>

#include "fmm/statistics.hpp"
#include "mpi/comm.hpp"

namespace octopole::app {

void WorkCharger::prepared(SetupStage stage, Index items) {
  charge(1e-9 * kSetupNanoseconds[static_cast<std::size_t>(stage)] * static_cast<double>(items));
}

void WorkCharger::evaluated(const PointSetup& setup, Phase phase, std::size_t part) {
  const OperatorKey& key = parameters_.operators;
  const OperationCounts counts = count_piece(setup, key, phase, part);
  const std::size_t slot = static_cast<std::size_t>(phase);
  const double seconds = seconds_of(operations_of(counts, key, expected_svd_rank(key)), parameters_,
                                    parameters_.throughput, targets_are_sources_)[slot];
  seconds_[slot] += seconds;
  charge(seconds);
}

void WorkCharger::copied(Index bytes) {
  charge(static_cast<double>(bytes) / copy_bandwidth_);
}

double WorkCharger::total() const {
  double sum = 0;
  for (const double seconds : seconds_) sum += seconds;
  return sum;
}

void WorkCharger::charge(double seconds) const {
  if (charge_ && seconds > 0) smpi_execute_flops(seconds * sg_host_get_speed(sg_host_self()));
}

}  // namespace octopole::app

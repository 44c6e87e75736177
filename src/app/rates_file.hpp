// The machine's rates for the cost model, measured once and kept.
#pragma once

#include <string>

#include "mpi/comm.hpp"
#include "octopole/options.hpp"

namespace octopole::app {

/// Rates and their origin.
struct MachineRates {
  Rates rates;
  std::string origin;
};

/// Rates by --rates or, if empty, the environment variable OCTOPOLE_RATES: "reference" is reference_rates(),
/// "measure" measures without keeping; anything else is a file, which must exist. If neither is set, those of
/// the RatesCache, measured and kept if it has no valid ones; a directory that cannot be written is no error.
/// Determined on rank 0 for all ranks. Throws Error for a file that does not contain rates. Collective.
MachineRates machine_rates(const mpi::Comm& comm, const std::string& choice);

}  // namespace octopole::app

// The machine's rates for the cost model, measured once and kept.
#pragma once

#include <string>

#include "mpi/comm.hpp"
#include "octopole/options.hpp"

namespace octopole::app {

/// Rates and where they are from.
struct MachineRates {
  Rates rates;
  std::string origin;
};

/// What --rates says, or where that is empty the environment variable OCTOPOLE_RATES: "reference" is
/// reference_rates(), "measure" measures and keeps nothing; anything else is a file, which must exist. Where
/// neither says anything, those of the RatesCache, which are measured and kept where it has none that hold; a
/// directory that cannot be written does not matter. On rank 0, for all ranks. Throws Error for a file that
/// is not one of rates. Collective.
MachineRates machine_rates(const mpi::Comm& comm, const std::string& choice);

}  // namespace octopole::app
